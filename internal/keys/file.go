package keys

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// temporary begins the names of files that become a key file in one step.
const temporary = ".keys-"

// maxFile bounds what is read as a key file, in bytes.
const maxFile = 64 << 10

// LoadOrCreate returns the keys in the file, and makes the file with fresh
// keys when there is none. When several programs start at once, one of them
// makes the file and all return the same keys.
func LoadOrCreate(path string) (*Keys, error) {
	keys, _, err := Make(path)
	return keys, err
}

// Make is LoadOrCreate, and reports whether it made the file.
func Make(path string) (keys *Keys, made bool, err error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if made, err = create(path, New()); err != nil {
			return nil, false, fmt.Errorf("keys: make key file %s: %w", path, err)
		}
	}
	keys, err = Load(path)
	return keys, made && err == nil, err
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

// Change replaces the keys in the file by what the function makes of them, and
// returns that. Changes by several programs take effect one after the other. A
// program that reads the file meanwhile finds the old keys or the new ones,
// never a part, and no copy of any key file stays behind, not even of a change
// that was cut short.
func Change(path string, change func(*Keys) (*Keys, error)) (*Keys, error) {
	unlock, err := lock(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("keys: key file %s: lock its folder: %w", path, err)
	}
	defer unlock()
	old, err := Load(path)
	if err != nil {
		return nil, err
	}
	if err := sweep(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("keys: key file %s: remove what an earlier change left behind: %w", path, err)
	}
	changed, err := change(old)
	if err != nil {
		return nil, err
	}
	if err := replace(path, changed); err != nil {
		return nil, fmt.Errorf("keys: replace key file %s: %w", path, err)
	}
	return changed, nil
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

// create writes the keys to a new file and reports whether it did. A file that
// appeared in the meantime wins and is left alone.
func create(path string, keys *Keys) (made bool, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, err
	}
	written, err := write(path, keys)
	if err != nil {
		return false, err
	}
	defer os.Remove(written) //nolint:errcheck // a leftover holds no key in use
	// A link, unlike a rename, never replaces the file of another program.
	if err := os.Link(written, path); err != nil {
		if _, missing := os.Lstat(path); missing == nil {
			return false, nil
		}
		return false, err
	}
	return true, syncFolder(filepath.Dir(path))
}

// replace writes the keys in place of a file, in one step.
func replace(path string, keys *Keys) error {
	written, err := write(path, keys)
	if err != nil {
		return err
	}
	if err := os.Rename(written, path); err != nil {
		return errors.Join(err, os.Remove(written))
	}
	return syncFolder(filepath.Dir(path))
}

// write stores the keys durably in a new file beside the path and returns its
// name.
func write(path string, keys *Keys) (string, error) {
	handle, err := os.CreateTemp(filepath.Dir(path), temporary+"*") // CreateTemp makes files 0600.
	if err != nil {
		return "", err
	}
	encoder := json.NewEncoder(handle)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(form(keys))
	if err := errors.Join(err, handle.Sync(), handle.Close()); err != nil {
		return "", errors.Join(err, os.Remove(handle.Name()))
	}
	return handle.Name(), nil
}

// sweep removes what a program that was killed has left half done. It needs the
// lock.
func sweep(folder string) error {
	found, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range found {
		if !strings.HasPrefix(entry.Name(), temporary) {
			continue
		}
		if err := os.Remove(filepath.Join(folder, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// syncFolder makes names in a folder durable: a key in use that a crash takes back
// would take with it what it encrypted.
func syncFolder(folder string) error {
	handle, err := os.Open(folder) //nolint:gosec // the folder of the operator's own setting
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}
