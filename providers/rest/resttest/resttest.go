// Package resttest is the conformance suite that every provider's client must
// pass. A provider lists its calls; the suite answers them with everything
// that can go wrong on the way and holds the client to the promises of package
// rest: no answer but a documented one is a success, no failure tells a
// secret, nothing is sent twice that may be sent only once.
package resttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// basePath makes sure that clients append to the base address.
const basePath = "/some/base"

// Call is one call of a provider's client.
type Call struct {
	// Name names the call in test output.
	Name string
	// Good is the body of a good answer.
	Good string
	// Success lists the statuses that the provider documents as success with
	// such a body; 200 unless given.
	Success []int
	// BodyIgnored marks a call whose answer is in its status alone.
	BodyIgnored bool
	// Once marks a call that may be sent only once.
	Once bool
	// Secrets must not appear in any failure: keys, tokens, subjects.
	Secrets []string
	// Aside answers requests that are made along the way, such as that for an
	// access token, and reports whether it did.
	Aside func(http.ResponseWriter, *http.Request) bool
	// Do makes the call with a client for the address. It reports whether the
	// client says that the call succeeded.
	Do func(ctx context.Context, baseURL string, options ...rest.Option) (bool, error)
}

// Run holds every call to the promises.
func Run(t *testing.T, calls []Call) {
	t.Helper()
	for _, c := range calls {
		if len(c.Success) == 0 {
			c.Success = []int{http.StatusOK}
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Run("a_good_answer_is_a_success", c.goodAnswer)
			t.Run("no_other_status_is_a_success", c.everyStatus)
			t.Run("a_broken_body_is_no_success", c.brokenBody)
			t.Run("a_body_over_the_limit_is_no_success", c.oversizedBody)
			t.Run("half_a_body_is_no_success", c.halfBody)
			t.Run("a_dead_line_ends_in_time", c.deadLine)
			t.Run("a_refused_connection_was_not_sent", c.refusedConnection)
			t.Run("a_cancelled_context_is_the_cause", c.cancelledContext)
			t.Run("a_reset_after_the_effect", c.resetAfterEffect)
			t.Run("no_failure_tells_a_secret", c.leaks)
		})
	}
}

// ask makes the call against the handler.
func (c Call) ask(t *testing.T, handler http.HandlerFunc, options ...rest.Option) (bool, error) {
	t.Helper()
	server := c.serve(t, handler)
	return c.Do(t.Context(), server.URL+basePath, append([]rest.Option{rest.WithAllowHTTP(true)}, options...)...)
}

// serve answers what is asked along the way and leaves the rest to the handler.
func (c Call) serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, basePath+"/") {
			t.Errorf("%s was asked for a path outside the base address: %s", c.Name, r.URL.Path)
		}
		if c.Aside == nil || !c.Aside(w, r) {
			handler(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", basePath+"/elsewhere")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func (c Call) goodAnswer(t *testing.T) {
	for _, status := range c.Success {
		ok, err := c.ask(t, answer(status, c.Good))
		require.NoError(t, err)
		require.True(t, ok, "status %d", status)
	}
}

// everyStatus sends the good body under every status that a server can end an
// answer with. Those below 200 never end one.
func (c Call) everyStatus(t *testing.T) {
	var status atomic.Int64
	server := c.serve(t, func(w http.ResponseWriter, r *http.Request) { answer(int(status.Load()), c.Good)(w, r) })
	for code := 200; code <= 999; code++ {
		if slices.Contains(c.Success, code) || (code > 599 && code%10 != 1) {
			continue
		}
		status.Store(int64(code))
		ok, err := c.Do(t.Context(), server.URL+basePath, rest.WithAllowHTTP(true))
		require.False(t, ok, "status %d counted as success, error %v", code, err)
	}
}

func (c Call) brokenBody(t *testing.T) {
	if c.BodyIgnored {
		return
	}
	for name, body := range map[string]string{
		"html":      "<html><body>Service</body></html>",
		"empty":     "",
		"null":      "null",
		"list":      "[]",
		"object":    "{}",
		"cut":       c.Good[:len(c.Good)/2],
		"two":       c.Good + " " + c.Good,
		"not_utf_8": "\xff\xfe{}",
	} {
		t.Run(name, func(t *testing.T) {
			ok, err := c.ask(t, answer(c.Success[0], body))
			require.False(t, ok, "error %v", err)
		})
	}
}

func (c Call) oversizedBody(t *testing.T) {
	const limit = 4 << 10
	ok, err := c.ask(t, answer(c.Success[0], c.Good+strings.Repeat(" ", limit+1)), rest.WithBodyLimit(limit))
	require.False(t, ok)
	require.Equal(t, c.kind(enroll.KindUnexpected), kindOf(t, err))
}

func (c Call) halfBody(t *testing.T) {
	ok, err := c.ask(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(c.Good)+1))
		w.WriteHeader(c.Success[0])
		_, _ = w.Write([]byte(c.Good))
	})
	require.False(t, ok)
	require.Equal(t, c.kind(enroll.KindUnavailable), kindOf(t, err))
}

