package seal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// FuzzOpenBlob: whatever lies where the bytes should be, they are given out
// exactly as they were sealed, or not at all.
func FuzzOpenBlob(f *testing.F) { fuzzObject(f, string(ref)) }

// FuzzOpenKey is the same for what lies where the journey's key should be.
func FuzzOpenKey(f *testing.F) { fuzzObject(f, key) }

func fuzzObject(f *testing.F, name string) {
	f.Helper()
	store, err := seal.OpenFolder(f.Context(), f.TempDir(), keys.New())
	require.NoError(f, err)
	_, err = store.Put(f.Context(), ref, giving(photo))
	require.NoError(f, err)
	whole, err := store.Raw(f.Context(), name)
	require.NoError(f, err)
	for _, seed := range [][]byte{whole, whole[:40], whole[:4], append(bytes.Clone(whole), 0), []byte("BET1"), []byte("BEK1\xff"), []byte("BES2"), {}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		require.NoError(t, store.Overwrite(t.Context(), name, content))
		data, err := read(t.Context(), store, ref)
		if bytes.Equal(content, whole) {
			require.NoError(t, err)
			require.Equal(t, photo, data)
			return
		}
		require.Error(t, err)
		require.Nil(t, data)
	})
}
