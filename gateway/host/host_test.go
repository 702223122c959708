package host_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
	"github.com/bioenroll/bioenroll/gateway/host"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/web"
)

// waiting is a journey that waits for ever, and a start that takes its time.
type waiting struct {
	host.Journeys // Whatever else is asked is a mistake of the test.

	// followed and started are closed when the gateway asks; the start goes on
	// when finish is closed.
	followed, started, finish chan struct{}
	temporal, records, sealed error
}

func wait() *waiting {
	return &waiting{followed: make(chan struct{}), started: make(chan struct{}), finish: make(chan struct{})}
}

// Follow tells that the journey waits, and nothing more.
func (w *waiting) Follow(ctx context.Context, _, _ string) iter.Seq2[enroll.State, error] {
	return func(yield func(enroll.State, error) bool) {
		if yield(enroll.State{Phase: enroll.Waiting}, nil) {
			close(w.followed)
			<-ctx.Done()
		}
	}
}

// Show tells of a journey that waits.
func (w *waiting) Show(_ context.Context, id, runID string) (client.Shown, error) {
	return client.Shown{ID: id, RunID: runID, Journey: enroll.SmartIDUnenroll, Phase: enroll.Waiting}, nil
}

// StartOrRepeat starts a journey when the test says so.
func (w *waiting) StartOrRepeat(ctx context.Context, _ string, _ client.Request) (client.Started, bool, error) {
	close(w.started)
	<-w.finish
	return client.Started{ID: "smartid-1", RunID: run, Result: &enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Removed}}}, false, ctx.Err()
}

func (w *waiting) Reachable(context.Context) error        { return w.temporal }
func (w *waiting) RecordsReachable(context.Context) error { return w.records }
func (w *waiting) SealedReachable(context.Context) error  { return w.sealed }

const run = "0199f7a2-0000-7000-8000-000000000001"

// door is a gateway that is served.
type door struct {
	*host.Host

	url   string
	key   enroll.Secret
	stop  context.CancelFunc
	ended <-chan error
}

// open serves a gateway on a free port.
func open(t *testing.T, journeys host.Journeys, log *zap.Logger) door {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys")
	src := config.NewSource(config.Map(map[string]string{host.Prefix + "LISTEN": "127.0.0.1:0", host.Prefix + "KEYS": file}))
	settings := host.Load(src)
	require.NoError(t, src.Err())
	key, _, err := settings.Access.Keys.Put("shop", access.Backend)
	require.NoError(t, err)
	running, err := host.New(host.Options{Settings: settings, Journeys: journeys, Signing: keys.New(), Log: log})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	addresses, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		ended <- web.Serve(ctx, running.Server(), settings.Web, host.StopPatience, func(address net.Addr, _ bool) { addresses <- address })
	}()
	return door{Host: running, url: "http://" + (<-addresses).String(), key: key, stop: stop, ended: ended}
}

// idle makes a gateway that nobody serves.
func idle(t *testing.T, values map[string]string) *host.Host {
	t.Helper()
	src := config.NewSource(config.Map(values))
	settings := host.Load(src)
	require.NoError(t, src.Err())
	made, err := host.New(host.Options{Settings: settings, Journeys: wait(), Signing: keys.New(), Log: zap.NewNop()})
	require.NoError(t, err)
	return made
}

// told is an answer.
type told struct {
	status int
	body   string
	err    error
}

// ask makes a request and hands its answer over.
func (d door) ask(ctx context.Context, method, path, body string) <-chan told {
	answered := make(chan told, 1)
	go func() { answered <- d.send(ctx, method, path, body) }()
	return answered
}

func (d door) send(ctx context.Context, method, path, body string) told {
	request, err := http.NewRequestWithContext(ctx, method, d.url+path, strings.NewReader(body))
	if err != nil {
		return told{err: err}
	}
	request.Header.Set("Authorization", "Bearer "+d.key.Reveal())
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "1")
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return told{err: err}
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	said, err := io.ReadAll(answer.Body)
	return told{status: answer.StatusCode, body: string(said), err: err}
}

