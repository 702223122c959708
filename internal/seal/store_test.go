package seal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/s3test"
	"github.com/bioenroll/bioenroll/internal/seal"
)

const (
	record = enroll.RecordID("0123456789abcdef")
	ref    = enroll.SealedRef("0123456789abcdef-image")
	key    = "0123456789abcdef-key"
)

var photo = []byte("\x89PNG a face that nobody else may see")

var buckets s3test.Shared

func TestMain(m *testing.M) { os.Exit(buckets.Run(m)) }

// opener opens a store in one place. Opened again with other keys, it is the
// same place.
type opener func(*keys.Keys) (*seal.Store, error)

// places are a new folder and a new bucket.
func places() map[string]func(*testing.T) opener {
	return map[string]func(*testing.T) opener{
		"folder": func(t *testing.T) opener {
			t.Helper()
			dir := filepath.Join(t.TempDir(), "sealed")
			return func(k *keys.Keys) (*seal.Store, error) { return seal.OpenFolder(t.Context(), dir, k) }
		},
		"bucket": func(t *testing.T) opener {
			t.Helper()
			place := bucket(t)
			return func(k *keys.Keys) (*seal.Store, error) { return seal.OpenBucket(t.Context(), place, k) }
		},
	}
}

// own opens a store in the place with keys of its own.
func own(t *testing.T, place func(*testing.T) opener) *seal.Store {
	t.Helper()
	store, err := place(t)(keys.New())
	require.NoError(t, err)
	return store
}

// bucket is an empty bucket.
func bucket(tb testing.TB) seal.Bucket {
	tb.Helper()
	server, name := buckets.Bucket(tb)
	return seal.Bucket{Endpoint: server.Endpoint, Name: name, Prefix: "sealed/", Region: "us-east-1", AccessKey: s3test.AccessKey, SecretKey: s3test.SecretKey}
}

// giving writes the data.
func giving(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// put seals the photo and requires that it was stored.
func put(t *testing.T, store *seal.Store, ref enroll.SealedRef) {
	t.Helper()
	created, err := store.Put(t.Context(), ref, giving(photo))
	require.NoError(t, err)
	require.True(t, created)
}

// read returns what is sealed under the reference.
func read(ctx context.Context, store *seal.Store, ref enroll.SealedRef) ([]byte, error) {
	content, size, err := store.Open(ctx, ref)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(content)
	if int64(len(data)) != size {
		err = errors.Join(err, errors.New("another size than announced"))
	}
	return data, errors.Join(err, content.Close())
}

func requireReads(t *testing.T, store *seal.Store, ref enroll.SealedRef, want []byte) {
	t.Helper()
	data, err := read(t.Context(), store, ref)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, data), "the bytes that were sealed")
}

// requireGone requires that the bytes cannot be opened, with the error that
// activities pass on.
func requireGone(t *testing.T, store *seal.Store, ref enroll.SealedRef, cause error) {
	t.Helper()
	data, err := read(t.Context(), store, ref)
	require.ErrorIs(t, err, cause)
	require.Nil(t, data)
	var known *enroll.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, enroll.KindInputGone, known.Kind)
}

// requireNames requires what is stored, beside the fingerprints of the keys.
func requireNames(t *testing.T, store *seal.Store, want ...string) {
	t.Helper()
	names, err := store.Names(t.Context())
	require.NoError(t, err)
	require.Equal(t, append(want, "keycheck.json"), names)
}

func raw(t *testing.T, store *seal.Store, name string) []byte {
	t.Helper()
	content, err := store.Raw(t.Context(), name)
	require.NoError(t, err)
	return content
}

func TestPut_stores_what_open_returns(t *testing.T) {
	sizes := []int{0, 1, 32<<10 - 16, 32 << 10, 32<<10 + 1, 100_000}
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			for i, size := range sizes {
				data := bytes.Repeat([]byte{byte(i), 2, 3}, size/3+1)[:size]
				ref := enroll.SealedPart(record, "sample-"+string(rune('0'+i)))
				created, err := store.Put(t.Context(), ref, giving(data))
				require.NoError(t, err)
				require.True(t, created)
				requireReads(t, store, ref, data)
			}
		})
	}
}

