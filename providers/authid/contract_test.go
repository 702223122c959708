//go:build contract

package authid_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/contracttest"
	"github.com/bioenroll/bioenroll/providers/authid"
)

const (
	sandbox      = "https://id-uat.authid.ai"
	sandboxToken = sandbox + "/IDCompleteBackendEngine/IdentityService/v1/auth/token"
	sandboxAuth  = sandbox + "/IDCompleteBackendEngine/Default/AuthorizationServiceRest/v2/operations"
)

// sandboxClient returns a client of the UAT system, and the header that raw
// calls need.
func sandboxClient(t *testing.T) (*authid.Client, map[string]string) {
	t.Helper()
	keys := contracttest.Keys(t, "AUTHID_SANDBOX_API_KEY_ID", "AUTHID_SANDBOX_API_KEY_VALUE")
	client, err := authid.New(authid.Config{BaseURL: sandbox, APIKeyID: keys[0], APIKeyValue: enroll.Secret(keys[1])})
	require.NoError(t, err)
	login := base64.StdEncoding.EncodeToString([]byte(keys[0] + ":" + keys[1]))
	status, body := contracttest.Ask(t, http.MethodPost, sandboxToken, map[string]string{"Authorization": "Basic " + login, "Accept": "application/json"}, "")
	require.Equal(t, http.StatusOK, status)
	var token struct {
		AccessToken               string `json:"AccessToken"`               //nolint:tagliatelle // the vendor's casing
		AccessTokenExpirationDate string `json:"AccessTokenExpirationDate"` //nolint:tagliatelle // the vendor's casing
	}
	require.NoError(t, json.Unmarshal(body, &token))
	require.NotEmpty(t, token.AccessToken)
	t.Logf("token: %s, ends %q, now %s", contracttest.Shape(body), token.AccessTokenExpirationDate, time.Now().UTC().Format(time.RFC3339))
	return client, map[string]string{"Authorization": "Bearer " + token.AccessToken, "Content-Type": "application/json", "Accept": "application/json"}
}

// TestContractToken closes: the form of the access token's end, and its life.
func TestContractToken(t *testing.T) {
	client, _ := sandboxClient(t)
	skew, err := client.Check(t.Context())
	require.NoError(t, err)
	t.Logf("authID's clock is %s ahead of ours", skew)
}

// TestContractAccount closes question 2: what create answers for an account
// that does not exist, and for one that has a credential.
func TestContractAccount(t *testing.T) {
	client, header := sandboxClient(t)
	const missing = "bioenroll-contract-no-such-account"
	status, body := contracttest.Ask(t, http.MethodPost, sandboxAuth, header,
		`{"AccountNumber":"`+missing+`","Codeword":"","Name":"EnrollBioCredential","Timeout":60,"TransportType":0,"Tag":""}`)
	t.Logf("create for a missing account: %d %s", status, contracttest.Shape(body))
	refusal, ok := errors.AsType[*enroll.Refusal](client.ReadAccount(t.Context(), missing))
	require.True(t, ok, "a missing account is a refusal")
	require.Equal(t, enroll.ReasonAccountNotFound, refusal.Verdict.Reason)

	enrolled := contracttest.Keys(t, "AUTHID_SANDBOX_ENROLLED_ACCOUNT")[0]
	_, err := client.CreateOperation(t.Context(), authid.Operation{Journey: enroll.AuthIDEnroll, AccountNumber: enrolled, Timeout: time.Minute})
	refusal, ok = errors.AsType[*enroll.Refusal](err)
	require.True(t, ok, "an account with a credential is a refusal, not %v", err)
	require.Equal(t, enroll.AlreadyEnrolled, refusal.Verdict.Outcome)
}

// TestContractOperation closes questions 1 and 4: the status right after
// create, its fields, and the result before completion.
func TestContractOperation(t *testing.T) {
	account := contracttest.Keys(t, "AUTHID_SANDBOX_ACCOUNT")[0]
	client, header := sandboxClient(t)
	handed, err := client.CreateOperation(t.Context(), authid.Operation{Journey: enroll.AuthIDSelfie, AccountNumber: account, Timeout: time.Minute})
	require.NoError(t, err)
	for _, what := range []string{"status", "result"} {
		status, body := contracttest.Ask(t, http.MethodGet, sandboxAuth+"/"+handed.AuthID.OperationID+"/"+what, header, "")
		t.Logf("%s of a new operation: %d %s", what, status, contracttest.Shape(body))
	}
	got, err := client.Status(t.Context(), enroll.AuthIDSelfie, handed.AuthID.OperationID)
	require.NoError(t, err)
	require.False(t, got.Final, "a new operation is pending")
}

// TestContractTimeout closes question 2: the bounds of Timeout.
func TestContractTimeout(t *testing.T) {
	account := contracttest.Keys(t, "AUTHID_SANDBOX_ACCOUNT")[0]
	client, _ := sandboxClient(t)
	limits := enroll.DefaultLimits()
	for _, seconds := range []int{limits.AuthIDTimeoutMin, limits.AuthIDTimeoutMax} {
		_, err := client.CreateOperation(t.Context(), authid.Operation{
			Journey: enroll.AuthIDSelfie, AccountNumber: account, Timeout: time.Duration(seconds) * time.Second,
		})
		require.NoError(t, err, "a Timeout of %d s is within our limits", seconds)
	}
}
