//go:build contract

package bioid_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/contracttest"
	"github.com/bioenroll/bioenroll/providers/bioid"
)

// sandbox is the instance on which BioID opens trial apps.
const sandbox = "https://bws.bioid.com/extension"

// TestContractToken closes question 5: what /token answers to a wrong app and
// to a malformed class, and what a fresh token's result is.
func TestContractToken(t *testing.T) {
	keys := contracttest.Keys(t, "BIOID_SANDBOX_APP_ID", "BIOID_SANDBOX_APP_SECRET", "BIOID_SANDBOX_BCID")
	app, secret, class := keys[0], keys[1], keys[2]
	ask := func(what, id, bcid string) {
		login := base64.StdEncoding.EncodeToString([]byte(app + ":" + secret))
		query := url.Values{"id": {id}, "bcid": {bcid}, "task": {"enroll"}}
		status, body := contracttest.Ask(t, http.MethodGet, sandbox+"/token?"+query.Encode(), map[string]string{"Authorization": "Basic " + login}, "")
		t.Logf("token with %s: %d %s", what, status, contracttest.Shape(body))
		require.NotEqual(t, http.StatusOK, status, what)
	}
	ask("another app's id", "0", class)
	ask("a malformed class", app, "no-class")
	ask("a class of another storage", app, "bioenroll-contract.1.1")

	client, err := bioid.New(bioid.Config{BaseURL: sandbox, AppID: app, AppSecret: enroll.Secret(secret)})
	require.NoError(t, err)
	handed, err := client.Token(t.Context(), enroll.BioIDCreateTokenInput{BCID: class, PerformedBy: enroll.ByBrowser})
	require.NoError(t, err)
	t.Logf("a token for %d recordings ends %s", handed.BioID.Recordings, handed.ExpiresAt)
	attempt, err := client.Result(t.Context(), handed.BioID.Token)
	require.NoError(t, err)
	require.True(t, attempt.NotPerformed, "nothing was performed with a fresh token")
}
