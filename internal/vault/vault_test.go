package vault_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/vault"
)

func TestVault(t *testing.T) {
	t.Parallel()

	settings := func(t *testing.T) vault.Settings {
		t.Helper()
		dir := t.TempDir()
		return vault.Settings{KeyFile: filepath.Join(dir, "keys.json"), SealedDir: filepath.Join(dir, "sealed")}
	}

	t.Run("is_made_by_a_worker_and_shared_with_clients", func(t *testing.T) {
		t.Parallel()
		s := settings(t)
		require.False(t, s.HasKeys())
		made, err := s.OpenOrCreate()
		require.NoError(t, err)
		require.True(t, s.HasKeys())
		shared, err := s.Open()
		require.NoError(t, err)
		require.Equal(t, made.Keys.SubjectFingerprint(), shared.Keys.SubjectFingerprint())
	})

	t.Run("is_never_made_by_a_client", func(t *testing.T) {
		t.Parallel()
		s := settings(t)
		_, err := s.Open()
		requireNames(t, err, vault.KeyFile)
		require.ErrorContains(t, err, "worker")
		require.False(t, s.HasKeys())
	})

	t.Run("refuses_a_store_of_another_installation", func(t *testing.T) {
		t.Parallel()
		ours, theirs := settings(t), settings(t)
		_, err := theirs.OpenOrCreate()
		require.NoError(t, err)
		ours.SealedDir = theirs.SealedDir
		_, err = ours.OpenOrCreate()
		requireNames(t, err, vault.SealedDir)
	})

	t.Run("refuses_keys_that_others_may_read", func(t *testing.T) {
		t.Parallel()
		s := settings(t)
		_, err := s.OpenOrCreate()
		require.NoError(t, err)
		require.NoError(t, os.Chmod(s.KeyFile, 0o644))
		_, err = s.Open()
		requireNames(t, err, vault.KeyFile)
		require.ErrorContains(t, err, "chmod 600")
	})
}

func TestRead(t *testing.T) {
	t.Parallel()
	src := config.NewSource(config.Map(map[string]string{vault.KeyFile: "/keys/k.json", vault.SealedDir: "/sealed/"}))
	require.Equal(t, vault.Settings{KeyFile: "/keys/k.json", SealedDir: "/sealed"}, vault.Read(src))
	require.NoError(t, src.Err())
}

// requireNames checks that the error is one of configuration and names exactly
// the variable.
func requireNames(t *testing.T, err error, name string) {
	t.Helper()
	var wrong *config.Error
	require.ErrorAs(t, err, &wrong)
	require.Len(t, wrong.Problems, 1)
	require.Equal(t, name, wrong.Problems[0].Name)
}
