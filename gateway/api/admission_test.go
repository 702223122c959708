package api_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// empty has no journeys: whoever is let in finds nothing, and is told so.
type empty struct{ api.Journeys }

func (empty) Show(context.Context, string, string) (client.Shown, error) {
	return client.Shown{}, client.ErrNotFound
}

func (empty) ListPage(context.Context, client.Filter, string) (client.ListedPage, error) {
	return client.ListedPage{}, client.ErrNotFound
}

func (empty) Concluded(context.Context, string, string) (bool, error) {
	return false, client.ErrNotFound
}
func (empty) Cancel(context.Context, string, string) error { return client.ErrNotFound }
func (empty) Erasure(context.Context, string) (client.Erasure, error) {
	return client.Erasure{}, client.ErrNotFound
}

func (empty) Erasures(context.Context, bool, int) ([]client.Erasure, error) {
	return nil, client.ErrNotFound
}

func (empty) Receivers(context.Context) ([]client.Receiver, error) { return nil, client.ErrNotFound }

func (empty) RemoveReceiver(context.Context, string, client.By) error { return client.ErrNoReceiver }

func (empty) Deliveries(context.Context, client.DeliveryFilter) (client.DeliveryPage, error) {
	return client.DeliveryPage{}, client.ErrNoReceiver
}

// app is the origin of a frontend.
const app = "https://app.example"

// house is a server with callers of every kind.
type house struct {
	handler http.Handler
	access  *access.Access
	tokens  map[string]enroll.Secret
}

// newHouse returns a house with rates for API keys and relay tokens.
func newHouse(t *testing.T, keyRate, relayRate access.Rate) house {
	t.Helper()
	clock := noon
	file := access.KeyFile(filepath.Join(t.TempDir(), "keys"))
	h := house{tokens: map[string]enroll.Secret{"nobody": "", "guess": "bioenroll_key_hunter2"}}
	for _, role := range access.Roles() {
		var err error
		h.tokens[string(role)], _, err = file.Put(string(role), role)
		require.NoError(t, err)
	}
	h.access = access.New(access.Options{
		Keys: file.Watch(time.Now), Signing: keys.New(), KeyRate: keyRate, RelayRate: relayRate, Now: func() time.Time { return clock },
	})
	h.tokens["page"] = h.access.Issue(journeyID, runID, noon)
	h.tokens["page of another run"] = h.access.Issue(journeyID, otherRunID, noon)
	h.tokens["page of another journey"] = h.access.Issue("bioid-0123", runID, noon)
	h.tokens["page of long ago"] = h.access.Issue(journeyID, runID, noon.Add(-access.Grace))
	h.handler = api.New(api.Options{Journeys: empty{}, Access: h.access, Origins: access.Origins{app}, Log: zap.NewNop()}).Handler()
	return h
}

// ask makes the route's request, without a body, in the name of a caller.
func (h house) ask(t *testing.T, caller, pattern string) *httptest.ResponseRecorder {
	t.Helper()
	method, path, _ := strings.Cut(pattern, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, strings.Replace(path, "{id}", journeyID+"."+runID, 1), nil)
	r.Header.Set("Last-Event-ID", "concluded") // Such a stream of events ends at once.
	r.Header.Set("Origin", app)
	if token := h.tokens[caller]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

// permitted is who may ask what. It is written out here so that a route that
// lets in more callers than it should is seen by whoever reads this.
func permitted() map[string][]string {
	const backend, operator, relay, page = "backend", "operator", "relay", "page"
	all := []string{"nobody", "guess", backend, operator, relay, page, "page of another run", "page of another journey", "page of long ago"}
	return map[string][]string{
		"POST /v1/journeys":                   {backend},
		"GET /v1/journeys":                    {backend, operator},
		"GET /v1/journeys/{id}":               {backend, operator, relay, page},
		"GET /v1/journeys/{id}/events":        {backend, operator, relay, page},
		"POST /v1/journeys/{id}/hints":        {backend, relay, page},
		"POST /v1/journeys/{id}/renew":        {backend, operator, relay, page},
		"POST /v1/journeys/{id}/cancel":       {backend, operator},
		"POST /v1/journeys/{id}/resolve":      {operator},
		"POST /v1/erasures":                   {operator},
		"GET /v1/erasures":                    {operator},
		"GET /v1/erasures/{id}":               {operator},
		"GET /v1/erasures/{id}/statement":     {operator},
		"GET /v1/receivers":                   {operator},
		"POST /v1/receivers":                  {operator},
		"DELETE /v1/receivers/{name}":         {operator},
		"POST /v1/receivers/{name}/secret":    {operator},
		"POST /v1/receivers/{name}/resume":    {operator},
		"POST /v1/receivers/{name}/redeliver": {operator},
		"GET /v1/receivers/{name}/deliveries": {operator},
		"GET /v1/catalogue":                   {backend, operator},
		"GET /openapi.yaml":                   all,
		"GET /openapi.json":                   all,
	}
}

// described lists every request that the server describes.
func described(t *testing.T, h house) []string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(h.ask(t, "nobody", "GET /openapi.json").Body.Bytes(), &document))
	require.NotEmpty(t, document.Paths)
	var patterns []string
	for path, item := range document.Paths {
		for key := range item {
			if method := strings.ToUpper(key); slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method) {
				patterns = append(patterns, method+" "+path)
			}
		}
	}
	return patterns
}

