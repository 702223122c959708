package seal_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

const ref = enroll.SealedRef("0123456789abcdef")

var photo = []byte("\x89PNG a face that nobody else may see")

func setup(t *testing.T) (*seal.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sealed")
	store, err := seal.OpenStore(dir, keys.New())
	require.NoError(t, err)
	return store, dir
}

// put seals the photo and requires that it was stored.
func put(t *testing.T, store *seal.Store, ref enroll.SealedRef) {
	t.Helper()
	created, err := store.Put(t.Context(), ref, photo)
	require.NoError(t, err)
	require.True(t, created)
}

// requireGone requires that the error is the one activities pass on.
func requireGone(t *testing.T, err, cause error) {
	t.Helper()
	require.ErrorIs(t, err, cause)
	var known *enroll.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, enroll.KindInputGone, known.Kind)
}

func TestPut(t *testing.T) {
	t.Run("stores_what_open_returns", func(t *testing.T) {
		store, _ := setup(t)
		put(t, store, ref)
		data, err := store.Open(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, photo, data)
	})
	t.Run("takes_empty_bytes", func(t *testing.T) {
		store, _ := setup(t)
		created, err := store.Put(t.Context(), ref, nil)
		require.NoError(t, err)
		require.True(t, created)
		data, err := store.Open(t.Context(), ref)
		require.NoError(t, err)
		require.Empty(t, data)
	})
	t.Run("stores_nothing_twice", func(t *testing.T) {
		store, _ := setup(t)
		put(t, store, ref)
		created, err := store.Put(t.Context(), ref, photo)
		require.NoError(t, err)
		require.False(t, created)
	})
	t.Run("refuses_other_bytes_under_the_same_reference", func(t *testing.T) {
		store, _ := setup(t)
		put(t, store, ref)
		_, err := store.Put(t.Context(), ref, []byte("another face"))
		require.ErrorIs(t, err, seal.ErrDigestMismatch)
		data, err := store.Open(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, photo, data)
	})
	t.Run("stores_nothing_again_after_delete", func(t *testing.T) {
		store, _ := setup(t)
		put(t, store, ref)
		require.NoError(t, store.Delete(t.Context(), ref))
		created, err := store.Put(t.Context(), ref, photo)
		require.NoError(t, err)
		require.False(t, created)
		_, err = store.Put(t.Context(), ref, []byte("another face"))
		require.ErrorIs(t, err, seal.ErrDigestMismatch)
		_, err = store.Open(t.Context(), ref)
		requireGone(t, err, seal.ErrGone)
	})
	t.Run("is_won_by_one_of_many", func(t *testing.T) {
		store, dir := setup(t)
		created := make([]bool, 16)
		errs := make([]error, len(created))
		var group sync.WaitGroup
		for i := range created {
			group.Go(func() { created[i], errs[i] = store.Put(t.Context(), ref, photo) })
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
		left, err := filepath.Glob(filepath.Join(dir, ".new-*"))
		require.NoError(t, err)
		require.Empty(t, left)
	})
	t.Run("writes_nothing_in_clear_and_for_its_owner_alone", func(t *testing.T) {
		store, dir := setup(t)
		put(t, store, ref)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, entry := range entries {
			content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			require.NoError(t, err)
			require.NotContains(t, string(content), "face")
			info, err := entry.Info()
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		}
		info, err := os.Stat(dir)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	})
}

func TestRefsAreChecked(t *testing.T) {
	store, dir := setup(t)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(dir), "outside.sealed"), photo, 0o600))
	for name, bad := range map[string]enroll.SealedRef{
		"empty": "", "parent": "../outside", "absolute": "/etc/passwd", "hidden": ".new-1", "dots": "a..b",
		"zero_byte": "a\x00b", "upper": "ABC", "line_break": "abc\n", "long": enroll.SealedRef(bytes.Repeat([]byte("a"), 129)),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.Put(t.Context(), bad, photo)
			require.ErrorIs(t, err, seal.ErrRef)
			_, err = store.Open(t.Context(), bad)
			require.ErrorIs(t, err, seal.ErrRef)
			require.ErrorIs(t, store.Delete(t.Context(), bad), seal.ErrRef)
			require.ErrorIs(t, store.Discard(t.Context(), bad), seal.ErrRef)
		})
	}
}

