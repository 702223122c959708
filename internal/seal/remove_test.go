package seal_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

const other = enroll.SealedRef("fedcba9876543210-image")

func TestDelete_is_final_and_repeatable(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			second := enroll.SealedPart(record, "sample-1")
			put(t, store, ref)
			put(t, store, second)
			put(t, store, other)
			sealed := raw(t, store, string(ref))
			for range 2 {
				require.NoError(t, store.Delete(t.Context(), ref, second))
			}
			requireNames(t, store, key, string(other), "fedcba9876543210-key")
			require.Equal(t, "BET1", string(raw(t, store, key)))
			requireReads(t, store, other, photo)

			// A copy that somebody kept cannot be read any more.
			require.NoError(t, store.Overwrite(t.Context(), string(ref), sealed))
			requireGone(t, store, ref, seal.ErrGone)
		})
	}
}

func TestDelete_of_the_missing_is_fine_and_final(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			require.NoError(t, store.Delete(t.Context(), ref))
			_, err := store.Put(t.Context(), ref, giving(photo))
			require.ErrorIs(t, err, seal.ErrDestroyed)
		})
	}
}

func TestDelete_of_nothing_leaves_nothing(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			require.NoError(t, store.Delete(t.Context()))
			requireNames(t, store)
		})
	}
}

func TestDelete_removes_damaged_bytes_and_keys_too(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			put(t, store, ref)
			require.NoError(t, store.Overwrite(t.Context(), string(ref), photo))
			require.NoError(t, store.Overwrite(t.Context(), key, photo))
			require.NoError(t, store.Delete(t.Context(), ref))
			requireNames(t, store, key)
			require.Equal(t, "BET1", string(raw(t, store, key)))
		})
	}
}

// TestDelete_destroys_the_key_first: bytes that cannot be removed are not
// readable either.
func TestDelete_destroys_the_key_first(t *testing.T) {
	dir := t.TempDir()
	store, err := seal.OpenFolder(t.Context(), dir, keys.New())
	require.NoError(t, err)
	second := enroll.SealedPart(record, "sample-1")
	put(t, store, ref)
	put(t, store, second)
	sealed := raw(t, store, string(ref))
	stuck := filepath.Join(dir, string(ref))
	require.NoError(t, os.Remove(stuck))
	require.NoError(t, os.MkdirAll(filepath.Join(stuck, "in the way"), 0o700)) // A folder that is not empty is not removed.
	require.Error(t, store.Delete(t.Context(), ref, second))
	require.Equal(t, "BET1", string(raw(t, store, key)))
	require.NoFileExists(t, filepath.Join(dir, string(second)), "the others are removed all the same")

	require.NoError(t, os.RemoveAll(stuck))
	require.NoError(t, os.WriteFile(stuck, sealed, 0o600))
	requireGone(t, store, ref, seal.ErrGone)
	require.NoError(t, store.Delete(t.Context(), ref, second), "repeating it ends it")
	requireNames(t, store, key)
}

func TestDestroy(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			put(t, store, ref)
			put(t, store, enroll.SealedPart(record, "sample-1"))
			put(t, store, other)
			existed, err := store.Destroy(t.Context(), record)
			require.NoError(t, err)
			require.True(t, existed)
			requireNames(t, store, key, string(other), "fedcba9876543210-key")
			requireGone(t, store, ref, seal.ErrGone)
			for _, journey := range []enroll.RecordID{record, "never0sealed"} {
				existed, err = store.Destroy(t.Context(), journey)
				require.NoError(t, err)
				require.False(t, existed)
			}
			requireNames(t, store, key, string(other), "fedcba9876543210-key")
		})
	}
}

func TestDiscard(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			second := enroll.SealedPart(record, "sample-1")
			put(t, store, ref)
			put(t, store, second)
			require.NoError(t, store.Discard(t.Context(), ref, second))
			requireNames(t, store)
			require.NoError(t, store.Discard(t.Context(), ref), "missing is fine")
			put(t, store, ref)
			require.NoError(t, store.Delete(t.Context(), ref))
			require.NoError(t, store.Discard(t.Context(), ref))
			requireNames(t, store, key)
		})
	}
}

func TestRefs(t *testing.T) {
	for name, place := range places() {
		t.Run(name, func(t *testing.T) {
			store := own(t, place)
			put(t, store, "a1-image")
			put(t, store, "b1-template")
			put(t, store, "b1-payload")
			put(t, store, "c1-image")
			require.NoError(t, store.Delete(t.Context(), "c1-image"))
			refs, err := store.Refs(t.Context())
			require.NoError(t, err)
			require.Equal(t, []enroll.SealedRef{"a1-image", "b1-payload", "b1-template"}, refs)
		})
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	store, err := seal.OpenFolder(t.Context(), dir, keys.New())
	require.NoError(t, err)
	for _, ref := range []enroll.SealedRef{"old-image", "long-image", "gone-image", "buried-image", "young-image"} {
		put(t, store, ref)
	}
	put(t, store, "long-sample-1")
	require.NoError(t, store.Delete(t.Context(), "gone-image", "buried-image"))
	for _, name := range []string{".new-crashed", ".new-busy", "0123456789abcdef.sealed", "README", "stranger.txt"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), photo, 0o600))
	}
	limit := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	age(t, dir, limit, time.Second, "old-image", "old-key", "long-image", "long-key", "buried-key",
		".new-crashed", "0123456789abcdef.sealed", "README", "stranger.txt", "keycheck.json")
	age(t, dir, limit, seal.KeepTombstones+time.Second, "gone-key")
	removed, err := store.Sweep(t.Context(), limit)
	require.NoError(t, err)
	require.Equal(t, 5, removed)
	names, err := store.Names(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{
		".new-busy", "README", "buried-key", "keycheck.json", "long-image", "long-key", "long-sample-1", "stranger.txt", "young-image", "young-key",
	}, names, "a journey is swept when all it sealed is old, and what is not ours never")
	for _, ref := range []enroll.SealedRef{"long-image", "young-image"} {
		requireReads(t, store, ref, photo)
	}
}

func TestSweep_in_a_bucket(t *testing.T) {
	store, err := seal.OpenBucket(t.Context(), bucket(t), keys.New())
	require.NoError(t, err)
	put(t, store, ref)
	put(t, store, other)
	require.NoError(t, store.Delete(t.Context(), other))
	removed, err := store.Sweep(t.Context(), time.Now().Add(-time.Hour))
	require.NoError(t, err)
	require.Zero(t, removed)
	requireReads(t, store, ref, photo)
	removed, err = store.Sweep(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, removed)
	requireNames(t, store, "fedcba9876543210-key")
	_, err = store.Sweep(t.Context(), time.Now().Add(seal.KeepTombstones+time.Hour))
	require.NoError(t, err)
	requireNames(t, store)
}