func TestPut_stores_nothing_twice(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			put(t, store, ref)
			created, err := store.Put(t.Context(), ref, giving(photo))
			require.NoError(t, err)
			require.False(t, created)
			requireNames(t, store, string(ref), key)
		})
	}
}

func TestPut_refuses_other_bytes_under_the_same_reference(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			put(t, store, ref)
			_, err := store.Put(t.Context(), ref, giving([]byte("another face")))
			require.ErrorIs(t, err, seal.ErrDigestMismatch)
			requireReads(t, store, ref, photo)
		})
	}
}

func TestPut_stores_nothing_again_after_delete(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			put(t, store, ref)
			require.NoError(t, store.Delete(t.Context(), ref))
			for _, ref := range []enroll.SealedRef{ref, enroll.SealedPart(record, "other")} {
				created, err := store.Put(t.Context(), ref, giving(photo))
				require.ErrorIs(t, err, seal.ErrDestroyed)
				require.False(t, created)
			}
			requireGone(t, store, ref, seal.ErrGone)
			requireNames(t, store, key)
		})
	}
}

func TestPut_leaves_nothing_behind_of_what_cannot_be_read(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			broken := errors.New("the source is gone")
			created, err := store.Put(t.Context(), ref, func(w io.Writer) error {
				return errors.Join(giving(photo)(w), broken)
			})
			require.ErrorIs(t, err, broken)
			require.False(t, created)
			requireNames(t, store)
		})
	}
}

func TestPut_is_won_by_one_of_many(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			created := make([]bool, 16)
			errs := make([]error, len(created))
			var group sync.WaitGroup
			for i := range created {
				group.Go(func() { created[i], errs[i] = store.Put(t.Context(), ref, giving(photo)) })
			}
			group.Wait()
			require.NoError(t, errors.Join(errs...))
			winners := 0
			for _, won := range created {
				if won {
					winners++
				}
			}
			require.Equal(t, 1, winners)
			requireReads(t, store, ref, photo)
			requireNames(t, store, string(ref), key)
		})
	}
}

// TestPut_makes_way_for_new_bytes: a crash can leave bytes without the key they
// were sealed under.
func TestPut_makes_way_for_new_bytes(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			put(t, store, ref)
			require.NoError(t, store.Remove(t.Context(), key))
			requireGone(t, store, ref, seal.ErrGone)
			put(t, store, ref)
			requireReads(t, store, ref, photo)
		})
	}
}

func TestPut_writes_nothing_in_clear(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			put(t, store, ref)
			names, err := store.Names(t.Context())
			require.NoError(t, err)
			for _, name := range names {
				require.NotContains(t, string(raw(t, store, name)), "face")
			}
		})
	}
}

// TestPut_gives_way_to_delete: whoever deletes while bytes are stored leaves
// none that could be read.
func TestPut_gives_way_to_delete(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			put(t, store, enroll.SealedPart(record, "first"))
			created, err := store.Put(t.Context(), ref, func(w io.Writer) error {
				return errors.Join(giving(photo)(w), store.Delete(t.Context(), enroll.SealedPart(record, "first")))
			})
			require.ErrorIs(t, err, seal.ErrDestroyed)
			require.False(t, created)
			requireNames(t, store, key)
		})
	}
}

// TestPut_starts_over: a start that was refused took back the key that another
// one was about to use.
func TestPut_starts_over(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			first := enroll.SealedPart(record, "first")
			put(t, store, first)
			rounds := 0
			created, err := store.Put(t.Context(), ref, func(w io.Writer) error {
				if rounds++; rounds == 1 {
					return errors.Join(giving(photo)(w), store.Discard(t.Context(), first))
				}
				return giving(photo)(w)
			})
			require.NoError(t, err)
			require.True(t, created)
			require.Equal(t, 2, rounds)
			requireReads(t, store, ref, photo)
		})
	}
}

