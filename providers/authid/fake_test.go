package authid_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/authid"
	"github.com/bioenroll/bioenroll/providers/rest"
)

const (
	identityPath = "/uat/IDCompleteBackendEngine/IdentityService/v1"
	adminPath    = "/uat/IDCompleteBackendEngine/Default/AdministrationServiceRest/v1"
	authPath     = "/uat/IDCompleteBackendEngine/Default/AuthorizationServiceRest/v2"
)

// fake plays authID: it issues numbered access tokens, refuses any but the
// newest, and answers everything else as the test says.
type fake struct {
	t      *testing.T
	url    string
	handle http.HandlerFunc // the answer to a call with a good token

	mu        sync.Mutex
	issued    int
	refreshed int
	noRefresh int    // the status with which refresh is refused, if any
	expires   string // AccessTokenExpirationDate
	ended     string // an access token that is not accepted any more
	seen      []string
}

func newFake(t *testing.T, handle http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{t: t, handle: handle}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL + "/uat"
	return f
}

func (f *fake) client(options ...rest.Option) *authid.Client {
	f.t.Helper()
	client, err := authid.New(authid.Config{BaseURL: f.url, APIKeyID: "key-id", APIKeyValue: "key-value"},
		append([]rest.Option{rest.WithAllowHTTP(true)}, options...)...)
	require.NoError(f.t, err)
	return client
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, r.Method+" "+r.URL.EscapedPath())
	switch r.URL.Path {
	case identityPath + "/auth/token":
		if user, password, _ := r.BasicAuth(); user != "key-id" || password != "key-value" {
			refuse(w, http.StatusUnauthorized, "E_USER_NOT_AUTHENTICATED", "Wrong key.")
			return
		}
		f.issued++
		f.answerToken(w)
	case identityPath + "/auth/refresh":
		f.refresh(w, r)
	default:
		if r.Header.Get("Authorization") != "Bearer "+f.token() || f.ended == f.token() {
			refuse(w, http.StatusUnauthorized, "E_USER_NOT_AUTHENTICATED", "The token has ended.")
			return
		}
		f.handle(w, r)
	}
}

func (f *fake) refresh(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Authorization") != "" || string(body) != fmt.Sprintf("%q", "refresh-of-"+f.token()) {
		f.t.Errorf("refresh was asked with %s, %v", body, err)
	}
	f.refreshed++
	if f.noRefresh != 0 {
		refuse(w, f.noRefresh, "", "No.")
		return
	}
	f.answerToken(w)
}

// token is the newest access token.
func (f *fake) token() string { return fmt.Sprintf("access-%d-%d", f.issued, f.refreshed) }

func (f *fake) answerToken(w http.ResponseWriter) {
	_, _ = fmt.Fprintf(w, `{"AccessToken":%q,"RefreshToken":%q,"AccessTokenExpirationDate":%q}`, f.token(), "refresh-of-"+f.token(), f.expires)
}

// endSession makes the newest access token useless, as authID may at any time.
func (f *fake) endSession() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = f.token()
}

func (f *fake) sessions() (issued, refreshed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.issued, f.refreshed
}

func (f *fake) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen
}

func refuse(w http.ResponseWriter, status int, id, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"ID":%q,"Message":%q,"Code":"","Args":[]}`, id, message)
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func operation(journey enroll.Journey, transport int) authid.Operation {
	return authid.Operation{
		Journey: journey, AccountNumber: "jane-1", Codeword: "open sesame", Tag: "tag-1",
		Timeout: time.Hour, TransportType: transport,
	}
}
