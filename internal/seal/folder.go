package seal

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"
)

// folder keeps objects as files. Every step is one link, rename or removal of a
// file that was written in full, so it is safe between processes and leaves
// nothing half done in a crash.
type folder struct{ dir string }

// newFolder makes the folder when it is missing.
func newFolder(dir string) (folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return folder{}, err
	}
	return folder{dir}, nil
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

// scratch makes the file beside the objects: only there it can be linked to a
// name.
func (f folder) scratch() (scratch, error) {
	file, err := os.CreateTemp(f.dir, scratchPrefix+"*") // CreateTemp makes files 0600.
	return scratch{file}, err
}

// create waits for the disk twice, however many objects there are: for their
// content, and then for their names.
func (f folder) create(ctx context.Context, objects ...newObject) (taken string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	var group errgroup.Group
	for _, o := range objects {
		group.Go(o.content.Sync)
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	for _, o := range objects {
		// A link, unlike a rename, never replaces a file.
		err := os.Link(o.content.Name(), f.path(o.name))
		if errors.Is(err, fs.ErrExist) {
			taken = o.name
			break
		}
		if err != nil {
			return "", err
		}
	}
	return taken, f.sync()
}

func (f folder) replace(ctx context.Context, name string, content scratch) error {
	if err := errors.Join(ctx.Err(), content.Sync()); err != nil {
		return err
	}
	if err := os.Rename(content.Name(), f.path(name)); err != nil {
		return err
	}
	return f.sync()
}

func (f folder) open(ctx context.Context, name string) (*os.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return os.Open(f.path(name))
}

func (f folder) remove(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.Remove(f.path(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (f folder) list(ctx context.Context, prefix string) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		entries, err := os.ReadDir(f.dir)
		if err != nil {
			yield(object{}, err)
			return
		}
		for _, entry := range entries {
			if entry.IsDir() || !strings.HasPrefix(entry.Name(), prefix) {
				continue
			}
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // It vanished meanwhile.
			}
			if err := errors.Join(ctx.Err(), err); err != nil {
				yield(object{}, err)
				return
			}
			if !yield(object{entry.Name(), info.Size(), info.ModTime()}, nil) {
				return
			}
		}
	}
}

// sync makes names durable; without it a crash could undo a link or rename that
// was reported as done.
func (f folder) sync() error {
	handle, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}
