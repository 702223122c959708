package delivery_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/delivery"
	"github.com/bioenroll/bioenroll/internal/records"
)

const body = `{"type":"journey.concluded","data":{"sequence":1}}`

// event is one for a receiver at the address.
func event(address string) records.Delivery {
	return records.Delivery{
		Event: "evt_1", Receiver: "backend", Attempt: 1, Body: []byte(body), URL: enroll.Secret(address), Secrets: []enroll.Secret{first},
	}
}

// anywhere is a sender that may connect to this machine.
func anywhere() *delivery.Sender {
	return delivery.NewSender(delivery.Transport{AllowHTTP: true, AllowInternal: true})
}

func TestSend(t *testing.T) {
	t.Parallel()

	t.Run("sends_what_the_official_library_verifies", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			verifier, _ := webhooks.NewWebhook(first.Reveal())
			if err != nil || verifier.Verify(got, r.Header) != nil || string(got) != body || r.Method != http.MethodPost ||
				r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Webhook-Id") != "evt_1" || r.Header.Get("Cookie") != "" {
				w.WriteHeader(http.StatusBadRequest)
			}
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		}))
		t.Cleanup(server.Close)
		sender := anywhere()
		for range 2 { // The second time there could be a cookie.
			require.Equal(t, delivery.Answer{Status: http.StatusOK}, sender.Send(t.Context(), event(server.URL+"/hook?token=1")))
		}
	})

	t.Run("follows_no_redirect", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				t.Error("the redirect was followed")
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}))
		t.Cleanup(server.Close)
		got := anywhere().Send(t.Context(), event(server.URL))
		require.Equal(t, http.StatusTemporaryRedirect, got.Status)
		require.Equal(t, "again", got.Verdict())
	})

	t.Run("hears_when_to_come_back", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		t.Cleanup(server.Close)
		require.Equal(t, delivery.Answer{Status: http.StatusTooManyRequests, RetryAfter: 2 * time.Minute}, anywhere().Send(t.Context(), event(server.URL)))
	})

	t.Run("takes_the_head_for_the_answer_and_not_the_body", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			for r.Context().Err() == nil { // It goes on until it is cut off.
				if _, err := io.WriteString(w, strings.Repeat("x", 64<<10)); err != nil {
					return
				}
			}
		}))
		t.Cleanup(server.Close)
		require.Equal(t, delivery.Answer{Status: http.StatusAccepted}, anywhere().Send(t.Context(), event(server.URL)))
	})

	t.Run("believes_no_certificate_of_its_own_making", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.Config.ErrorLog = quiet()
		server.StartTLS()
		t.Cleanup(server.Close)
		sender := anywhere()
		require.Equal(t, delivery.Answer{Trouble: delivery.Untrusted}, sender.Send(t.Context(), event(server.URL)))
		sender.Trust(server.Client())
		require.Equal(t, delivery.Answer{Status: http.StatusOK}, sender.Send(t.Context(), event(server.URL)))
	})

	t.Run("tells_a_receiver_that_is_not_there", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, delivery.Answer{Trouble: delivery.Disconnected}, anywhere().Send(t.Context(), event("http://"+unused(t))))
	})

	t.Run("tells_an_answer_that_breaks_off", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		t.Cleanup(server.Close)
		require.Equal(t, delivery.Answer{Trouble: delivery.Disconnected}, anywhere().Send(t.Context(), event(server.URL)))
	})

	t.Run("tells_time_and_interruption_apart", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // Only then the server sees the connection end.
			<-r.Context().Done()
		}))
		t.Cleanup(server.Close)
		hasty := delivery.NewSender(delivery.Transport{AllowHTTP: true, AllowInternal: true, Limit: 50 * time.Millisecond})
		require.Equal(t, delivery.Answer{Trouble: delivery.TimedOut}, hasty.Send(t.Context(), event(server.URL)))
		stopped, stop := context.WithCancel(t.Context())
		stop()
		got := anywhere().Send(stopped, event(server.URL))
		require.Equal(t, delivery.Answer{Trouble: delivery.Interrupted}, got)
		require.Equal(t, "hand back", got.Verdict())
	})

	t.Run("sends_nothing_that_is_not_https_unless_allowed", func(t *testing.T) {
		t.Parallel()
		careful := delivery.NewSender(delivery.Transport{AllowInternal: true})
		for _, address := range []string{"http://" + unused(t), "ftp://example.com", "//example.com", "https://%zz", ""} {
			require.Equal(t, delivery.Answer{Trouble: delivery.Unsendable}, careful.Send(t.Context(), event(address)), address)
		}
		unsigned := event("https://" + unused(t))
		unsigned.Secrets = nil
		require.Equal(t, delivery.Answer{Trouble: delivery.Unsendable}, careful.Send(t.Context(), unsigned))
	})
}

// A proxy would be asked for what must not be reached. The environment is read
// once in a process, so this test runs before those that run in parallel.
func TestSend_goes_through_no_proxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(proxy.Close)
	t.Setenv("HTTP_PROXY", proxy.URL)
	soon, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	got := anywhere().Send(soon, event("http://receiver.invalid/"))
	require.Zero(t, got.Status)
	require.NotEmpty(t, got.Trouble)
}

func TestSend_stays_outside(t *testing.T) {
	t.Parallel()
	reached := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	outside := delivery.NewSender(delivery.Transport{AllowHTTP: true})
	hosts := []string{"127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"}
	if addresses, err := net.DefaultResolver.LookupHost(t.Context(), "localhost"); err == nil && len(addresses) > 0 {
		hosts = append(hosts, "localhost") // A name, which is judged by what it resolves to.
	}
	for _, host := range hosts {
		require.Equal(t, delivery.Answer{Trouble: delivery.InternalAddress}, outside.Send(t.Context(), event("http://"+host+":"+port)), host)
	}
	outside.Resolve(server.Listener.Addr().String())
	require.Equal(t, delivery.Answer{Trouble: delivery.InternalAddress}, outside.Send(t.Context(), event("http://receiver.example:"+port)), "an innocent name")
	require.Zero(t, reached)
	inside := anywhere()
	inside.Resolve(server.Listener.Addr().String())
	require.Equal(t, delivery.Answer{Status: http.StatusOK}, inside.Send(t.Context(), event("http://receiver.example:"+port)))
	require.Equal(t, 1, reached)
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		200: "delivered", 201: "delivered", 202: "delivered", 204: "delivered", 299: "delivered",
		410: "gone",
		100: "again", 199: "again", 300: "again", 301: "again", 304: "again", 308: "again",
		400: "again", 401: "again", 403: "again", 404: "again", 408: "again", 409: "again", 422: "again", 429: "again",
		500: "again", 502: "again", 503: "again", 504: "again", 999: "again",
	} {
		t.Run(fmt.Sprintf("of_%d_is_%s", status, strings.ReplaceAll(want, " ", "_")), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, delivery.Answer{Status: status}.Verdict())
		})
	}
	for _, trouble := range []delivery.Trouble{
		delivery.TimedOut, delivery.InternalAddress, delivery.Unresolved, delivery.Untrusted, delivery.Disconnected, delivery.Unsendable,
	} {
		require.Equal(t, "again", delivery.Answer{Trouble: trouble}.Verdict(), trouble)
	}
}

// unused returns an address of this machine on which nobody listens.
func unused(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// quiet is a log that goes nowhere.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