func (c Call) deadLine(t *testing.T) {
	ok, err := c.ask(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // The end of the request must be seen to learn that the client left.
		<-r.Context().Done()
	}, rest.WithTimeout(150*time.Millisecond))
	require.False(t, ok)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, c.kind(enroll.KindUnavailable), kindOf(t, err))
}

func (c Call) refusedConnection(t *testing.T) {
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	ok, err := c.Do(t.Context(), "http://"+address+basePath, rest.WithAllowHTTP(true))
	require.False(t, ok)
	require.Equal(t, enroll.KindUnavailable, kindOf(t, err))
}

func (c Call) cancelledContext(t *testing.T) {
	server := c.serve(t, answer(c.Success[0], c.Good))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ok, err := c.Do(ctx, server.URL+basePath, rest.WithAllowHTTP(true))
	require.False(t, ok)
	require.ErrorIs(t, err, context.Canceled)
}

// resetAfterEffect closes the connection after the request had its effect. A
// once-only call must not be sent again and must say that its answer is lost.
func (c Call) resetAfterEffect(t *testing.T) {
	var effects atomic.Int64
	ok, err := c.ask(t, func(http.ResponseWriter, *http.Request) {
		effects.Add(1)
		panic(http.ErrAbortHandler)
	})
	require.False(t, ok)
	require.Equal(t, c.kind(enroll.KindUnavailable), kindOf(t, err))
	if c.Once {
		require.Equal(t, int64(1), effects.Load(), "a once-only call was sent again")
	}
}

// providersWords stand for whatever a provider may say: they belong in no log,
// and the text of an error goes there.
const providersWords = "the words of a provider"

// leaks answers with every secret in every place where providers put text.
func (c Call) leaks(t *testing.T) {
	all := providersWords + " " + strings.Join(c.Secrets, " / ")
	require.NotEmpty(t, all, "list what the call must not tell")
	body := fmt.Sprintf(`{"Message":%[1]q,"ID":%[1]q,"Code":%[1]q,"Error":%[1]q,"message":%[1]q,"error":%[1]q,"error_description":%[1]q,"code":%[1]q}`, all)
	for _, status := range []int{200, 204, 302, 400, 401, 403, 404, 408, 409, 412, 429, 500, 503} {
		_, err := c.ask(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", all)
			w.Header().Set("Retry-After", all)
			answer(status, body)(w, r)
		})
		c.holdsNoSecret(t, err)
	}
	for _, raw := range []string{all, "HTTP/1.1 " + all + "\r\n\r\n", "HTTP/1.1 200 OK\r\n" + all + "\r\n\r\n"} {
		_, err := c.ask(t, func(w http.ResponseWriter, _ *http.Request) { hijack(w, raw) })
		require.Error(t, err)
		c.holdsNoSecret(t, err)
	}
}

// hijack answers with bytes that are not HTTP.
func hijack(w http.ResponseWriter, raw string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = conn.Write([]byte(raw))
	_ = conn.Close()
}

func (c Call) holdsNoSecret(t *testing.T, err error) {
	t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "%v %+v ", err, err)
	if known, ok := errors.AsType[*enroll.Error](err); ok {
		fmt.Fprintf(&text, "%#v", *known)
	}
	if refusal, ok := errors.AsType[*enroll.Refusal](err); ok {
		fmt.Fprintf(&text, "%#v", *refusal)
	}
	for _, secret := range c.Secrets {
		require.NotContains(t, strings.ToLower(text.String()), strings.ToLower(secret))
	}
	if err != nil {
		require.NotContains(t, err.Error(), providersWords)
	}
}

// kind is what the failure is for this call: a once-only call that was sent
// has lost its answer.
func (c Call) kind(otherwise enroll.Kind) enroll.Kind {
	if c.Once {
		return enroll.KindLost
	}
	return otherwise
}

// kindOf returns the kind of a failure, and fails the test for any other
// error.
func kindOf(t *testing.T, err error) enroll.Kind {
	t.Helper()
	failed, ok := errors.AsType[*enroll.Error](err)
	require.True(t, ok, "want an enroll.Error, got %v", err)
	return failed.Kind
}

// Stream is what a provider's client is given to send, made of bytes in memory.
func Stream(data []byte) rest.Stream {
	return rest.Stream{Reader: bytes.NewReader(data), Size: int64(len(data))}
}
