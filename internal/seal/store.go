package seal

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// suffix ends the name of every file that belongs to a reference.
const suffix = ".sealed"

// The reasons why bytes are not given out.
var (
	// ErrGone: the bytes were deleted, or never stored.
	ErrGone = errors.New("not in sealed storage any more")
	// ErrDamaged: the file was changed, cut or renamed.
	ErrDamaged = errors.New("sealed file damaged")
	// ErrDigestMismatch: the reference is taken by other bytes: an idempotency
	// key was used for two different requests.
	ErrDigestMismatch = errors.New("reference taken by other bytes")
	// ErrRef: the reference is not one that can name a file.
	ErrRef = errors.New("not a reference to sealed storage")
)

// validRef keeps references to what is safe as a file name everywhere.
var validRef = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,127}$`)

// Store is a folder of sealed files. It is safe for concurrent use, also by
// several processes.
type Store struct {
	dir    string
	cipher *sealer
}

// OpenStore returns the store in the folder, which it makes when missing. It
// refuses a folder that was used with another seal or subject key: its files
// would not open, and subjects would have two identifiers.
func OpenStore(dir string, k *keys.Keys) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("seal: make folder: %w", err)
	}
	if err := checkKeys(dir, k); err != nil {
		return nil, fmt.Errorf("seal: folder %s: %w", dir, err)
	}
	cipher, err := newSealer(k.Seal().Newest())
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &Store{dir: dir, cipher: cipher}, nil
}

// Put seals data under the reference and reports whether it stored anything.
// It stores nothing when the same data is there already, or was and is
// deleted. ErrDigestMismatch says that other data was put under the reference.
func (s *Store) Put(ctx context.Context, ref enroll.SealedRef, data []byte) (created bool, err error) {
	path, err := s.path(ctx, ref)
	if err != nil {
		return false, fmt.Errorf("seal: put: %w", err)
	}
	digest := s.cipher.digest(data)
	// The second round is for a file that vanished between the two steps.
	for range 2 {
		created, err = place(path, s.cipher.seal(ref, digest, data))
		if created || err != nil {
			break
		}
		if err = s.compare(path, ref, digest); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return false, fmt.Errorf("seal: put: %w", err)
	}
	return created, nil
}

// Open returns the bytes under the reference. When they are gone or damaged
// for good, the error is an *enroll.Error of KindInputGone around ErrGone or
// ErrDamaged; other errors, such as of the disk, may pass.
func (s *Store) Open(ctx context.Context, ref enroll.SealedRef) ([]byte, error) {
	const op = "seal: open"
	path, err := s.path(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	content, err := os.ReadFile(path) //nolint:gosec // the reference is checked
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &enroll.Error{Op: op, Kind: enroll.KindInputGone, Err: ErrGone}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	found, err := s.cipher.open(ref, content)
	switch {
	case errors.Is(err, ErrDamaged):
		return nil, &enroll.Error{Op: op, Kind: enroll.KindInputGone, Err: ErrDamaged}
	case err != nil:
		return nil, fmt.Errorf("%s: %w", op, err)
	case found.tombstone:
		return nil, &enroll.Error{Op: op, Kind: enroll.KindInputGone, Err: ErrGone}
	}
	return found.data, nil
}

// Delete removes the bytes under the reference and leaves a tombstone, so that
// they cannot come back. Deleting what is not there is fine.
func (s *Store) Delete(ctx context.Context, ref enroll.SealedRef) error {
	path, err := s.path(ctx, ref)
	if err != nil {
		return fmt.Errorf("seal: delete: %w", err)
	}
	content, err := os.ReadFile(path) //nolint:gosec // the reference is checked
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("seal: delete: %w", err)
	}
	// Damaged bytes have to go too: their tombstone has no digest to compare.
	found, err := s.cipher.open(ref, content)
	if err == nil && found.tombstone {
		return nil
	}
	if err := replace(path, s.cipher.tombstone(ref, found.digest)); err != nil {
		return fmt.Errorf("seal: delete: %w", err)
	}
	return nil
}

// Discard removes the bytes under the reference without a trace, for a start
// that was refused after Put had created them. A tombstone stays.
func (s *Store) Discard(ctx context.Context, ref enroll.SealedRef) error {
	path, err := s.path(ctx, ref)
	if err != nil {
		return fmt.Errorf("seal: discard: %w", err)
	}
	stored, err := holdsBytes(path)
	if err == nil && stored {
		err = os.Remove(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("seal: discard: %w", err)
	}
	return nil
}

// Sweep removes every file last written before the given time, tombstones and
// leftovers of crashes included, and returns how many. The time must lie
// further back than any journey lasts.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return 0, fmt.Errorf("seal: sweep: %w", err)
	}
	removed := 0
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return removed, fmt.Errorf("seal: sweep: %w", err)
		}
		info, err := entry.Info()
		if err != nil || entry.Name() == keyCheck || !info.ModTime().Before(before) {
			continue // What vanished meanwhile needs no sweeping.
		}
		if err := os.Remove(filepath.Join(s.dir, entry.Name())); err == nil {
			removed++
		}
	}
	return removed, nil
}

// Refs lists the references under which bytes are stored, tombstones not
// included, in no particular order.
func (s *Store) Refs(ctx context.Context) ([]enroll.SealedRef, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("seal: list: %w", err)
	}
	var refs []enroll.SealedRef
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("seal: list: %w", err)
		}
		name, ours := strings.CutSuffix(entry.Name(), suffix)
		if !ours {
			continue
		}
		stored, err := holdsBytes(filepath.Join(s.dir, entry.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("seal: list: %w", err)
		}
		if stored {
			refs = append(refs, enroll.SealedRef(name))
		}
	}
	return refs, nil
}

// path returns the file of a reference.
func (s *Store) path(ctx context.Context, ref enroll.SealedRef) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if !validRef.MatchString(string(ref)) {
		return "", fmt.Errorf("%w: %.40q", ErrRef, string(ref))
	}
	return filepath.Join(s.dir, string(ref)+suffix), nil
}

// compare checks that the file holds, or held, content of the same digest.
func (s *Store) compare(path string, ref enroll.SealedRef, digest []byte) error {
	content, err := os.ReadFile(path) //nolint:gosec // the reference is checked
	if err != nil {
		return err
	}
	found, err := s.cipher.open(ref, content)
	if err != nil {
		return err
	}
	if found.digest != nil && !hmac.Equal(found.digest, digest) {
		return fmt.Errorf("%w: %s; use a new idempotency key for a new request", ErrDigestMismatch, ref)
	}
	return nil
}
