package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

// clock is a clock that tests move by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// sim is a simulator behind a real listener, with a clock that stands still.
type sim struct {
	hook  string // of authID, for reopen
	t     *testing.T
	url   string
	clock *clock
	dir   string
	close func()
}

// newSim starts a simulator on a new data folder.
func newSim(t *testing.T) *sim {
	t.Helper()
	s := &sim{t: t, clock: newClock(), dir: t.TempDir()}
	s.open()
	return s
}

func (s *sim) open() {
	s.t.Helper()
	server, err := simulator.New(simulator.Options{DataDir: s.dir, Now: s.clock.Now, AuthIDWebhook: s.hook})
	require.NoError(s.t, err)
	web := httptest.NewServer(server.Handler())
	s.url = web.URL
	s.close = sync.OnceFunc(func() {
		web.CloseClientConnections()
		web.Close()
		require.NoError(s.t, server.Close())
	})
	s.t.Cleanup(s.close)
}

// reopen stops the simulator and starts another one on the same data folder.
func (s *sim) reopen() {
	s.t.Helper()
	s.close()
	s.open()
}

// answer is what came back for a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// json reads the answer's body.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var value map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &value), "the body is %s", a.body)
	return value
}

// text reads one field of the answer's body.
func (a answer) text(t *testing.T, name string) string {
	t.Helper()
	value, ok := a.json(t)[name].(string)
	require.True(t, ok, "%s is no text in %s", name, a.body)
	return value
}

// header sets a header of a request.
type header struct{ name, value string }

// try sends a request on a connection of its own; the error is that of the transport.
func (s *sim) try(method, path, body string, headers ...header) (answer, error) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	for _, h := range headers {
		request.Header.Set(h.name, h.value)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, header: response.Header, body: string(raw)}, err
}

// do is try for requests whose answer must arrive.
func (s *sim) do(method, path, body string, headers ...header) answer {
	s.t.Helper()
	a, err := s.try(method, path, body, headers...)
	require.NoError(s.t, err)
	return a
}

// control sends a control request that must succeed.
func (s *sim) control(method, path string, body any) answer {
	s.t.Helper()
	raw := []byte{}
	if body != nil {
		var err error
		raw, err = json.Marshal(body)
		require.NoError(s.t, err)
	}
	a := s.do(method, "/_sim/"+path, string(raw))
	require.Equal(s.t, http.StatusOK, a.status, a.body)
	return a
}

// fault adds a fault.
func (s *sim) fault(f simulator.Fault) {
	s.t.Helper()
	s.control(http.MethodPost, "faults", f)
}

// ledger returns the entries that match a query.
func (s *sim) ledger(query string) []simulator.Entry {
	s.t.Helper()
	var entries []simulator.Entry
	decoder := json.NewDecoder(bytes.NewReader([]byte(s.control(http.MethodGet, "ledger?"+query, nil).body)))
	require.NoError(s.t, decoder.Decode(&entries))
	return entries
}

// effects returns how often an effect is in the ledger of a subject.
func (s *sim) effects(subject, effect string) int {
	s.t.Helper()
	n := 0
	for _, e := range s.ledger("subject=" + subject) {
		if slices.Contains(e.Effects, effect) {
			n++
		}
	}
	return n
}

// state returns what a provider believes of a subject.
func (s *sim) state(provider, subject string) map[string]any {
	s.t.Helper()
	return s.control(http.MethodGet, "state?provider="+provider+"&subject="+subject, nil).json(s.t)
}

// serve asks a handler without a network in between.
func serve(t *testing.T, handler http.Handler, method, path, body string, headers ...header) answer {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for _, h := range headers {
		request.Header.Set(h.name, h.value)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return answer{status: recorder.Code, header: recorder.Header(), body: recorder.Body.String()}
}