func TestStop(t *testing.T) {
	t.Parallel()

	t.Run("answers_a_request_that_waits_for_news", func(t *testing.T) {
		t.Parallel()
		journeys := wait()
		d := open(t, journeys, zap.NewNop())
		answered := d.ask(t.Context(), http.MethodGet, "/v1/journeys/smartid-1."+run+"?wait=50", "")
		<-journeys.followed
		d.stop()
		require.NoError(t, <-d.ended)
		answer := <-answered
		require.NoError(t, answer.err)
		require.Equal(t, http.StatusOK, answer.status, answer.body)
		require.Contains(t, answer.body, `"phase":"waiting"`)
	})

	t.Run("ends_a_stream_of_events", func(t *testing.T) {
		t.Parallel()
		journeys := wait()
		d := open(t, journeys, zap.NewNop())
		answered := d.ask(t.Context(), http.MethodGet, "/v1/journeys/smartid-1."+run+"/events", "")
		<-journeys.followed
		d.stop()
		require.NoError(t, <-d.ended)
		answer := <-answered
		require.NoError(t, answer.err, "the stream has an end, it is not cut")
		require.Equal(t, http.StatusOK, answer.status)
	})

	t.Run("lets_a_start_under_way_finish", func(t *testing.T) {
		t.Parallel()
		journeys := wait()
		d := open(t, journeys, zap.NewNop())
		answered := d.ask(t.Context(), http.MethodPost, "/v1/journeys", `{"journey":"smartid.unenroll","input":{"user":"u"}}`)
		<-journeys.started
		d.stop()
		require.Eventually(t, func() bool { return d.send(t.Context(), http.MethodGet, "/livez", "").err != nil }, time.Minute, time.Millisecond,
			"nothing new is let in")
		close(journeys.finish)
		answer := <-answered
		require.NoError(t, answer.err)
		require.Equal(t, http.StatusCreated, answer.status, answer.body)
		require.NoError(t, <-d.ended)
	})

	t.Run("is_not_ready_any_more", func(t *testing.T) {
		t.Parallel()
		d := open(t, wait(), zap.NewNop())
		require.Equal(t, http.StatusOK, d.send(t.Context(), http.MethodGet, "/readyz", "").status)
		d.Stop()
		d.Stop() // It can be called more than once.
		answer := d.send(t.Context(), http.MethodGet, "/readyz", "")
		require.Equal(t, http.StatusServiceUnavailable, answer.status)
		require.Contains(t, answer.body, "running: failed\n")
	})
}

func TestPages(t *testing.T) {
	t.Parallel()
	h := idle(t, map[string]string{host.Prefix + "KEYS": filepath.Join(t.TempDir(), "keys")})
	t.Cleanup(h.Stop)
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.Server().Handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}

	t.Run("of_health_are_read_only", func(t *testing.T) {
		t.Parallel()
		for _, page := range []string{"/livez", "/readyz"} {
			require.Equal(t, http.StatusOK, ask(http.MethodGet, page).Code)
			require.Equal(t, http.StatusOK, ask(http.MethodHead, page).Code)
			refused := ask(http.MethodPut, page)
			require.Equal(t, http.StatusMethodNotAllowed, refused.Code)
			require.Equal(t, "GET, HEAD", refused.Header().Get("Allow"))
			require.Contains(t, refused.Body.String(), api.MethodNotAllowed)
		}
	})

	t.Run("are_at_one_path_each", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"//livez", "/./readyz", "/v1/../livez", "/livez/", "//v1/journeys", "/webhooks/authid//secret", "/webhooks/authid/../authid/secret"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				answer := ask(method, path)
				require.Equal(t, http.StatusNotFound, answer.Code, path)
				require.Equal(t, "application/problem+json", answer.Header().Get("Content-Type"), path)
			}
		}
	})
}

func TestUntil(t *testing.T) {
	t.Parallel()

	t.Run("lets_requests_in_until_a_load_balancer_has_heard_of_it", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "keys")
		synctest.Test(t, func(t *testing.T) {
			h := idle(t, map[string]string{host.Prefix + "KEYS": file, host.Prefix + "STOP_DELAY": "10s"})
			defer h.Stop()
			told, tell := context.WithCancel(t.Context())
			until := h.Until(told)
			ready := h.Checks()[0]
			synctest.Wait()
			require.NoError(t, ready.Try(t.Context()))
			tell()
			synctest.Wait()
			require.Error(t, ready.Try(t.Context()))
			time.Sleep(9 * time.Second) // Of the test's own clock.
			require.NoError(t, until.Err())
			time.Sleep(time.Second)
			synctest.Wait()
			require.Error(t, until.Err())
		})
	})
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	why := errors.New("dial tcp hunter2.internal:5432: refused")
	for name, journeys := range map[string]*waiting{
		"temporal": {temporal: why}, "records": {records: why}, "sealed": {sealed: why},
	} {
		t.Run("names_"+name+"_and_tells_the_log_why", func(t *testing.T) {
			t.Parallel()
			core, entries := observer.New(zap.WarnLevel)
			d := open(t, journeys, zap.New(core))
			answer := d.send(t.Context(), http.MethodGet, "/readyz", "")
			require.Equal(t, http.StatusServiceUnavailable, answer.status)
			require.Equal(t, 1, strings.Count(answer.body, "failed"), answer.body)
			require.Contains(t, answer.body, name+": failed\n")
			require.Len(t, entries.FilterField(zap.String("check", name)).FilterField(zap.Error(why)).All(), 1)
			require.Equal(t, http.StatusOK, d.send(t.Context(), http.MethodGet, "/livez", "").status, "starting anew mends nothing")
		})
	}
}
