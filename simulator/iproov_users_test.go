package simulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestIProovAccessToken(t *testing.T) {
	c := newIProov(t)
	c.enrolled("u")
	t.Run("scope_is_an_array", func(t *testing.T) {
		got := c.oauth("sim-oauth-secret", "grant_type=client_credentials").json(t)
		require.Equal(t, []any{"user-read", "user-write"}, got["scope"])
		require.Equal(t, "Bearer", got["token_type"])
		require.InDelta(t, 3600, got["expires_in"], 0)
	})
	for name, row := range map[string]struct {
		password, form, code string
	}{
		"wrong_password":   {"x", "grant_type=client_credentials", "invalid_client"},
		"no_grant_type":    {"sim-oauth-secret", "", "invalid_grant"},
		"other_grant_type": {"sim-oauth-secret", "grant_type=password", "unsupported_grant_type"},
		"unknown_scope":    {"sim-oauth-secret", "grant_type=client_credentials&scope=all", "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, c.oauth(row.password, row.form), 400, row.code) })
	}
	t.Run("unknown_key_is_404", func(t *testing.T) {
		requireRefused(t, c.do(http.MethodPost, iProovBase+"/other/access_token", ""), 404, "invalid_key")
	})
	t.Run("good_for_50_requests", func(t *testing.T) {
		token := c.bearer("user-read")
		for range 50 {
			require.Equal(t, http.StatusOK, c.do(http.MethodGet, iProovBase+"/users/u", "", token).status)
		}
		requireRefused(t, c.do(http.MethodGet, iProovBase+"/users/u", "", token), 401, "token_quota_exceeded")
	})
	t.Run("good_for_an_hour", func(t *testing.T) {
		token := c.bearer("user-read")
		c.clock.advance(time.Hour)
		requireRefused(t, c.do(http.MethodGet, iProovBase+"/users/u", "", token), 401, "invalid_oauth")
	})
	t.Run("good_for_its_scope", func(t *testing.T) {
		requireRefused(t, c.do(http.MethodDelete, iProovBase+"/users/u", "", c.bearer("user-read")), 403, "invalid_oauth")
	})
	t.Run("needed", func(t *testing.T) {
		requireRefused(t, c.do(http.MethodGet, iProovBase+"/users/u", ""), 401, "invalid_oauth")
	})
}

func TestIProovUsers(t *testing.T) {
	c := newIProov(t)
	token := c.bearer("user-read user-write")
	user := func(method, end, body string) answer { return c.do(method, iProovBase+"/users/a%27b"+end, body, token) }
	requireRefused(t, user(http.MethodGet, "", ""), 400, "invalid_user_id")
	c.enrolled("a'b")
	require.Equal(t, "Active", user(http.MethodGet, "", "").json(t)["status"])
	require.Equal(t, "Suspended", user(http.MethodPost, "/suspend", "").json(t)["status"])
	requireRefused(t, c.post("/claim/verify/token", fields{"user_id": "a'b", "resource": "r"}), 400, "inactive_user")
	later := c.clock.Now().Add(time.Minute).Format(time.RFC3339)
	require.Equal(t, "Suspended", user(http.MethodPost, "/activate", `{"date_time":"`+later+`"}`).json(t)["status"], "not yet")
	c.clock.advance(time.Minute)
	require.Equal(t, "Active", user(http.MethodGet, "", "").json(t)["status"])
	require.Equal(t, "Deleted", user(http.MethodDelete, "", "").json(t)["status"])
	requireRefused(t, user(http.MethodDelete, "", ""), 400, "invalid_user_id")
	c.enrolled("a'b")
}

func TestIProovAvailability(t *testing.T) {
	c := newIProov(t)
	require.JSONEq(t, `{"up":true}`, c.do(http.MethodGet, iProovBase+"/availability?api_key=sim-api-key", "").body)
	requireRefused(t, c.do(http.MethodGet, iProovBase+"/availability?api_key=x", ""), 400, "invalid_key")
}
