package vault_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/vault"
)

func TestVault(t *testing.T) {
	t.Parallel()

	settings := func(t *testing.T) vault.Settings {
		t.Helper()
		dir := t.TempDir()
		return vault.Settings{
			KeyFile: filepath.Join(dir, "keys.json"), SealedDir: filepath.Join(dir, "sealed"), Records: enroll.Secret("sqlite:" + filepath.Join(dir, "records.db")),
		}
	}
	// closed closes what was opened when the test ends.
	closed := func(t *testing.T, opened vault.Vault, err error) vault.Vault {
		t.Helper()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, opened.Close()) })
		return opened
	}

	// withKeys are settings of which the key file is made.
	withKeys := func(t *testing.T) vault.Settings {
		t.Helper()
		s := settings(t)
		_, err := s.OpenOrCreateKeys()
		require.NoError(t, err)
		return s
	}

	t.Run("is_shared_by_worker_and_clients", func(t *testing.T) {
		t.Parallel()
		s := withKeys(t)
		opened, err := s.OpenOrCreate(t.Context())
		made := closed(t, opened, err)
		opened, err = s.Open(t.Context())
		shared := closed(t, opened, err)
		require.Equal(t, made.Keys.SubjectFingerprint(), shared.Keys.SubjectFingerprint())
		_, err = made.Records.Begin(t.Context(), records.Opening{
			Record: "record", Journey: enroll.AuthIDEnroll, WorkflowID: "journey", RunID: "run", SubjectHash: "hash", Digest: "digest", At: time.Now(),
		})
		require.NoError(t, err)
		_, err = shared.Records.Get(t.Context(), "record")
		require.NoError(t, err, "both have the same records")
	})

	t.Run("has_keys_that_no_program_makes_unasked", func(t *testing.T) {
		t.Parallel()
		s := settings(t)
		for _, open := range []func(context.Context) (vault.Vault, error){s.Open, s.OpenOrCreate} {
			_, err := open(t.Context())
			requireNames(t, err, vault.KeyFile)
			require.ErrorContains(t, err, "starter keys make")
			require.NoFileExists(t, s.KeyFile)
		}
	})

	t.Run("has_records_that_are_never_made_by_a_client", func(t *testing.T) {
		t.Parallel()
		s := withKeys(t)
		_, err := s.Open(t.Context())
		requireNames(t, err, vault.Records)
		require.ErrorContains(t, err, "worker")
		require.NoFileExists(t, strings.TrimPrefix(s.Records.Reveal(), "sqlite:"))
	})

	t.Run("refuses_a_store_of_another_installation", func(t *testing.T) {
		t.Parallel()
		ours, theirs := withKeys(t), withKeys(t)
		opened, err := theirs.OpenOrCreate(t.Context())
		closed(t, opened, err)
		ours.SealedDir = theirs.SealedDir
		_, err = ours.OpenOrCreate(t.Context())
		requireNames(t, err, vault.SealedDir)
	})

	t.Run("refuses_records_of_another_installation", func(t *testing.T) {
		t.Parallel()
		ours, theirs := withKeys(t), withKeys(t)
		opened, err := theirs.OpenOrCreate(t.Context())
		closed(t, opened, err)
		ours.Records = theirs.Records
		_, err = ours.OpenOrCreate(t.Context())
		requireNames(t, err, vault.Records)
	})

	// Whatever needs subjects opens its vault so: worker, client and starter.
	t.Run("knows_its_installation_by_the_subject_key", func(t *testing.T) {
		t.Parallel()
		s := withKeys(t)
		opened, err := s.OpenOrCreate(t.Context())
		closed(t, opened, err)
		_, err = keys.Change(s.KeyFile, func(k *keys.Keys) (*keys.Keys, error) {
			added, key, err := k.Added(keys.ForSeal)
			require.NoError(t, err)
			used, err := added.Used(key.ID())
			require.NoError(t, err)
			return used.Retired(k.Seal().Newest().ID())
		})
		require.NoError(t, err)
		for _, open := range []func(context.Context) (vault.Vault, error){s.Open, s.OpenOrCreate} {
			opened, err = open(t.Context())
			closed(t, opened, err)
		}

		replaceSubjectKey(t, s.KeyFile)
		for _, open := range []func(context.Context) (vault.Vault, error){s.Open, s.OpenOrCreate} {
			_, err = open(t.Context())
			requireNames(t, err, vault.SealedDir)
		}
		s.SealedDir = t.TempDir()
		for _, open := range []func(context.Context) (vault.Vault, error){s.Open, s.OpenOrCreate} {
			_, err = open(t.Context())
			requireNames(t, err, vault.Records)
		}
	})

	t.Run("refuses_records_without_repeating_their_password", func(t *testing.T) {
		t.Parallel()
		s := withKeys(t)
		s.Records = "postgres://operator:hunter2@127.0.0.1:1/records"
		_, err := s.OpenOrCreate(t.Context())
		requireNames(t, err, vault.Records)
		require.NotContains(t, err.Error(), "hunter2")
	})

	t.Run("refuses_keys_that_others_may_read", func(t *testing.T) {
		t.Parallel()
		s := withKeys(t)
		opened, err := s.OpenOrCreate(t.Context())
		closed(t, opened, err)
		require.NoError(t, os.Chmod(s.KeyFile, 0o644))
		_, err = s.Open(t.Context())
		requireNames(t, err, vault.KeyFile)
		require.ErrorContains(t, err, "chmod 600")
	})
}

// replaceSubjectKey gives a key file the subject key of another installation.
func replaceSubjectKey(t *testing.T, path string) {
	t.Helper()
	elsewhere := filepath.Join(t.TempDir(), "keys.json")
	_, err := keys.LoadOrCreate(elsewhere)
	require.NoError(t, err)
	var ours, theirs map[string]json.RawMessage
	for file, into := range map[string]*map[string]json.RawMessage{path: &ours, elsewhere: &theirs} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(content, into))
	}
	ours["subject"] = theirs["subject"]
	content, err := json.Marshal(ours)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

func TestRead(t *testing.T) {
	t.Parallel()
	src := config.NewSource(config.Map(map[string]string{vault.KeyFile: "/keys/k.json", vault.SealedDir: "/sealed/"}))
	require.Equal(t, vault.Settings{KeyFile: "/keys/k.json", SealedDir: "/sealed", Records: "sqlite:data/records.db"}, vault.Read(src))
	require.NoError(t, src.Err())
	for _, variable := range src.Known() {
		if variable.Name == vault.Records {
			require.Equal(t, "sqlite:data/records.db", variable.Default)
			require.True(t, variable.Secret)
		}
	}
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