func TestAdmission(t *testing.T) {
	h := newHouse(t, access.Rate{}, access.Rate{})
	for _, pattern := range described(t, h) {
		require.Contains(t, permitted(), pattern)
	}
	for pattern, callers := range permitted() {
		t.Run(strings.ReplaceAll(strings.ReplaceAll(pattern, " ", "_"), "/", "_"), func(t *testing.T) {
			for caller := range h.tokens {
				w := h.ask(t, caller, pattern)
				unknown := slices.Contains([]string{"nobody", "guess", "page of long ago"}, caller)
				switch {
				case slices.Contains(callers, caller):
					require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError}, w.Code, caller)
				case unknown:
					require.Equal(t, http.StatusUnauthorized, w.Code, caller)
					require.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer")
				default:
					require.Equal(t, http.StatusForbidden, w.Code, caller)
				}
				require.NotContains(t, w.Body.String(), "hunter2")
			}
		})
	}
}

func TestAdmission_has_a_rate(t *testing.T) {
	once := access.Rate{Every: time.Minute, Burst: 1}
	h := newHouse(t, once, once)
	for _, caller := range []string{"backend", "page"} {
		require.Equal(t, http.StatusNotFound, h.ask(t, caller, "GET /v1/journeys/{id}").Code)
		w := h.ask(t, caller, "GET /v1/journeys/{id}")
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, "60", w.Header().Get("Retry-After"))
		require.Equal(t, app, w.Header().Get("Access-Control-Allow-Origin"), "a page can read why")
	}
	require.Equal(t, http.StatusNotFound, h.ask(t, "operator", "GET /v1/journeys/{id}").Code, "others have theirs")
}

// TestAdmission_shows_pages_every_header keeps the description and what browsers
// are allowed to show in step.
func TestAdmission_shows_pages_every_header(t *testing.T) {
	h, c := newHouse(t, access.Rate{}, access.Rate{}), published()
	for pattern, callers := range permitted() {
		if !slices.Contains(callers, "page") || slices.Contains(callers, "nobody") {
			continue
		}
		method, path, _ := strings.Cut(pattern, " ")
		shown := strings.Split(h.ask(t, "page", pattern).Header().Get("Access-Control-Expose-Headers"), ", ")
		var promised []string
		responses, at := c.object("/paths/" + escaped(path) + "/" + strings.ToLower(method) + "/responses")
		for status := range responses {
			headers, _ := c.object(at + "/" + status + "/headers")
			promised = slices.AppendSeq(promised, maps.Keys(headers))
		}
		require.Contains(t, promised, "Retry-After", pattern)
		require.Subset(t, shown, promised, pattern)
	}
}

func TestAdmission_of_pages(t *testing.T) {
	h := newHouse(t, access.Rate{}, access.Rate{})
	for pattern, callers := range permitted() {
		_, path, _ := strings.Cut(pattern, " ")
		forPages := slices.Contains(callers, "page") && !slices.Contains(callers, "nobody")
		shared := h.ask(t, "backend", pattern).Header().Get("Access-Control-Allow-Origin")
		preflight := h.ask(t, "nobody", http.MethodOptions+" "+path).Header().Get("Access-Control-Allow-Origin")
		if forPages {
			require.Equal(t, app, shared, pattern)
			require.Equal(t, app, preflight, pattern)
			continue
		}
		require.Empty(t, shared, pattern)
		require.Empty(t, preflight, pattern)
	}
}
