package iproov_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/iproov"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/providers/rest/resttest"
)

const (
	apiKey      = "k0123456789abcdef0123456789abcdef0123456"
	apiSecret   = "s0123456789abcdef0123456789abcdef0123456"
	oauthUser   = "oauth-user"
	oauthSecret = "oauth-pass-7c1d"
	accessValue = "access-9f3c2b"
	token       = "3807e2f1verify7a90token"
	userID      = "o'neil+1@bank_a.example-x"
	clientAgent = "Mozilla/5.0 (test)"
)

func config(base string) iproov.Config {
	return iproov.Config{
		BaseURL:       base,
		APIKey:        apiKey,
		APISecret:     apiSecret,
		OAuthUsername: oauthUser,
		OAuthPassword: oauthSecret,
	}
}

// newClient returns a client for the handler, on a base address with a path.
func newClient(t *testing.T, handler http.HandlerFunc, options ...rest.Option) *iproov.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := iproov.New(config(server.URL+"/region/api/v2"), append([]rest.Option{rest.WithAllowHTTP(true)}, options...)...)
	require.NoError(t, err)
	return client
}

// says answers with a status and a body.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// handsOutAccess answers requests for an access token, and reports whether the
// request was one. The scope is an array, as iProov sends it.
func handsOutAccess(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasSuffix(r.URL.Path, "/access_token") {
		return false
	}
	says(http.StatusOK, `{"access_token":"`+accessValue+`","token_type":"Bearer","expires_in":3600,"scope":["user-read","user-write"]}`)(w, r)
	return true
}

// withAccess puts the access token endpoint beside a handler.
func withAccess(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !handsOutAccess(w, r) {
			handler(w, r)
		}
	}
}

// step is one method of the client.
type step struct {
	name   string
	good   string
	once   bool
	hidden []string
	do     func(context.Context, *iproov.Client) error
}

// steps are all methods that ask iProov, with an answer they accept.
func steps() []step {
	image := []byte("\xff\xd8\xff photo")
	return []step{
		{"enrol_token", tokenBody, false, []string{userID}, func(ctx context.Context, c *iproov.Client) error {
			_, err := c.EnrolToken(ctx, userID, enroll.GenuinePresence)
			return err
		}},
		{"enrol_image", `{"token":"` + token + `","user_id":"` + userID + `","success":true}`, true, []string{userID, token}, func(ctx context.Context, c *iproov.Client) error {
			return c.EnrolImage(ctx, userID, token, resttest.Stream(image), enroll.SourceEID)
		}},
		{"verify_token", tokenBody, false, []string{userID}, func(ctx context.Context, c *iproov.Client) error {
			_, err := c.VerifyToken(ctx, userID, enroll.Liveness)
			return err
		}},
		{"validate", validateBody, true, []string{userID, token}, func(ctx context.Context, c *iproov.Client) error {
			verdict, err := c.Validate(ctx, userID, token, clientAgent)
			if err == nil && verdict.Outcome != enroll.Enrolled {
				return &enroll.Refusal{Op: "validate", Verdict: verdict}
			}
			return err
		}},
		{"invalidate", `{"claim_aborted":true,"user_informed":false}`, false, []string{userID, token}, func(ctx context.Context, c *iproov.Client) error {
			return c.Invalidate(ctx, userID, token, "journey ended")
		}},
		{"read_user", `{"user_id":"` + userID + `","name":"n","status":"Active"}`, false, []string{userID, accessValue, oauthSecret}, func(ctx context.Context, c *iproov.Client) error {
			_, err := c.ReadUser(ctx, userID)
			return err
		}},
		{"remove_user", `{"user_id":"` + userID + `","name":"n","status":"Deleted"}`, false, []string{userID, accessValue, oauthSecret}, func(ctx context.Context, c *iproov.Client) error {
			existed, err := c.RemoveUser(ctx, userID)
			if err == nil && !existed {
				return errSettled
			}
			return err
		}},
		{"availability", `{"up":true}`, false, nil, func(ctx context.Context, c *iproov.Client) error {
			_, _, err := c.Availability(ctx)
			return err
		}},
	}
}

const (
	tokenBody    = `{"token":"` + token + `","user_id":"` + userID + `","primary":"p","pod":"pod","fallback":[],"redirect_domain":""}`
	validateBody = `{"passed":true,"token":"` + token + `","type":"verify","frame_available":"false"}`
)

// errSettled is how a test sees that there was nobody to remove.
var errSettled = errors.New("nothing to do")

// meaningOf writes an error down as a kind, a refusal or nothing.
func meaningOf(err error) string {
	if refusal, ok := errors.AsType[*enroll.Refusal](err); ok {
		return string(refusal.Verdict.Outcome) + "/" + string(refusal.Verdict.Reason)
	}
	if known, ok := errors.AsType[*enroll.Error](err); ok {
		return string(known.Kind)
	}
	if err != nil {
		return err.Error()
	}
	return "success"
}
