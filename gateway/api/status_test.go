package api_test

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
)

// shut lets nobody in, and says why.
type shut struct {
	*doorkeeper

	why error
}

func (s shut) Authenticate(*http.Request) (access.Caller, error) { return access.Caller{}, s.why }

// provocation is a request that nobody should make, or a gateway at a bad time.
type provocation struct {
	kind api.Kind
	// roles ask one after the other, until one is answered so.
	roles []access.Role
	// why is why nobody is let in.
	why error
	// body and content are what is sent.
	body, content string
	// err is what everything that is asked comes to; ErrNotFound unless given.
	err error
}

// answer asks an operation.
func (p provocation) answer(t *testing.T, role access.Role, method, path string) *http.Response {
	t.Helper()
	var door api.Access = &doorkeeper{hintsLeft: 60}
	if p.why != nil {
		door = shut{why: p.why}
	}
	journeys := &telling{scripted: scripted{err: cmp.Or(p.err, client.ErrNotFound)}}
	server := api.New(api.Options{Journeys: journeys, Access: door, Log: zap.NewNop()})
	run := runID
	if p.kind == api.Forbidden { // A relay token is for no other journey; an API key of the wrong role for none.
		run = otherRunID
	}
	target := strings.NewReplacer("{id}", journeyID+"."+run, "{name}", "shop").Replace(path)
	if method == http.MethodDelete {
		target += "?why=x"
	}
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(p.body))
	request.Header.Set("Authorization", "Bearer "+string(role))
	request.Header.Set("Content-Type", p.content)
	request.Header.Set("Idempotency-Key", "key")
	recorder := httptest.NewRecorder()
	server.Handler().ServeHTTP(recorder, request)
	answer := recorder.Result()
	requireDescribed(t, method, request.URL.Path, answer)
	return answer
}

// provocations are what every operation may have to answer. The statuses that
// depend on how a journey stands are tested with the operation: 409 with start,
// renew, cancel and resolve, 410 with renew.
func provocations() map[int]provocation {
	everybody := []access.Role{access.Backend, access.Operator, access.Relay}
	const json = "application/json"
	return map[int]provocation{
		400: {kind: api.InvalidRequest, roles: everybody, content: json, body: `{`},
		401: {kind: api.Unauthenticated, roles: []access.Role{"nobody"}},
		403: {kind: api.Forbidden, roles: everybody, content: json, body: `{}`},
		413: {kind: api.TooLarge, roles: everybody, content: json, body: `"` + strings.Repeat("x", 5<<20)},
		415: {kind: api.UnsupportedMediaType, roles: everybody, content: "text/plain", body: `{}`},
		422: {kind: api.InputRefused, roles: everybody, content: json, body: `{"unheard of": true}`},
		429: {kind: api.TooManyRequests, roles: everybody, why: &access.Error{Kind: access.TooMany, Advice: "Slower.", Wait: 7 * time.Second}},
		500: {kind: api.Internal, roles: everybody, why: errors.New("secret")},
		503: {kind: api.Unavailable, roles: everybody, why: &access.Error{Kind: access.Unusable, Advice: "An operator has to mend the API keys."}},
	}
}

// TestStatuses provokes each status that does not depend on a journey, at every
// operation that there is.
func TestStatuses(t *testing.T) {
	t.Parallel()
	c := published()
	paths, _ := c.object("/paths")
	for path := range paths {
		operations, _ := c.object("/paths/" + escaped(path))
		for method := range operations {
			operation, pointer := c.object("/paths/" + escaped(path) + "/" + method)
			if security, open := operation["security"].([]any); open && len(security) == 0 {
				continue // It is for everybody, and asks nobody.
			}
			_, hasBody := operation["requestBody"]
			for status, provoked := range provocations() {
				if provoked.body != "" && status != http.StatusForbidden && !hasBody {
					continue
				}
				t.Run(strings.ToUpper(method)+"_"+strings.ReplaceAll(path, "/", "_")+"_"+strconv.Itoa(status), func(t *testing.T) {
					t.Parallel()
					response, _ := c.object(pointer + "/responses/" + strconv.Itoa(status))
					require.NotNil(t, response, "it is not described")
					for _, role := range provoked.roles {
						answer := provoked.answer(t, role, strings.ToUpper(method), path)
						if answer.StatusCode != status {
							continue
						}
						require.NotContains(t, requireProblem(t, answer, status, provoked.kind)["detail"], "secret")
						if status == http.StatusTooManyRequests {
							require.Equal(t, "7", answer.Header.Get("Retry-After"))
						}
						return
					}
					t.Fatal("nobody is answered so")
				})
			}
		}
	}
}

// TestStatuses_of_what_is_not_there asks every operation on one journey, erasure
// or receiver for one that does not exist.
func TestStatuses_of_what_is_not_there(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"hints": `{"name": "final-page"}`, "cancel": `{"why": "x"}`, "resolve": `{"outcome": "enrolled", "why": "x"}`,
		"secret": `{"why": "x"}`, "resume": `{"why": "x"}`, "redeliver": `{"event": "evt_1", "why": "x"}`,
	}
	for _, route := range api.Routes() {
		method, path, _ := strings.Cut(route, " ")
		last := path[strings.LastIndex(path, "/")+1:]
		if !strings.Contains(path, "{") || last == "events" { // A stream has tests of its own.
			continue
		}
		t.Run(strings.ReplaceAll(route, "/", "_"), func(t *testing.T) {
			t.Parallel()
			asked := provocation{kind: api.NotFound, content: "application/json", body: bodies[last]}
			if strings.Contains(path, "{name}") {
				asked.err = client.ErrNoReceiver
			}
			role := access.Operator
			if last == "hints" {
				role = access.Backend
			}
			requireProblem(t, asked.answer(t, role, method, path), http.StatusNotFound, api.NotFound)
		})
	}
}
