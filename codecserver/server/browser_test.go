package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/codecserver/server"
	"github.com/bioenroll/bioenroll/enroll"
)

// fromUI is the request as a page of the UI sends it.
func fromUI(r *http.Request, cookies ...*http.Cookie) *http.Request {
	r.Header.Set("Origin", uiOrigin)
	for _, cookie := range cookies {
		r.AddCookie(cookie)
	}
	return r
}

// form is the login form, sent from the login page.
func form(path string, token enroll.Secret) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(url.Values{"token": {token.Reveal()}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// signIn returns the cookie that the token was exchanged for.
func (b *bench) signIn(t *testing.T, token enroll.Secret) *http.Cookie {
	t.Helper()
	w := b.ask(form("/login", token))
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, "/login", w.Header().Get("Location"))
	cookies := w.Result().Cookies()
	require.Len(t, cookies, 1)
	return cookies[0]
}

func TestCrossOrigin(t *testing.T) {
	t.Run("answers_the_preflight_of_the_UI", func(t *testing.T) {
		b := setup(t)
		r := fromUI(httptest.NewRequest(http.MethodOptions, "/decode", http.NoBody))
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "content-type,x-namespace")
		w := b.ask(r)
		require.Equal(t, http.StatusNoContent, w.Code)
		require.Equal(t, uiOrigin, w.Header().Get("Access-Control-Allow-Origin"))
		require.Equal(t, "true", w.Header().Get("Access-Control-Allow-Credentials"))
		require.Equal(t, "POST", w.Header().Get("Access-Control-Allow-Methods"))
		require.Contains(t, w.Header().Get("Access-Control-Allow-Headers"), "X-Namespace")
		require.Contains(t, w.Header().Get("Access-Control-Allow-Headers"), "Content-Type")
		require.Equal(t, "Origin", w.Header().Get("Vary"))
	})
	t.Run("lets_the_UI_read_refusals_too", func(t *testing.T) {
		b := setup(t)
		w := b.ask(fromUI(post("/decode", `{}`, "")))
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Equal(t, uiOrigin, w.Header().Get("Access-Control-Allow-Origin"))
	})
	for name, origin := range map[string]string{
		"another_host": "https://evil.example", "another_scheme": "http://ui.example", "another_port": "https://ui.example:8443",
		"a_longer_name": "https://ui.example.evil.example", "a_host_below": "https://x.ui.example", "no_origin_in_words": "null",
	} {
		t.Run("refuses_"+name, func(t *testing.T) {
			b := setup(t)
			cookie := b.signIn(t, b.boss)
			for _, method := range []string{http.MethodPost, http.MethodOptions} {
				r := post("/decode", body(t, b.input(t)), b.boss)
				r.Method = method
				r.AddCookie(cookie)
				r.Header.Set("Origin", origin)
				w := b.ask(r)
				require.Equal(t, http.StatusForbidden, w.Code)
				require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
				require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"))
			}
		})
	}
}

func TestSession(t *testing.T) {
	t.Run("shows_payloads_to_the_UI", func(t *testing.T) {
		b := setup(t)
		cookie := b.signIn(t, b.reader)
		shown := payloads(t, b.ask(fromUI(post("/decode", body(t, b.input(t)), ""), cookie)))
		require.Contains(t, string(shown[0].GetData()), "enrolled")
		require.NotContains(t, string(shown[0].GetData()), subject)
		require.Equal(t, "olga", b.lastLine(t)["who"])
	})
	t.Run("is_out_of_reach_for_scripts_and_other_sites", func(t *testing.T) {
		b := setup(t)
		cookie := b.signIn(t, b.reader)
		require.True(t, cookie.HttpOnly)
		require.True(t, cookie.Secure)
		require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
		require.Equal(t, int(server.DefaultSession/time.Second), cookie.MaxAge)
		require.NotContains(t, cookie.Value, b.reader.Reveal())
	})
	t.Run("works_over_plain_http_on_this_machine_alone", func(t *testing.T) {
		b := setup(t)
		for host, secure := range map[string]bool{"127.0.0.1:8234": false, "localhost": false, "[::1]:8234": false, "127.0.0.1.evil.example": true, "10.0.0.1": true} {
			r := form("/login", b.reader)
			r.Host = host
			require.Equal(t, secure, b.ask(r).Result().Cookies()[0].Secure, host)
		}
	})
	t.Run("counts_only_together_with_the_origin_of_the_UI", func(t *testing.T) {
		b := setup(t)
		r := post("/decode", body(t, b.input(t)), "")
		r.AddCookie(b.signIn(t, b.reader))
		require.Equal(t, http.StatusUnauthorized, b.ask(r).Code)
	})
	t.Run("has_the_rights_of_its_operator", func(t *testing.T) {
		b := setup(t)
		require.Equal(t, http.StatusForbidden, b.ask(fromUI(post("/revealed/decode", `{}`, ""), b.signIn(t, b.reader))).Code)
		require.Equal(t, http.StatusOK, b.ask(fromUI(post("/revealed/decode", `{}`, ""), b.signIn(t, b.boss))).Code)
	})
	t.Run("ends_by_itself", func(t *testing.T) {
		b := setup(t)
		cookie := b.signIn(t, b.reader)
		b.clock = b.clock.Add(server.DefaultSession - time.Second)
		require.Equal(t, http.StatusOK, b.ask(fromUI(post("/decode", `{}`, ""), cookie)).Code)
		b.clock = b.clock.Add(time.Second)
		require.Equal(t, http.StatusUnauthorized, b.ask(fromUI(post("/decode", `{}`, ""), cookie)).Code)
	})
	t.Run("ends_on_request", func(t *testing.T) {
		b := setup(t)
		cookie := b.signIn(t, b.reader)
		r := form("/logout", "")
		r.AddCookie(cookie)
		w := b.ask(r)
		require.Equal(t, -1, w.Result().Cookies()[0].MaxAge)
		require.Equal(t, http.StatusUnauthorized, b.ask(fromUI(post("/decode", `{}`, ""), cookie)).Code, "also for who kept the cookie")
	})
	t.Run("makes_room_for_the_next", func(t *testing.T) {
		b := setup(t)
		first := b.signIn(t, b.reader)
		var last *http.Cookie
		for range server.MaxSessions {
			b.clock = b.clock.Add(time.Millisecond)
			last = b.signIn(t, b.reader)
		}
		require.Equal(t, http.StatusUnauthorized, b.ask(fromUI(post("/decode", `{}`, ""), first)).Code)
		require.Equal(t, http.StatusOK, b.ask(fromUI(post("/decode", `{}`, ""), last)).Code)
	})
}