func TestRefsAreChecked(t *testing.T) {
	store, err := seal.OpenFolder(t.Context(), t.TempDir(), keys.New())
	require.NoError(t, err)
	for name, bad := range map[string]enroll.SealedRef{
		"empty": "", "parent": "../outside-x", "absolute": "/etc/passwd-x", "hidden": ".new-1", "dots": "a..b-x", "no_part": "abc", "no_record": "-image",
		"the_key": "abc-key", "zero_byte": "a\x00b-x", "upper": "ABC-x", "line_break": "abc-x\n", "folder": "a-b/c", "long": enroll.SealedRef(strings.Repeat("a", 65) + "-x"),
		"two_dashes": "a-b-c", "former": "0123456789abcdef0123456789abcdef",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.Put(t.Context(), bad, giving(photo))
			require.ErrorIs(t, err, seal.ErrRef)
			requireGone(t, store, bad, seal.ErrRef)
			require.ErrorIs(t, store.Discard(t.Context(), bad), seal.ErrRef)
			require.NoError(t, store.Delete(t.Context(), bad), "nothing can be stored under it")
			requireNames(t, store)
		})
	}
}

func TestOpen_tells_what_is_missing(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			requireGone(t, store, ref, seal.ErrGone)
			put(t, store, ref)
			requireGone(t, store, enroll.SealedPart(record, "other"), seal.ErrGone)
		})
	}
}

func TestOpen_stops_with_its_context(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := read(ctx, store, ref)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

// TestOpen_is_not_disturbed: what was found whole can be read, whatever happens
// to it meanwhile.
func TestOpen_is_not_disturbed(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			put(t, store, ref)
			content, _, err := store.Open(t.Context(), ref)
			require.NoError(t, err)
			require.NoError(t, store.Delete(t.Context(), ref))
			data, err := io.ReadAll(content)
			require.NoError(t, errors.Join(err, content.Close()))
			require.Equal(t, photo, data)
		})
	}
}

func TestOpen_refuses_what_was_exchanged(t *testing.T) {
	other := enroll.RecordID("fedcba9876543210")
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			for _, ref := range []enroll.SealedRef{ref, enroll.SealedPart(record, "other"), enroll.SealedPart(other, "image")} {
				put(t, store, ref)
			}
			mine, otherPart, otherJourney := raw(t, store, string(ref)), raw(t, store, string(record)+"-other"), raw(t, store, string(other)+"-image")
			for _, swapped := range [][]byte{otherPart, otherJourney} {
				require.NoError(t, store.Overwrite(t.Context(), string(ref), swapped))
				requireGone(t, store, ref, seal.ErrDamaged)
			}
			require.NoError(t, store.Overwrite(t.Context(), string(ref), mine))
			requireReads(t, store, ref, photo)
			require.NoError(t, store.Overwrite(t.Context(), key, raw(t, store, string(other)+"-key")))
			requireGone(t, store, ref, seal.ErrDamaged)
			_, err := store.Put(t.Context(), enroll.SealedPart(record, "more"), giving(photo))
			require.ErrorIs(t, err, seal.ErrDamaged)
		})
	}
}

// changes are every way to change one byte of an object, or its length.
func changes(whole []byte) map[string]func(i int) []byte {
	return map[string]func(int) []byte{
		"flipped_bit": func(i int) []byte { b := bytes.Clone(whole); b[i] ^= 1; return b },
		"cut":         func(i int) []byte { return whole[:i] },
		"inserted":    func(i int) []byte { return append(append(bytes.Clone(whole[:i]), 'x'), whole[i:]...) },
		"appended":    func(i int) []byte { return append(bytes.Clone(whole), whole[:i+1]...) },
	}
}

func TestOpen_refuses_any_change(t *testing.T) {
	for _, name := range []string{string(ref), key} {
		t.Run(name, func(t *testing.T) {
			store, err := seal.OpenFolder(t.Context(), t.TempDir(), keys.New())
			require.NoError(t, err)
			put(t, store, ref)
			whole := raw(t, store, name)
			for what, change := range changes(whole) {
				for i := range whole {
					require.NoError(t, store.Overwrite(t.Context(), name, change(i)))
					data, err := read(t.Context(), store, ref)
					require.Error(t, err, "%s at %d", what, i)
					require.Nil(t, data)
				}
			}
		})
	}
}

