package rest_test

import (
	"bufio"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// flaky is a server that answers the first request of each connection and lets
// the second have its effect, but closes the connection instead of answering:
// what a client sees when a provider restarts at the wrong moment.
type flaky struct {
	address string
	effects atomic.Int64
}

func newFlaky(t *testing.T) *flaky {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	f := &flaky{address: "http://" + listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go f.serve(conn)
		}
	}()
	return f
}

// serve counts an effect for each request of /effect and answers only those of
// /warm-up.
func (f *flaky) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		_, _ = reader.Discard(int(r.ContentLength))
		if r.URL.Path == "/effect" {
			f.effects.Add(1)
			return
		}
		if _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")); err != nil {
			return
		}
	}
}

func TestOnceOnlyCallIsSentOnce(t *testing.T) {
	ask := func(t *testing.T, method string, once bool) (*flaky, error) {
		t.Helper()
		server := newFlaky(t)
		client, err := rest.New(enroll.BioID, server.address, rest.WithAllowHTTP(true))
		require.NoError(t, err)
		// A connection must be open already for net/http to replay on.
		_, err = client.Do(t.Context(), rest.Request{Op: "test: warm up", Method: http.MethodGet, Path: "/warm-up"})
		require.NoError(t, err)
		r := rest.Request{Op: "test: effect", Method: method, Path: "/effect", Once: once}
		if method == http.MethodPost {
			r.Body = rest.JSON(struct{}{})
		}
		_, err = client.Do(t.Context(), r)
		return server, err
	}

	t.Run("an_ordinary_get_is_replayed_by_net_http", func(t *testing.T) {
		server, err := ask(t, http.MethodGet, false)
		require.Equal(t, enroll.KindUnavailable, failureOf(t, err).Kind)
		require.Greater(t, server.effects.Load(), int64(1), "the baseline: without once-only the effect doubles")
	})
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		t.Run("once_only_"+method, func(t *testing.T) {
			server, err := ask(t, method, true)
			require.Equal(t, enroll.KindLost, failureOf(t, err).Kind)
			require.Equal(t, int64(1), server.effects.Load())
		})
	}
}

func TestOnceOnlyCallUsesAFreshConnectionOfHTTP1(t *testing.T) {
	type seen struct {
		remote string
		major  int
	}
	var last seen
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		last = seen{r.RemoteAddr, r.ProtoMajor}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	client, err := rest.New(enroll.BioID, server.URL)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client.Trust(roots)
	ask := func(once bool) seen {
		_, err := client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodGet, Path: "/x", Once: once})
		require.NoError(t, err)
		return last
	}

	first, second := ask(false), ask(false)
	require.Equal(t, first, second, "ordinary calls share a connection")
	require.Equal(t, 2, first.major)
	first, second = ask(true), ask(true)
	require.NotEqual(t, first.remote, second.remote)
	require.Equal(t, 1, first.major)
	require.Equal(t, 1, second.major)
}
