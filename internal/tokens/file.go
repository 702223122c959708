package tokens

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile bounds what is read of a file, in bytes.
const maxFile = 1 << 20

// File is a file of holders; # begins a comment in it.
type File struct {
	Kind

	// Path is where it lies.
	Path string
}

// List reads the file. One that is missing has no holders. The error says which
// line is wrong, or that others than the file's owner may write to it.
func (f File) List() ([]Holder, error) {
	holders, _, err := f.read()
	return holders, err
}

// read is List, and tells the file's state when it was opened: nil when there
// is none.
func (f File) read() ([]Holder, fs.FileInfo, error) {
	handle, err := os.Open(f.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.What, err)
	}
	defer handle.Close() //nolint:errcheck // nothing was written
	info, err := handle.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.What, err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s %s: is not a file", f.What, f.Path)
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return nil, nil, fmt.Errorf("%s %s: others may write to it (mode %04o) and so let themselves in; run: chmod 600 %s", f.What, f.Path, mode, f.Path)
	}
	holders, err := f.parse(io.LimitReader(handle, maxFile))
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", f.What, f.Path, err)
	}
	return holders, info, nil
}

// parse reads the lines of a file.
func (f File) parse(content io.Reader) ([]Holder, error) {
	var holders []Holder
	names := map[string]bool{}
	lines := bufio.NewScanner(content)
	for number := 1; lines.Scan(); number++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(text) == "" {
			continue
		}
		holder, err := f.parseLine(text)
		if err == nil && names[holder.Name] {
			err = fmt.Errorf("%s has a line already", holder.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		names[holder.Name] = true
		holders = append(holders, holder)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return holders, nil
}

// parseLine reads one line. Errors do not repeat what stands in the place of
// the hash: it might be a token.
func (f File) parseLine(text string) (Holder, error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return Holder{}, fmt.Errorf("%d words, not three: NAME %sHASH RIGHTS; '%s' writes such a line", len(fields), hashPrefix, f.Command)
	}
	holder := Holder{Name: fields[0], Rights: strings.Split(fields[2], ",")}
	if !nameForm.MatchString(holder.Name) {
		return Holder{}, errors.New("a name has 1 to 64 letters, digits and . _ @ -")
	}
	digits, found := strings.CutPrefix(fields[1], hashPrefix)
	hash, err := hex.DecodeString(digits)
	if !found || err != nil || len(hash) != len(holder.Hash) {
		return Holder{}, fmt.Errorf("the second word is not %s and 64 hexadecimal digits", hashPrefix)
	}
	copy(holder.Hash[:], hash)
	for _, right := range holder.Rights {
		if !slices.Contains(f.Rights, right) {
			return Holder{}, fmt.Errorf("%.40q is not a right; there are %s", right, strings.Join(f.Rights, " and "))
		}
	}
	return holder, nil
}

// Put adds the holder to the file, in the place of one with the same name, and
// makes the file when there is none. Comments and other lines stay.
func (f File) Put(holder Holder) (replaced bool, err error) {
	err = f.edit(func(lines []string) []string {
		for i, line := range lines {
			if nameIn(line) == holder.Name {
				lines[i], replaced = holder.Line(), true
			}
		}
		if !replaced {
			lines = append(lines, holder.Line())
		}
		return lines
	})
	return replaced, err
}

// Remove takes the holder out of the file and reports whether there was one of
// that name.
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
	content, err := os.ReadFile(f.Path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: %w", f.What, err)
	}
	var lines []string
	if trimmed := strings.TrimRight(string(content), "\n"); trimmed != "" {
		lines = strings.Split(trimmed, "\n")
	}
	written := strings.Join(change(lines), "\n") + "\n"
	if err := replace(f.Path, []byte(written)); err != nil {
		return fmt.Errorf("%s: %w", f.What, err)
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
	temporary, err := os.CreateTemp(folder, ".tokens-*") // CreateTemp makes files 0600.
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
