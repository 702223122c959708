package seal

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"time"
)

// objects is where sealed bytes lie: a folder, or a bucket. An object has a
// name and is written whole or not at all.
type objects interface {
	// scratch returns a new empty file for what may become an object.
	scratch() (scratch, error)
	// create stores new objects in their order, and durably once it returns. It
	// stops at the first whose name is taken, changes nothing there, and returns
	// that name; those before it are stored.
	create(ctx context.Context, objects ...newObject) (taken string, err error)
	// replace stores the scratch file's content whether the name is taken or
	// not, durably and in one step.
	replace(ctx context.Context, name string, content scratch) error
	// open returns the object's content from its start, as a file that what
	// happens to the object later does not reach. The error of an object that is
	// not there is fs.ErrNotExist.
	open(ctx context.Context, name string) (*os.File, error)
	// remove removes an object; one that is not there is no error.
	remove(ctx context.Context, name string) error
	// list yields the objects whose names begin with the prefix, by name. An
	// error is the last thing it yields.
	list(ctx context.Context, prefix string) iter.Seq2[object, error]
}

// newObject is what is to be stored under a name.
type newObject struct {
	name    string
	content scratch
}

// object is what a list tells of an object.
type object struct {
	name string
	size int64
	// written is when the object was last written, by the clock of the place.
	written time.Time
}

// scratch is a file for what may become an object. Nothing is written into it
// in clear.
type scratch struct{ *os.File }

// drop closes the file and removes it, unless it has become an object.
func (s scratch) drop() {
	_ = s.Close()
	_ = os.Remove(s.Name()) // Sweep takes what stays behind.
}

// absent is the error of an object that is not there.
func absent(name string) error { return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist} }
