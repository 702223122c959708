package api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"

	"github.com/bioenroll/bioenroll/enroll"
)

// Spool keeps what is uploaded until it is in the sealed store. A client reads
// content twice, first to look at it and then to seal it, and an upload comes
// once. In between it is in a file without a name, encrypted with a key that is
// nowhere but in memory: whatever happens to the process, nothing is left that
// anybody could read.
type Spool struct {
	// Dir is the folder of the files; the system's folder for temporary files
	// when empty.
	Dir string
}

// segmentBytes is what reading and writing hold in memory for one upload, about
// twice.
const segmentBytes = 32 << 10

// spooled is one upload.
type spooled struct {
	file   *os.File
	size   int64
	cipher *subtle.AESGCMHKDF
}

// take writes everything that the reader gives. An error of the reader comes
// back as it is.
func (s Spool) take(from io.Reader) (_ *spooled, err error) {
	file, err := os.CreateTemp(s.Dir, "bioenroll-upload-")
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	if err := os.Remove(file.Name()); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // It never fails: the program would end instead.
	cipher, err := subtle.NewAESGCMHKDF(key, "SHA256", len(key), segmentBytes, 0)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	writer, err := cipher.NewEncryptingWriter(file, nil)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if _, err := io.Copy(writer, from); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	size, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return &spooled{file: file, size: size, cipher: cipher}, nil
}

// content is the upload as a request takes it. It can be read until the upload
// is closed.
func (s *spooled) content() enroll.Content {
	return enroll.Source(func() (io.ReadCloser, error) {
		plain, err := s.cipher.NewDecryptingReader(io.NewSectionReader(s.file, 0, s.size), nil)
		if err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		return io.NopCloser(plain), nil
	})
}

// close gives the space back. There is no file to remove any more.
func (s *spooled) close() { _ = s.file.Close() }
