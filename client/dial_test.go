package client_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/vault"
)

func TestDial(t *testing.T) {
	t.Parallel()

	t.Run("needs_the_installations_key_file", func(t *testing.T) {
		t.Parallel()
		_, err := client.Dial(t.Context(), client.WithLookup(config.Map(map[string]string{
			vault.KeyFile: filepath.Join(t.TempDir(), "keys.json"),
		})))
		require.ErrorContains(t, err, vault.KeyFile)
		require.ErrorContains(t, err, "starter keys make")
	})

	t.Run("names_the_server_that_it_cannot_reach", func(t *testing.T) {
		t.Parallel()
		s := vault.Settings{KeyFile: filepath.Join(t.TempDir(), "keys.json"), SealedDir: t.TempDir(), Records: enroll.Secret("sqlite:" + filepath.Join(t.TempDir(), "records.db"))}
		_, err := s.OpenOrCreateKeys()
		require.NoError(t, err)
		made, err := s.OpenOrCreate(t.Context())
		require.NoError(t, err)
		require.NoError(t, made.Close())
		_, err = client.Dial(t.Context(), client.WithLookup(config.Map(map[string]string{
			vault.KeyFile: s.KeyFile, vault.SealedDir: s.SealedDir, vault.Records: s.Records.Reveal(), "TEMPORAL_ADDRESS": "127.0.0.1:1",
		})))
		require.ErrorContains(t, err, "127.0.0.1:1")
		require.ErrorContains(t, err, "TEMPORAL_ADDRESS")
	})
}

func TestVariables(t *testing.T) {
	t.Parallel()
	var names []string
	for _, v := range client.Variables() {
		names = append(names, v.Name)
		require.NotEmpty(t, v.Help, v.Name)
	}
	for _, name := range []string{"TEMPORAL_ADDRESS", vault.KeyFile, vault.SealedDir, vault.Records, config.AuthIDTimeoutMax, config.PollCap} {
		require.Contains(t, names, name)
	}
}
