package tokens

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// settled is how long a file has to be left alone before its time of change
// tells it from a later one: clocks of file systems tick coarsely.
const settled = 2 * time.Second

// Cached is a File that is read again only when it has changed, for programs
// that ask at each request. It is safe for concurrent use.
type Cached struct {
	file File
	now  func() time.Time

	mu      sync.Mutex
	holders []Holder
	// existed reports that there was a file once.
	existed bool
	// info is the state of the file that holders were read from; nil when it has
	// to be read in any case.
	info fs.FileInfo
}

// NewCached returns the file, read again when it changes. The clock is
// time.Now's.
func NewCached(file File, now func() time.Time) *Cached { return &Cached{file: file, now: now} }

// List returns what File.List would return at this moment, and an error when the
// file was there before and is gone: that is an accident. Whoever wants to shut
// everybody out leaves a file without lines. The caller does not change the list.
func (c *Cached) List() ([]Holder, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.file.Path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", c.file.What, err)
	}
	if err == nil && c.info != nil && same(info, c.info) {
		return c.holders, nil
	}
	holders, info, err := c.file.read()
	if err != nil {
		return nil, err
	}
	c.holders, c.info = nil, nil
	if info == nil && c.existed {
		return nil, fmt.Errorf("%s %s: it was there and is gone; put it back, or make another one with '%s'", c.file.What, c.file.Path, c.file.Command)
	}
	c.holders, c.existed = holders, c.existed || info != nil
	if info != nil && c.now().Sub(info.ModTime()) > settled {
		c.info = info
	}
	return holders, nil
}

// same reports whether a file is as it was. Who may write to it counts.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode()
}