// TestOpen_refuses_lost_segments: every segment is whole, and one is missing,
// twice there, or the last.
func TestOpen_refuses_lost_segments(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			const segment, header = 32 << 10, 36
			_, err := store.Put(t.Context(), ref, giving(bytes.Repeat(photo, 5_000)))
			require.NoError(t, err)
			whole := raw(t, store, string(ref))
			at := func(n int) []byte { return whole[header+n*segment : header+(n+1)*segment] }
			for name, damaged := range map[string][]byte{
				"the_end_is_missing":    whole[:header+3*segment],
				"the_second_is_missing": append(bytes.Clone(whole[:header+segment]), whole[header+2*segment:]...),
				"two_are_exchanged":     bytes.Join([][]byte{whole[:header+segment], at(2), at(1), whole[header+3*segment:]}, nil),
				"one_is_there_twice":    bytes.Join([][]byte{whole[:header+2*segment], at(1), whole[header+2*segment:]}, nil),
			} {
				require.NoError(t, store.Overwrite(t.Context(), string(ref), damaged))
				_, err := read(t.Context(), store, ref)
				require.ErrorIs(t, err, seal.ErrDamaged, name)
			}
		})
	}
}

func TestOpen_finds_its_bytes_again(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			open := place(t)
			k := keys.New()
			store, err := open(k)
			require.NoError(t, err)
			put(t, store, ref)
			again, err := open(k)
			require.NoError(t, err)
			requireReads(t, again, ref, photo)
		})
	}
}

func TestRotation(t *testing.T) {
	later := enroll.SealedRef("fedcba9876543210-image")
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			open := place(t)
			first := keys.New()
			store, err := open(first)
			require.NoError(t, err)
			put(t, store, ref)

			both, added, err := first.Added(keys.ForSeal)
			require.NoError(t, err)
			rotated, err := both.Used(added.ID())
			require.NoError(t, err)
			store, err = open(rotated)
			require.NoError(t, err)
			requireReads(t, store, ref, photo)
			put(t, store, later)
			used, err := store.UsedKeys(t.Context())
			require.NoError(t, err)
			require.Equal(t, map[string]int{first.Seal().Newest().ID(): 1, added.ID(): 1}, used)

			alone, err := rotated.Retired(first.Seal().Newest().ID())
			require.NoError(t, err)
			store, err = open(alone)
			require.NoError(t, err)
			requireReads(t, store, later, photo)
			_, err = read(t.Context(), store, ref)
			require.ErrorContains(t, err, first.Seal().Newest().ID(), "the operator is told which key is missing")
			require.NotErrorIs(t, err, seal.ErrDamaged)
		})
	}
}

func TestOpenStore_refuses(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			open := place(t)
			store, err := open(keys.New())
			require.NoError(t, err)
			_, err = open(keys.New())
			require.ErrorContains(t, err, "give every program the same key file")
			require.NoError(t, store.Overwrite(t.Context(), "keycheck.json", []byte("{")))
			_, err = open(keys.New())
			require.ErrorContains(t, err, "restore it")
		})
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for name, place := range places() {
		t.Run("a_"+name+"_that_is_there", func(t *testing.T) {
			t.Parallel()
			require.NoError(t, own(t, place).Reachable(t.Context()))
		})
	}
	t.Run("not_a_folder_that_was_taken_away", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "sealed")
		store, err := seal.OpenFolder(t.Context(), dir, keys.New())
		require.NoError(t, err)
		require.NoError(t, os.RemoveAll(dir))
		require.ErrorIs(t, store.Reachable(t.Context()), os.ErrNotExist)
	})
}

func TestFolderIsForItsOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sealed")
	store, err := seal.OpenFolder(t.Context(), dir, keys.New())
	require.NoError(t, err)
	put(t, store, ref)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3, "no scratch file is left")
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

// age makes the files older than the limit by the given time.
func age(t *testing.T, dir string, limit time.Time, by time.Duration, names ...string) {
	t.Helper()
	for _, name := range names {
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), limit, limit.Add(-by)))
	}
}
