package web_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/web"
)

// read returns settings on a free port.
func read(t *testing.T, values map[string]string) web.Settings {
	t.Helper()
	src := config.NewSource(config.Map(values))
	settings := web.Read(src, "X_", "127.0.0.1:0")
	require.NoError(t, src.Err())
	return settings
}

// served serves the handler; stop begins to stop it, and ended tells how it
// ended.
func served(t *testing.T, handler http.Handler, patience time.Duration) (url string, stop func(), ended <-chan error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	settings := read(t, nil)
	addresses, end := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		end <- web.Serve(ctx, web.Server(handler, time.Minute, zap.NewNop()), settings, patience, func(address net.Addr, _ bool) { addresses <- address })
	}()
	return "http://" + (<-addresses).String(), stop, end
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	answer, err := (&http.Client{}).Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func TestServe(t *testing.T) {
	t.Parallel()

	t.Run("lets_an_answer_under_way_finish", func(t *testing.T) {
		t.Parallel()
		asked, finish := make(chan struct{}), make(chan struct{})
		url, stop, ended := served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(asked)
			<-finish
			_, _ = io.WriteString(w, "done")
		}), time.Minute)
		body := make(chan string, 1)
		go func() {
			told, err := get(t.Context(), url)
			if err != nil {
				told = err.Error()
			}
			body <- told
		}()
		<-asked
		stop()
		close(finish)
		require.NoError(t, <-ended)
		require.Equal(t, "done", <-body)
	})

	t.Run("hangs_up_when_its_patience_is_over", func(t *testing.T) {
		t.Parallel()
		asked, finish := make(chan struct{}), make(chan struct{})
		defer close(finish)
		url, stop, ended := served(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(asked)
			<-finish
		}), time.Millisecond)
		failed := make(chan error, 1)
		go func() {
			_, err := get(t.Context(), url)
			failed <- err
		}()
		<-asked
		stop()
		require.NoError(t, <-ended)
		require.Error(t, <-failed)
	})

	t.Run("lets_a_handler_say_that_a_body_came_too_slowly", func(t *testing.T) {
		t.Parallel()
		slow := web.Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				w.WriteHeader(http.StatusRequestTimeout)
			}
		}), time.Millisecond, zap.NewNop())
		// What comes late is the body, and the headers on no machine.
		slow.ReadHeaderTimeout = time.Minute
		var plain net.ListenConfig
		listener, err := plain.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go func() { _ = slow.Serve(listener) }()
		t.Cleanup(func() { _ = slow.Close() })
		body, rest := io.Pipe()
		defer rest.Close() //nolint:errcheck // nobody reads any more
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+listener.Addr().String(), body)
		require.NoError(t, err)
		answer, err := (&http.Client{}).Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusRequestTimeout, answer.StatusCode)
	})

	t.Run("says_which_setting_moves_an_address_that_is_taken", func(t *testing.T) {
		t.Parallel()
		var plain net.ListenConfig
		taken, err := plain.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer taken.Close() //nolint:errcheck // nothing was accepted
		settings := read(t, map[string]string{"X_LISTEN": taken.Addr().String()})
		err = web.Serve(t.Context(), web.Server(http.NotFoundHandler(), time.Minute, zap.NewNop()), settings, time.Second, func(net.Addr, bool) {})
		require.ErrorContains(t, err, "X_LISTEN")
	})
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]struct{ name, value, says string }{
		"refuses_plain_http_beyond_this_machine": {"X_LISTEN", "0.0.0.0:0", "X_ALLOW_HTTP"},
		"refuses_an_address_without_a_port":      {"X_LISTEN", "127.0.0.1", "host:port"},
		"refuses_a_certificate_without_its_key":  {"X_TLS_CERT_FILE", "cert.pem", "X_TLS_KEY_FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := config.NewSource(config.Map(map[string]string{wrong.name: wrong.value}))
			web.Read(src, "X_", "127.0.0.1:0")
			require.ErrorContains(t, src.Err(), wrong.says)
		})
	}
}