func TestLoginPage(t *testing.T) {
	get := func(b *bench, cookies ...*http.Cookie) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/login", http.NoBody)
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		return b.ask(r)
	}
	t.Run("asks_for_a_token", func(t *testing.T) {
		b := setup(t)
		w := get(b)
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Body.String(), `action="/login"`)
		require.Contains(t, w.Body.String(), `type="password"`)
	})
	t.Run("runs_no_script_and_is_framed_by_nobody", func(t *testing.T) {
		b := setup(t)
		w := get(b)
		policy := w.Header().Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.Contains(t, policy, "frame-ancestors 'none'")
		require.Contains(t, policy, "form-action 'self'")
		nonce := regexp.MustCompile(`'nonce-([A-Z2-7]+)'`).FindStringSubmatch(policy)
		require.Len(t, nonce, 2)
		require.Contains(t, w.Body.String(), `nonce="`+nonce[1]+`"`)
		require.NotContains(t, w.Body.String(), "<script")
		require.NotContains(t, w.Body.String(), "style=")
		require.NotEqual(t, policy, get(b).Header().Get("Content-Security-Policy"), "a new one each time")
	})
	t.Run("tells_who_is_signed_in", func(t *testing.T) {
		b := setup(t)
		page := get(b, b.signIn(t, b.boss)).Body.String()
		require.Contains(t, page, "boss")
		require.Contains(t, page, "/revealed")
		require.Contains(t, page, `action="/logout"`)
		require.Contains(t, page, uiOrigin)
	})
	t.Run("refuses_a_wrong_token_without_repeating_it", func(t *testing.T) {
		b := setup(t)
		w := b.ask(form("/login", "wrong-<token>"))
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Empty(t, w.Result().Cookies())
		require.NotContains(t, w.Body.String(), "wrong-")
	})
	t.Run("counts_guesses", func(t *testing.T) {
		b := setup(t)
		for range server.Guesses {
			b.ask(form("/login", "wrong"))
		}
		require.Equal(t, http.StatusTooManyRequests, b.ask(form("/login", b.reader)).Code)
	})
	t.Run("takes_no_form_from_elsewhere", func(t *testing.T) {
		b := setup(t)
		for _, site := range []string{"cross-site", "same-site"} {
			r := form("/login", b.reader)
			r.Header.Set("Sec-Fetch-Site", site)
			r.Header.Set("Origin", "https://evil.example")
			w := b.ask(r)
			require.Equal(t, http.StatusForbidden, w.Code)
			require.Empty(t, w.Result().Cookies())
		}
	})
	t.Run("takes_no_token_from_the_address", func(t *testing.T) {
		b := setup(t)
		r := form("/login?token="+b.reader.Reveal(), "")
		require.Equal(t, http.StatusUnauthorized, b.ask(r).Code)
	})
}

func TestOrigin(t *testing.T) {
	for _, bad := range []string{"*", "null", "https://ui.example/", "https://UI.example", "https://ui.example:443"} {
		_, err := server.New(server.Options{UIOrigin: bad})
		require.Error(t, err, bad)
	}
	_, err := server.New(server.Options{})
	require.NoError(t, err, "none is needed")
}
