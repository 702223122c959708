package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/vault"
)

// TestOtherKeys is a client that was given another key file than the worker,
// and other folders, so that only the worker can notice.
func TestOtherKeys_are_told_as_such(t *testing.T) {
	elsewhere := t.TempDir()
	theirs := vault.Settings{KeyFile: elsewhere + "/keys.json", SealedDir: elsewhere + "/sealed", Records: enroll.Secret("sqlite:" + elsewhere + "/records.db")}
	_, err := theirs.OpenOrCreateKeys()
	require.NoError(t, err)
	made, err := theirs.OpenOrCreate(t.Context())
	require.NoError(t, err)
	require.NoError(t, made.Close())
	environment := shared.Environment()
	environment[vault.KeyFile], environment[vault.SealedDir], environment[vault.Records] = theirs.KeyFile, theirs.SealedDir, theirs.Records.Reveal()
	stranger, err := client.Dial(t.Context(), client.WithLookup(config.Map(environment)))
	require.NoError(t, err)
	defer stranger.Close()
	user := subject()
	_, err = stranger.Start(t.Context(), "key", enroll.SmartIDUnenrollment{User: user})
	require.ErrorIs(t, err, client.ErrOtherKeys)
	require.Empty(t, shared.ledger(t, user), "nothing was asked of the provider")
}
