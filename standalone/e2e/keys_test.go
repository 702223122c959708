package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// TestOtherKeys is a client that was given another key file than the worker,
// and another folder, so that only the worker can notice.
func TestOtherKeys_are_told_as_such(t *testing.T) {
	elsewhere := t.TempDir()
	_, err := keys.LoadOrCreate(elsewhere + "/keys.json")
	require.NoError(t, err)
	environment := shared.Environment()
	environment["BIOENROLL_KEY_FILE"], environment["BIOENROLL_SEALED_DIR"] = elsewhere+"/keys.json", elsewhere+"/sealed"
	environment["BIOENROLL_RECORDS_URL"] = "sqlite:" + elsewhere + "/records.db"
	stranger, err := client.Dial(t.Context(), client.WithLookup(config.Map(environment)))
	require.NoError(t, err)
	defer stranger.Close()
	user := subject()
	_, err = stranger.Start(t.Context(), "key", enroll.SmartIDUnenrollment{User: user})
	require.ErrorIs(t, err, client.ErrOtherKeys)
	require.Empty(t, shared.ledger(t, user), "nothing was asked of the provider")
}
