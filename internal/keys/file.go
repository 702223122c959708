package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile bounds what is read as a key file, in bytes.
const maxFile = 64 << 10

// file is the key file's form.
type file struct {
	Codec   entry `json:"codec"`
	Seal    entry `json:"seal"`
	Subject entry `json:"subject"`
}

// entry is one key in the file; JSON writes the key in base64.
type entry struct {
	ID  string `json:"id"`
	Key []byte `json:"key"`
}

// LoadOrCreate returns the keys in the file, and makes the file with fresh
// keys when there is none. When several programs start at once, one of them
// makes the file and all return the same keys.
func LoadOrCreate(path string) (*Keys, error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(path, New()); err != nil {
			return nil, fmt.Errorf("keys: make key file %s: %w", path, err)
		}
	}
	return Load(path)
}

// Load returns the keys in the file. It refuses a file that others than its
// owner may read, and one that is damaged in any way; the error says what to
// do.
func Load(path string) (*Keys, error) {
	content, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("keys: key file %s: %w", path, err)
	}
	keys, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("keys: key file %s: %w; restore it from a backup: without it nothing that was sealed or encrypted can be read", path, err)
	}
	return keys, nil
}

// read returns the content of a regular file that only its owner may read.
func read(path string) ([]byte, error) {
	handle, err := os.Open(path) //nolint:gosec // the path is the operator's own setting
	if err != nil {
		return nil, err
	}
	defer handle.Close() //nolint:errcheck // nothing was written
	info, err := handle.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a file")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("others may read it (mode %04o); run: chmod 600 %s", mode, path)
	}
	return io.ReadAll(io.LimitReader(handle, maxFile))
}

// parse reads the file's content. Errors never repeat it.
func parse(content []byte) (*Keys, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	var form file
	if err := decoder.Decode(&form); err != nil {
		return nil, errors.New("is not JSON of the form {codec, seal, subject} with an id and a key each")
	}
	if decoder.More() {
		return nil, errors.New("holds more than one JSON value")
	}
	var keys Keys
	for _, part := range []struct {
		name  string
		entry entry
		key   *Key
	}{{"codec", form.Codec, &keys.codec}, {"seal", form.Seal, &keys.seal}, {"subject", form.Subject, &keys.subject}} {
		if len(part.entry.Key) != Size {
			return nil, fmt.Errorf("the %s key has %d bytes, not %d", part.name, len(part.entry.Key), Size)
		}
		copy(part.key.secret[:], part.entry.Key)
		if part.key.ID() != part.entry.ID {
			return nil, fmt.Errorf("the %s key does not belong to its id", part.name)
		}
	}
	return &keys, nil
}

// create writes the keys to a new file. A file that appeared in the meantime
// wins and is left alone.
func create(path string, keys *Keys) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(folder, ".keys-*") // CreateTemp makes files 0600.
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // a leftover holds no key in use
	if err := write(temporary, keys); err != nil {
		return err
	}
	// A link, unlike a rename, never replaces the file of another program.
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// write stores the keys durably and closes the file.
func write(handle *os.File, keys *Keys) error {
	encoder := json.NewEncoder(handle)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(file{
		Codec:   entry{ID: keys.codec.ID(), Key: keys.codec.Bytes()},
		Seal:    entry{ID: keys.seal.ID(), Key: keys.seal.Bytes()},
		Subject: entry{ID: keys.subject.ID(), Key: keys.subject.Bytes()},
	})
	return errors.Join(err, handle.Sync(), handle.Close())
}
