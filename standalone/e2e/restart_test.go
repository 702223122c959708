package e2e_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func TestRestart_loses_no_journey(t *testing.T) {
	dir := t.TempDir()
	before := own(t, dir)
	bcid := enroll.BioIDEnrollment{BCID: "bws.1.77"}
	waiting := []client.Started{
		before.begin(t, "key", enrollment(before.account(t))),
		before.begin(t, "key", selfie(before.account(t))),
		before.begin(t, "key", bcid),
		before.begin(t, "key", photo(subject())),
	}
	require.NoError(t, before.Stop(t.Context()))

	after := own(t, dir)
	t.Cleanup(func() { require.NoError(t, after.Stop(context.WithoutCancel(t.Context()))) })
	for _, started := range waiting {
		handed, err := after.Client().HandOver(t.Context(), started.ID)
		require.NoError(t, err)
		require.Equal(t, started.HandOver, handed)
		after.complete(t, started)
		require.True(t, after.outcome(t, started).Outcome.Success())
	}
}

// TestSecrets_are_in_no_file plants what must not be found and searches every
// file of the data folder for it, while the journey waits and after it ended.
func TestSecrets_are_in_no_file(t *testing.T) {
	dir := t.TempDir()
	s := own(t, dir)
	account, codeword := "canary-account-4711", "canary-codeword-0815"
	require.NoError(t, s.user.CreateAccount(t.Context(), account))
	request := enrollment(account)
	request.Codeword = enroll.Secret(codeword)
	started := s.begin(t, "canary-key-1234", request)
	image := photo("canary-person-5678")
	picture := simulator.SampleImage(simulator.SampleLive)
	photographed := s.begin(t, "canary-key-1234", image)
	canaries := []string{
		account, codeword, "canary-key-1234", "canary-person-5678", string(picture[len(picture)/2:][:24]),
		started.HandOver.AuthID.OneTimeSecret.Reveal(), photographed.HandOver.IProov.Token.Reveal(),
	}
	requireAbsent(t, dir, canaries)
	s.complete(t, started)
	s.complete(t, photographed)
	s.outcome(t, started)
	s.outcome(t, photographed)
	require.NoError(t, s.Stop(t.Context()))
	requireAbsent(t, dir, canaries)
	requireFinds(t, dir)
}

// requireAbsent searches every file but the simulators' own, which play the
// providers and so know everything.
func requireAbsent(t *testing.T, dir string, canaries []string) {
	t.Helper()
	searched := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, file fs.DirEntry, err error) error {
		if err != nil || file.IsDir() || file.Name() == "simulator.db" {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		searched++
		for _, canary := range canaries {
			require.False(t, bytes.Contains(content, []byte(canary)), "%s holds %q", file.Name(), canary)
		}
		return nil
	}))
	require.Positive(t, searched)
}

// requireFinds proves that the search would have found something: the journey
// types are in clear in Temporal's database.
func requireFinds(t *testing.T, dir string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "temporal.db"))
	require.NoError(t, err)
	require.True(t, bytes.Contains(content, []byte("AuthIDEnrollment")))
}