func TestOpen(t *testing.T) {
	t.Run("tells_activities_that_bytes_are_missing", func(t *testing.T) {
		store, _ := setup(t)
		_, err := store.Open(t.Context(), ref)
		requireGone(t, err, seal.ErrGone)
	})
	t.Run("stops_with_its_context", func(t *testing.T) {
		store, _ := setup(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := store.Open(ctx, ref)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("refuses_a_file_under_another_name", func(t *testing.T) {
		store, dir := setup(t)
		put(t, store, "one")
		require.NoError(t, os.Rename(filepath.Join(dir, "one.sealed"), filepath.Join(dir, "two.sealed")))
		_, err := store.Open(t.Context(), "two")
		requireGone(t, err, seal.ErrDamaged)
	})
	for name, change := range map[string]func([]byte, int) []byte{
		"refuses_any_flipped_bit":   func(b []byte, i int) []byte { b = bytes.Clone(b); b[i] ^= 1; return b },
		"refuses_any_shorter_file":  func(b []byte, i int) []byte { return b[:i] },
		"refuses_any_inserted_byte": func(b []byte, i int) []byte { return append(append(bytes.Clone(b[:i]), 'x'), b[i:]...) },
	} {
		t.Run(name, func(t *testing.T) {
			store, dir := setup(t)
			put(t, store, ref)
			path := filepath.Join(dir, string(ref)+".sealed")
			whole, err := os.ReadFile(path)
			require.NoError(t, err)
			for i := range whole {
				require.NoError(t, os.WriteFile(path, change(whole, i), 0o600))
				data, err := store.Open(t.Context(), ref)
				require.Error(t, err)
				require.Nil(t, data)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	t.Run("of_the_missing_is_fine_and_final", func(t *testing.T) {
		store, _ := setup(t)
		require.NoError(t, store.Delete(t.Context(), ref))
		require.NoError(t, store.Delete(t.Context(), ref))
		created, err := store.Put(t.Context(), ref, photo)
		require.NoError(t, err)
		require.False(t, created)
	})
	t.Run("removes_damaged_bytes_too", func(t *testing.T) {
		store, dir := setup(t)
		put(t, store, ref)
		path := filepath.Join(dir, string(ref)+".sealed")
		require.NoError(t, os.WriteFile(path, photo, 0o600))
		require.NoError(t, store.Delete(t.Context(), ref))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(content), "face")
	})
}

func TestDiscard(t *testing.T) {
	store, _ := setup(t)
	put(t, store, ref)
	require.NoError(t, store.Discard(t.Context(), ref))
	require.NoError(t, store.Discard(t.Context(), ref), "missing is fine")
	put(t, store, ref)
	require.NoError(t, store.Delete(t.Context(), ref))
	require.NoError(t, store.Discard(t.Context(), ref))
	created, err := store.Put(t.Context(), ref, photo)
	require.NoError(t, err)
	require.False(t, created, "the tombstone stays")
}

func TestRefs(t *testing.T) {
	store, _ := setup(t)
	put(t, store, "one")
	put(t, store, "two")
	put(t, store, "three")
	require.NoError(t, store.Delete(t.Context(), "two"))
	refs, err := store.Refs(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []enroll.SealedRef{"one", "three"}, refs)
}

func TestSweep(t *testing.T) {
	store, dir := setup(t)
	put(t, store, "old")
	put(t, store, "buried")
	require.NoError(t, store.Delete(t.Context(), "buried"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".new-crashed"), photo, 0o600))
	limit := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, name := range []string{"old.sealed", "buried.sealed", ".new-crashed", "keycheck.json"} {
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), limit, limit.Add(-time.Second)))
	}
	put(t, store, "young")
	removed, err := store.Sweep(t.Context(), limit)
	require.NoError(t, err)
	require.Equal(t, 3, removed)
	refs, err := store.Refs(t.Context())
	require.NoError(t, err)
	require.Equal(t, []enroll.SealedRef{"young"}, refs)
	require.FileExists(t, filepath.Join(dir, "keycheck.json"))
}

func TestOpenStore(t *testing.T) {
	t.Run("finds_its_bytes_again", func(t *testing.T) {
		k, dir := keys.New(), t.TempDir()
		store, err := seal.OpenStore(dir, k)
		require.NoError(t, err)
		put(t, store, ref)
		again, err := seal.OpenStore(dir, k)
		require.NoError(t, err)
		data, err := again.Open(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, photo, data)
	})
	t.Run("refuses_other_keys", func(t *testing.T) {
		dir := t.TempDir()
		_, err := seal.OpenStore(dir, keys.New())
		require.NoError(t, err)
		_, err = seal.OpenStore(dir, keys.New())
		require.ErrorContains(t, err, "give every program the same key file")
	})
	t.Run("refuses_a_damaged_key_check", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "keycheck.json"), []byte("{"), 0o600))
		_, err := seal.OpenStore(dir, keys.New())
		require.ErrorContains(t, err, "restore it")
	})
}

func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	store, err := seal.OpenStore(dir, keys.New())
	require.NoError(f, err)
	_, err = store.Put(f.Context(), ref, photo)
	require.NoError(f, err)
	path := filepath.Join(dir, string(ref)+".sealed")
	whole, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(whole)
	f.Add(whole[:48])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		data, err := store.Open(t.Context(), ref)
		if bytes.Equal(content, whole) {
			require.NoError(t, err)
			require.Equal(t, photo, data)
			return
		}
		require.Error(t, err)
		require.Nil(t, data)
	})
}
