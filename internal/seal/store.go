package seal

import (
	"cmp"
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// The reasons why bytes are not stored or not given out.
var (
	// ErrGone: the bytes were deleted, or never stored.
	ErrGone = errors.New("not in sealed storage any more")
	// ErrDestroyed is the ErrGone of a journey whose bytes were deleted:
	// nothing can be stored for it again.
	ErrDestroyed = fmt.Errorf("%w: the journey's key was destroyed", ErrGone)
	// ErrDamaged: an object was changed, cut, renamed or exchanged.
	ErrDamaged = errors.New("sealed bytes damaged")
	// ErrDigestMismatch: the reference is taken by other bytes: an idempotency
	// key was used for two different requests.
	ErrDigestMismatch = errors.New("reference taken by other bytes")
	// ErrRef: the reference is not one that can name an object.
	ErrRef = errors.New("not a reference to sealed storage")
)

// errMoved: what was found a moment ago is not there any more.
var errMoved = errors.New("sealed storage changed meanwhile, more than once: try again")

// rounds is how often Put starts over when others take away what it builds on.
const rounds = 3

// Store is a folder or bucket of sealed bytes. It is safe for concurrent use,
// also by several processes.
type Store struct {
	objects objects
	ring    keys.Ring
}

// OpenFolder returns the store in a folder, which it makes when missing. It
// refuses a folder that was used with other keys: its bytes would not open, and
// subjects would have two identifiers.
func OpenFolder(ctx context.Context, dir string, k *keys.Keys) (*Store, error) {
	place, err := newFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("seal: make folder: %w", err)
	}
	store, err := openStore(ctx, place, k)
	if err != nil {
		return nil, fmt.Errorf("seal: folder %s: %w", dir, err)
	}
	return store, nil
}

func openStore(ctx context.Context, place objects, k *keys.Keys) (*Store, error) {
	store := &Store{objects: place, ring: k.Seal()}
	return store, store.checkKeys(ctx, k.SubjectFingerprint())
}

// Reachable returns nil when the store answers and is one that was opened with
// keys. It reads one small object.
func (s *Store) Reachable(ctx context.Context) error {
	if _, err := s.readSmall(ctx, keyCheck); err != nil {
		return fmt.Errorf("seal: ask the store: %w", err)
	}
	return nil
}

// Put seals what write writes under the reference, and reports whether it
// stored anything. Nothing is stored when the same bytes are there already.
// ErrDigestMismatch says that other bytes are, and ErrDestroyed that the
// journey's bytes were deleted. An error of write is returned as it is, with
// nothing stored. Write may be called again from the start.
func (s *Store) Put(ctx context.Context, ref enroll.SealedRef, write func(io.Writer) error) (created bool, err error) {
	if err := check(ref); err != nil {
		return false, fmt.Errorf("seal: put: %w", err)
	}
	err = errMoved
	for range rounds {
		if created, err = s.put(ctx, ref, write); !errors.Is(err, errMoved) {
			break
		}
	}
	if err != nil {
		return false, fmt.Errorf("seal: put: %w", err)
	}
	return created, nil
}

func (s *Store) put(ctx context.Context, ref enroll.SealedRef, write func(io.Writer) error) (created bool, err error) {
	record, _ := ref.Split()
	key, err := s.keyOf(ctx, record)
	isNew := errors.Is(err, ErrGone) && !errors.Is(err, ErrDestroyed)
	if isNew {
		key, err = newJourneyKey(), nil
	}
	if err != nil {
		return false, err
	}
	file, err := s.objects.scratch()
	if err != nil {
		return false, err
	}
	defer file.drop()
	digest, err := key.sealInto(file, ref, write)
	if err != nil {
		return false, err
	}
	taken, err := s.create(ctx, ref, file, key, isNew)
	switch {
	case err != nil:
		return false, err
	case taken == keyName(record): // Another one's key was there first.
		return false, errMoved
	case taken != "":
		return false, s.compare(ctx, ref, key, isNew, digest)
	}
	return s.settle(ctx, ref, key)
}

