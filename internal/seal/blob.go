package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"

	"github.com/bioenroll/bioenroll/enroll"
)

// A blob begins with a mark of four bytes: what it is, and the version of its
// form. Then come the digest, and the encrypted content in segments.
const (
	markBlob   = "BES2"
	headerSize = len(markBlob) + sha256.Size
	// segmentSize is the length of a segment, in bytes. It is what a reader or
	// writer holds in memory, about twice.
	segmentSize = 32 << 10
)

// journeyKey seals the bytes of one journey.
type journeyKey [sha256.Size]byte

// derive returns a key of its own for each purpose.
func (k *journeyKey) derive(purpose string) []byte {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte("bioenroll " + purpose))
	return mac.Sum(nil)
}

// digest returns the keyed digest of what is sealed under the reference. It is
// keyed with the journey's own key: without it nobody can test a guess, the
// same photo in two journeys has two digests, and both become useless when the
// key is destroyed.
func (k *journeyKey) digest(ref enroll.SealedRef) hash.Hash {
	mac := hmac.New(sha256.New, k.derive("sealed digest"))
	mac.Write(append([]byte(ref), 0))
	return mac
}

// stream returns the cipher and what ties its text to the reference. Each text
// has a random salt, and each of its segments a place and whether it is the
// last.
func (k *journeyKey) stream(ref enroll.SealedRef) (cipher *subtle.AESGCMHKDF, bound []byte, err error) {
	cipher, err = subtle.NewAESGCMHKDF(k.derive("sealed content"), "SHA256", len(k), segmentSize, 0)
	return cipher, []byte("bioenroll " + markBlob + " " + string(ref)), err
}

// sealInto writes what write gives as a blob.
func (k *journeyKey) sealInto(out io.WriteSeeker, ref enroll.SealedRef, write func(io.Writer) error) (digest []byte, err error) {
	// The digest is known last, and its place is kept free until then.
	if _, err := out.Seek(int64(headerSize), io.SeekStart); err != nil {
		return nil, err
	}
	cipher, bound, err := k.stream(ref)
	if err != nil {
		return nil, err
	}
	encrypting, err := cipher.NewEncryptingWriter(out, bound)
	if err != nil {
		return nil, err
	}
	sum := k.digest(ref)
	if err := write(io.MultiWriter(encrypting, sum)); err != nil {
		return nil, err
	}
	if err := encrypting.Close(); err != nil {
		return nil, err
	}
	digest = sum.Sum(nil)
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	_, err = out.Write(append([]byte(markBlob), digest...))
	return digest, err
}

// verify reads a whole blob and returns the digest and the size of its content.
// What is not exactly as it was sealed is ErrDamaged.
func (k *journeyKey) verify(blob io.ReadSeeker, ref enroll.SealedRef) (digest []byte, size int64, err error) {
	if _, err := blob.Seek(0, io.SeekStart); err != nil {
		return nil, 0, err
	}
	header := make([]byte, headerSize)
	switch _, err := io.ReadFull(blob, header); {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, 0, ErrDamaged
	case err != nil:
		return nil, 0, err
	}
	digest = header[len(markBlob):]
	if string(header[:len(markBlob)]) != markBlob {
		return nil, 0, ErrDamaged
	}
	content, err := k.content(blob, ref)
	if err != nil {
		return nil, 0, err
	}
	sum := k.digest(ref)
	if size, err = io.Copy(sum, content); err != nil {
		return nil, 0, err
	}
	if !hmac.Equal(sum.Sum(nil), digest) {
		return nil, 0, ErrDamaged
	}
	return digest, size, nil
}

// content decrypts what follows the header.
func (k *journeyKey) content(blob io.Reader, ref enroll.SealedRef) (io.Reader, error) {
	cipher, bound, err := k.stream(ref)
	if err != nil {
		return nil, err
	}
	return &decrypting{source: &watched{from: blob}, open: func(r io.Reader) (io.Reader, error) {
		return cipher.NewDecryptingReader(r, bound)
	}}, nil
}

// decrypting reads decrypted segments. It tells damage from trouble with
// reading, and never goes on after either.
type decrypting struct {
	source *watched
	open   func(io.Reader) (io.Reader, error)
	plain  io.Reader
	failed error
}

func (d *decrypting) Read(p []byte) (n int, err error) {
	if d.failed != nil {
		return 0, d.failed
	}
	if d.plain == nil {
		d.plain, err = d.open(d.source)
	}
	if err == nil {
		n, err = d.plain.Read(p)
	}
	switch {
	case err == nil:
		return n, nil
	case d.source.failed != nil:
		d.failed = d.source.failed
	case d.plain != nil && err == io.EOF: //nolint:errorlint // a wrapped one would be the header's that is cut off
		d.failed = io.EOF
	default:
		d.failed = ErrDamaged
	}
	return n, d.failed
}

// watched remembers an error of reading that is not the end.
type watched struct {
	from   io.Reader
	failed error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.failed = err
	}
	return n, err
}
