package stack

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/internal/keys"
)

func TestSigningIn(t *testing.T) {
	t.Parallel()
	d, err := startDecoding(t.Context(), Options{DataDir: t.TempDir(), Log: zap.NewNop()}, keys.New())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.stop(t.Context())) })
	ui := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	open := func(host, accept string, cookies ...*http.Cookie) *http.Response {
		r := httptest.NewRequest(http.MethodGet, "/namespaces?x=y", http.NoBody)
		r.Host = host
		r.Header.Set("Accept", accept)
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		d.signingIn(ui).ServeHTTP(w, r)
		return w.Result()
	}
	for _, row := range []struct {
		name, host, accept string
		status, cookies    int
	}{
		{"gives_a_page_a_cookie", "127.0.0.1:8233", "text/html,*/*", http.StatusTeapot, 1},
		{"gives_one_through_a_forwarded_port", "127.0.0.1:9000", "text/html", http.StatusTeapot, 1},
		{"gives_a_program_none", "127.0.0.1:8233", "*/*", http.StatusTeapot, 0},
		{"sends_localhost_to_the_address", "localhost:8233", "text/html", http.StatusTemporaryRedirect, 0},
		{"refuses_a_name_that_a_stranger_made_point_here", "evil.example:8233", "text/html", http.StatusMisdirectedRequest, 0},
		{"refuses_a_name_that_looks_like_the_address", "127.0.0.1.evil.example", "text/html", http.StatusMisdirectedRequest, 0},
		{"refuses_another_address", "192.0.2.1:8233", "text/html", http.StatusMisdirectedRequest, 0},
		{"refuses_no_name", "", "text/html", http.StatusMisdirectedRequest, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			answer := open(row.host, row.accept)
			require.Equal(t, row.status, answer.StatusCode)
			require.Len(t, answer.Cookies(), row.cookies)
			if row.status == http.StatusTemporaryRedirect {
				require.Equal(t, d.pages.url()+"/namespaces?x=y", answer.Header.Get("Location"))
			}
		})
	}
	t.Run("gives_a_page_another_that_stays_open", func(t *testing.T) {
		t.Parallel()
		r := httptest.NewRequest(http.MethodGet, "/api/v1/namespaces", http.NoBody)
		r.Host = "127.0.0.1:8233"
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := httptest.NewRecorder()
		d.signingIn(ui).ServeHTTP(w, r)
		require.Len(t, w.Result().Cookies(), 1)
	})
	t.Run("leaves_who_is_signed_in_alone", func(t *testing.T) {
		t.Parallel()
		first := open("127.0.0.1:8233", "text/html")
		require.Empty(t, open("127.0.0.1:8233", "text/html", first.Cookies()...).Cookies())
	})
}
