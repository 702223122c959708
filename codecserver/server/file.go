package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Put adds the operator to the file, in the place of one with the same name,
// and makes the file when there is none. Comments and other lines stay.
func (f File) Put(operator Operator) (replaced bool, err error) {
	err = f.edit(func(lines []string) []string {
		for i, line := range lines {
			if nameIn(line) == operator.Name {
				lines[i], replaced = operator.Line(), true
			}
		}
		if !replaced {
			lines = append(lines, operator.Line())
		}
		return lines
	})
	return replaced, err
}

// Remove takes the operator out of the file and reports whether there was one
// of that name.
func (f File) Remove(name string) (found bool, err error) {
	err = f.edit(func(lines []string) []string {
		return slices.DeleteFunc(lines, func(line string) bool {
			same := nameIn(line) == name
			found = found || same
			return same
		})
	})
	return found, err
}

// nameIn is the name that a line of the file begins with, empty in a comment.
func nameIn(line string) string {
	text, _, _ := strings.Cut(line, "#")
	if fields := strings.Fields(text); len(fields) > 0 {
		return fields[0]
	}
	return ""
}

// edit changes the lines of a file that List can read. Who reads at the same
// time sees the file before or after.
func (f File) edit(change func([]string) []string) error {
	if _, err := f.List(); err != nil {
		return err
	}
	content, err := os.ReadFile(string(f))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("operators file: %w", err)
	}
	var lines []string
	if trimmed := strings.TrimRight(string(content), "\n"); trimmed != "" {
		lines = strings.Split(trimmed, "\n")
	}
	written := strings.Join(change(lines), "\n") + "\n"
	if err := replace(string(f), []byte(written)); err != nil {
		return fmt.Errorf("operators file: %w", err)
	}
	return nil
}

// replace puts a new file, which its owner alone can read, in the place of
// another.
func replace(path string, content []byte) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(folder, ".operators-*") // CreateTemp makes files 0600.
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}