// create stores the blob, behind the journey's key when that is new: a write
// that fails leaves no key behind.
func (s *Store) create(ctx context.Context, ref enroll.SealedRef, blob scratch, key *journeyKey, isNew bool) (taken string, err error) {
	sealed := newObject{string(ref), blob}
	if !isNew {
		return s.objects.create(ctx, sealed)
	}
	record, _ := ref.Split()
	wrapped, err := s.wrap(record, key)
	if err != nil {
		return "", err
	}
	err = s.writeSmall(wrapped, func(file scratch) error {
		taken, err = s.objects.create(ctx, newObject{keyName(record), file}, sealed)
		return err
	})
	return taken, err
}

// settle looks at the journey's key once more: who deletes destroys the key and
// then removes the bytes, and may have done so before these were there.
func (s *Store) settle(ctx context.Context, ref enroll.SealedRef, key *journeyKey) (created bool, err error) {
	record, _ := ref.Split()
	found, err := s.keyOf(ctx, record)
	switch {
	case err == nil && key.same(found):
		return true, nil
	case err == nil, errors.Is(err, ErrGone) && !errors.Is(err, ErrDestroyed):
		err = errMoved
	}
	return false, errors.Join(err, s.objects.remove(context.WithoutCancel(ctx), string(ref)))
}

// compare checks that what is stored has the digest. Bytes that lie there
// without the key they were sealed under are of no use to anybody, and make
// way.
func (s *Store) compare(ctx context.Context, ref enroll.SealedRef, key *journeyKey, isNew bool, digest []byte) error {
	blob, err := s.objects.open(ctx, string(ref))
	if errors.Is(err, fs.ErrNotExist) {
		return errMoved
	}
	if err != nil {
		return err
	}
	defer blob.Close() //nolint:errcheck // nothing was written
	other, _, err := key.verify(blob, ref)
	switch {
	case errors.Is(err, ErrDamaged) && isNew:
		return cmp.Or(s.objects.remove(ctx, string(ref)), errMoved)
	case err == nil && !hmac.Equal(digest, other):
		return fmt.Errorf("%w: %s; use a new idempotency key for a new request", ErrDigestMismatch, ref)
	}
	return err
}

// Open returns the bytes under the reference, and how many they are. Before the
// first one is given out, all have been found as they were sealed. The caller
// closes the content.
//
// When the bytes are gone or damaged for good, the error is an *enroll.Error of
// KindInputGone around ErrGone, ErrDamaged or ErrRef; other errors, such as of
// the disk, may pass.
func (s *Store) Open(ctx context.Context, ref enroll.SealedRef) (content io.ReadCloser, size int64, err error) {
	const op = "seal: open"
	content, size, err = s.open(ctx, ref)
	switch {
	case err == nil:
		return content, size, nil
	case errors.Is(err, ErrGone), errors.Is(err, ErrDamaged), errors.Is(err, ErrRef):
		return nil, 0, &enroll.Error{Op: op, Kind: enroll.KindInputGone, Err: err}
	}
	return nil, 0, fmt.Errorf("%s: %w", op, err)
}

func (s *Store) open(ctx context.Context, ref enroll.SealedRef) (io.ReadCloser, int64, error) {
	if err := check(ref); err != nil {
		return nil, 0, err
	}
	record, _ := ref.Split()
	key, err := s.keyOf(ctx, record)
	if err != nil {
		return nil, 0, err
	}
	blob, err := s.objects.open(ctx, string(ref))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, ErrGone
	}
	if err != nil {
		return nil, 0, err
	}
	_, size, err := key.verify(blob, ref)
	if err == nil {
		_, err = blob.Seek(int64(headerSize), io.SeekStart)
	}
	var content io.Reader
	if err == nil {
		content, err = key.content(blob, ref)
	}
	if err != nil {
		return nil, 0, errors.Join(err, blob.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{content, blob}, size, nil
}
