package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/seal"
	"github.com/bioenroll/bioenroll/standalone/bench/measure"
	"github.com/bioenroll/bioenroll/standalone/bench/process"
	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// photoSize is the size of a photo, in bytes.
const photoSize = 2 << 20

// shelf keeps photos.
type shelf interface {
	put(ctx context.Context, n int, write func(io.Writer) error) error
	open(ctx context.Context, n int) (io.ReadCloser, error)
	remove(ctx context.Context, n int) error
}

// sealedShelf is the sealed store, with a journey for each photo.
type sealedShelf struct{ store *seal.Store }

func (sealedShelf) ref(n int) enroll.SealedRef {
	return enroll.SealedPart(enroll.RecordID("benchphoto"+strconv.Itoa(n)), "image")
}

func (s sealedShelf) put(ctx context.Context, n int, write func(io.Writer) error) error {
	_, err := s.store.Put(ctx, s.ref(n), write)
	return err
}

func (s sealedShelf) open(ctx context.Context, n int) (io.ReadCloser, error) {
	content, _, err := s.store.Open(ctx, s.ref(n))
	return content, err
}

func (s sealedShelf) remove(ctx context.Context, n int) error { return s.store.Discard(ctx, s.ref(n)) }

// plainShelf is a folder of plain files.
type plainShelf struct{ folder string }

func (p plainShelf) path(n int) string { return filepath.Join(p.folder, strconv.Itoa(n)) }

// put waits for the disk as the sealed store does: for the content, and then
// for the name.
func (p plainShelf) put(_ context.Context, n int, write func(io.Writer) error) error {
	file, err := os.OpenFile(p.path(n), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("store a plain photo: %w", err)
	}
	if err := errors.Join(write(file), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("store a plain photo: %w", err)
	}
	folder, err := os.Open(p.folder)
	if err != nil {
		return fmt.Errorf("store a plain photo: %w", err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func (p plainShelf) open(_ context.Context, n int) (io.ReadCloser, error) { return os.Open(p.path(n)) }

func (p plainShelf) remove(_ context.Context, n int) error { return os.Remove(p.path(n)) }

// photos stores and reads photos in the sealed store and as plain files beside
// it, in turn, and then many at once in the sealed store.
func (b *bench) photos(ctx context.Context) error {
	plain := plainShelf{filepath.Join(b.folder, "plain")}
	if err := os.Mkdir(plain.folder, 0o700); err != nil {
		return fmt.Errorf("make a folder for plain photos: %w", err)
	}
	sealed := sealedShelf{b.sealed}
	compared, err := raceShelves(ctx, [2]shelf{sealed, plain}, b.forms.photos)
	if err != nil {
		return err
	}
	crowded, err := crowd(ctx, sealed, b.forms.crowd)
	if err != nil {
		return err
	}
	b.progress("  %-32s %d rounds, then %d at once", "photos", b.forms.photos, b.forms.crowd)
	b.found.Encryption = append(b.found.Encryption, append(compared, crowded...)...)
	return nil
}

// raceShelves stores and reads one photo after the other.
func raceShelves(ctx context.Context, shelves [2]shelf, rounds int) ([]report.Comparison, error) {
	photo, read := newPhoto(), make([]byte, photoSize)
	var puts, opens [2][]float64
	for round := range rounds {
		for turn := range shelves {
			form := (round + turn) % len(shelves)
			stored, opened, err := passPhoto(ctx, shelves[form], round, photo, read)
			if err != nil {
				return nil, err
			}
			puts[form] = append(puts[form], measure.Milliseconds(stored))
			opens[form] = append(opens[form], measure.Milliseconds(opened))
		}
	}
	c := report.Comparison{What: "photo of 2 MB", Concurrent: 1, Unit: "ms"}
	stored, opened := c, c
	stored.Measure, opened.Measure = "store", "read"
	return []report.Comparison{report.Compare(stored, puts[0], puts[1]), report.Compare(opened, opens[0], opens[1])}, nil
}

// newPhoto is one that does not compress.
func newPhoto() []byte {
	photo := make([]byte, photoSize)
	_, _ = rand.NewChaCha8([32]byte{}).Read(photo) // It never fails.
	return photo
}

// passPhoto stores a photo, reads it and removes it.
func passPhoto(ctx context.Context, s shelf, n int, photo, read []byte) (stored, opened time.Duration, err error) {
	began := time.Now()
	err = s.put(ctx, n, func(w io.Writer) error { _, err := w.Write(photo); return err })
	if err != nil {
		return 0, 0, err
	}
	stored, began = time.Since(began), time.Now()
	content, err := s.open(ctx, n)
	if err != nil {
		return 0, 0, err
	}
	_, err = io.ReadFull(content, read)
	err = errors.Join(err, content.Close())
	opened = time.Since(began)
	if err == nil && !bytes.Equal(photo, read) {
		err = errors.New("another photo was read than stored")
	}
	return stored, opened, errors.Join(err, s.remove(ctx, n))
}

// crowd stores many photos at once, then reads them, and tells how much more
// memory is live when all are half done.
func crowd(ctx context.Context, s shelf, count int) ([]report.Comparison, error) {
	photo := newPhoto()
	storing, err := halfway(count, func(n int, half func()) error {
		return s.put(ctx, n, func(w io.Writer) error {
			_, err := w.Write(photo[:photoSize/2])
			half()
			_, rest := w.Write(photo[photoSize/2:])
			return errors.Join(err, rest)
		})
	})
	if err != nil {
		return nil, err
	}
	reading, err := halfway(count, func(n int, half func()) error {
		content, err := s.open(ctx, n)
		if err != nil {
			return err
		}
		_, err = io.CopyN(io.Discard, content, photoSize/2)
		half()
		_, rest := io.Copy(io.Discard, content)
		return errors.Join(err, rest, content.Close(), s.remove(ctx, n))
	})
	c := report.Comparison{What: "photos of 2 MB", Concurrent: count, Unit: "live bytes"}
	stored, opened := c, c
	stored.Measure, stored.With = "store", storing
	opened.Measure, opened.With = "read", reading
	return []report.Comparison{stored, opened}, err
}

// halfway begins as many as said, and tells by how many bytes the live memory
// has grown when each has called half; only then do they go on.
func halfway(count int, one func(n int, half func()) error) (growth float64, err error) {
	before, err := process.Collect()
	if err != nil {
		return 0, err
	}
	var there, ended sync.WaitGroup
	there.Add(count)
	goOn, errs := make(chan struct{}), make([]error, count)
	for n := range count {
		ended.Go(func() {
			arrive := sync.OnceFunc(there.Done)
			errs[n] = one(n, func() { arrive(); <-goOn })
			arrive() // One that failed holds nobody up.
		})
	}
	there.Wait()
	full, err := process.Collect()
	close(goOn)
	ended.Wait()
	return float64(full.Live - before.Live), errors.Join(append(errs, err)...)
}
