package stack

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "codec-token")
	made, err := kept(path, makeToken)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	again, err := kept(path, makeToken)
	require.NoError(t, err)
	require.Equal(t, made.Reveal(), again.Reveal(), "a shell that knows it goes on working")
	_, err = kept(t.TempDir(), makeToken)
	require.Error(t, err)
}
