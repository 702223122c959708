//go:build contract

package smartid_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/contracttest"
	"github.com/bioenroll/bioenroll/providers/smartid"
)

// sandboxHost is what the host must look like. SmartID has no public sandbox,
// each customer gets hosts of its own, so none can be written down here; one
// that does not say that it is for tests is refused.
var sandboxHost = regexp.MustCompile(`(^|[.-])(sandbox|test|uat|dev|staging|demo)([.-]|$)`)

// TestContractCodes closes question 7: whether codes are HTTP statuses or in
// the body, and what the body holds.
func TestContractCodes(t *testing.T) {
	keys := contracttest.Keys(t, "SMARTID_SANDBOX_BASE_URL", "SMARTID_SANDBOX_API_KEY")
	address, err := url.Parse(keys[0])
	require.NoError(t, err)
	require.Regexp(t, sandboxHost, address.Hostname(), "not a sandbox by its name")

	header := map[string]string{"X-Api-Key": keys[1], "Content-Type": "application/json"}
	const nobody = "bioenroll-contract-nobody"
	status, body := contracttest.Ask(t, http.MethodPost, keys[0]+"/api/kyc/unenroll", header, `{"User":"`+nobody+`"}`)
	t.Logf("unenroll of nobody: %d %s", status, contracttest.Shape(body))
	status, body = contracttest.Ask(t, http.MethodPost, keys[0]+"/api/kyc/enroll", header,
		`{"User":"`+nobody+`","Template":"no template","PayLoad":"no payload"}`)
	t.Logf("enroll of no template: %d %s", status, contracttest.Shape(body))

	client, err := smartid.New(smartid.Config{BaseURL: keys[0], APIKey: enroll.Secret(keys[1])})
	require.NoError(t, err)
	verdict, err := client.Unenroll(t.Context(), nobody, false)
	require.NoError(t, err)
	require.Equal(t, enroll.ReasonNotEnrolled, verdict.Reason)
	verdict, err = client.Enroll(t.Context(), smartid.Enrollment{User: nobody, Template: "no template", PayLoad: "no payload"})
	require.NoError(t, err)
	require.Equal(t, enroll.ReasonCaptureAgain, verdict.Reason)
}
