package seal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bioenroll/bioenroll/internal/keys"
)

// keyCheck is the file that tells with which keys the folder is used.
const keyCheck = "keycheck.json"

// fingerprints is the content of that file. None of it is secret.
type fingerprints struct {
	Seal    string `json:"seal"`
	Subject string `json:"subject"`
}

// checkKeys records the fingerprints of the keys in a new folder, and compares
// them with those of a folder in use.
func checkKeys(dir string, k *keys.Keys) error {
	ours := fingerprints{Seal: k.Seal().Newest().ID(), Subject: k.SubjectFingerprint()}
	content, err := json.Marshal(ours)
	if err != nil {
		return fmt.Errorf("write %s: %w", keyCheck, err)
	}
	path := filepath.Join(dir, keyCheck)
	if created, err := place(path, content); err != nil || created {
		return err
	}
	content, err = os.ReadFile(path) //nolint:gosec // the folder is the operator's own setting
	if err != nil {
		return err
	}
	var theirs fingerprints
	if err := json.Unmarshal(content, &theirs); err != nil {
		return fmt.Errorf("%s cannot be read: restore it from a backup of the folder", keyCheck)
	}
	if theirs != ours {
		return fmt.Errorf("it is used with other keys (seal %s, subject %s) than ours (seal %s, subject %s): give every program the same key file, or this one its own folder",
			theirs.Seal, theirs.Subject, ours.Seal, ours.Subject)
	}
	return nil
}

// place writes a new file and reports whether it did; a file that exists stays
// as it is.
func place(path string, content []byte) (created bool, err error) {
	if _, err := os.Lstat(path); err == nil {
		return false, nil
	}
	temporary, err := writeTemporary(filepath.Dir(path), content)
	if err != nil {
		return false, err
	}
	defer os.Remove(temporary) //nolint:errcheck // Sweep takes what stays behind
	// A link, unlike a rename, never replaces a file.
	if err := os.Link(temporary, path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, syncFolder(filepath.Dir(path))
}

// replace writes a file in place of another, or of none.
func replace(path string, content []byte) error {
	temporary, err := writeTemporary(filepath.Dir(path), content)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return syncFolder(filepath.Dir(path))
}

// writeTemporary writes a file in full to the disk and returns its path.
func writeTemporary(dir string, content []byte) (string, error) {
	file, err := os.CreateTemp(dir, ".new-*") // CreateTemp makes files 0600.
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// syncFolder makes names durable; without it a crash could undo a link or
// rename that was reported as done.
func syncFolder(dir string) error {
	folder, err := os.Open(dir) //nolint:gosec // the folder is the operator's own setting
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// holdsBytes reports whether the file is more than a tombstone.
func holdsBytes(path string) (bool, error) {
	file, err := os.Open(path) //nolint:gosec // the reference is checked, or listed by the folder itself
	if err != nil {
		return false, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	mark := make([]byte, len(markTombstone))
	if _, err := io.ReadFull(file, mark); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return false, err
	}
	return string(mark) != markTombstone, nil
}
