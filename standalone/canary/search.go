package canary

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Needle is a value that must not be found.
type Needle struct {
	// Name says what it is, for the report.
	Name string
	// Value is what to look for, of PieceSize bytes or more.
	Value []byte
}

// Finding is a place where a piece of a needle is.
type Finding struct {
	Needle, Form, Where string
	Offset              int
}

// String tells the finding without the value.
func (f Finding) String() string {
	return fmt.Sprintf("%s, as %s, in %s at byte %d", f.Needle, f.Form, f.Where, f.Offset)
}

// start is the beginning of a piece; every piece is at least as long.
type start [PieceSize]byte

// piece is a part of a needle in one of its forms.
type piece struct {
	needle, form string
	text         []byte
}

// Search finds needles. It may be used by several goroutines at once.
type Search struct{ pieces map[start][]piece }

// For returns a search for the needles. It fails when one is too short to be
// told from other text.
func For(needles ...Needle) (*Search, error) {
	s := &Search{pieces: map[start][]piece{}}
	for _, needle := range needles {
		if len(needle.Value) < PieceSize {
			return nil, fmt.Errorf("canary: %s has %d bytes: give at least %d", needle.Name, len(needle.Value), PieceSize)
		}
		for _, form := range forms(needle.Value) {
			s.add(needle.Name, form)
		}
	}
	return s, nil
}

func (s *Search) add(needle string, form form) {
	size := min(form.piece, len(form.text))
	for from := 0; from+size <= len(form.text); from++ {
		text := form.text[from : from+size]
		at := start(text)
		known := slices.ContainsFunc(s.pieces[at], func(p piece) bool { return p.needle == needle && bytes.Equal(p.text, text) })
		if !known {
			s.pieces[at] = append(s.pieces[at], piece{needle: needle, form: form.name, text: text})
		}
	}
}

// Bytes searches content and reports each needle once in each of its forms.
func (s *Search) Bytes(where string, content []byte) []Finding {
	var found []Finding
	type kind struct{ needle, form string }
	seen := map[kind]bool{}
	for offset := 0; offset+PieceSize <= len(content); offset++ {
		for _, p := range s.pieces[start(content[offset:])] {
			k := kind{p.needle, p.form}
			if !seen[k] && bytes.HasPrefix(content[offset:], p.text) {
				seen[k] = true
				found = append(found, Finding{p.needle, p.form, where, offset})
			}
		}
	}
	return found
}

// Names searches a text and names the needles in it.
func (s *Search) Names(text string) []string {
	var names []string
	for _, f := range s.Bytes("", []byte(text)) {
		if !slices.Contains(names, f.Needle) {
			names = append(names, f.Needle)
		}
	}
	return names
}

// Tree searches the files of a folder, their names included, except those that
// skip chooses by their path below it. It returns how many files it read. A
// file that goes away meanwhile is left out.
func (s *Search) Tree(root string, skip func(path string) bool) (found []Finding, files int, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found = append(found, s.Bytes("the name of "+below, []byte(below))...)
		if !entry.Type().IsRegular() || skip != nil && skip(below) {
			return nil
		}
		content, err := os.ReadFile(path) //nolint:gosec // the folder is the caller's
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		files++
		found = append(found, s.Bytes(below, content)...)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("canary: search %s: %w", root, err)
	}
	return found, files, nil
}
