package access_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/internal/config"
)

const app = "https://app.example"

// from is a request of a page of the origin.
func from(method, origin string) *http.Request {
	r := httptest.NewRequest(method, "/v1/journeys/x/hints", nil)
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	return r
}

func TestShare(t *testing.T) {
	origins := access.Origins{app, "https://other.example"}
	for name, row := range map[string]struct{ origin, allowed string }{
		"lets_a_page_of_ours_read":    {app, app},
		"lets_nobody_else_read":       {"https://stranger.example", ""},
		"takes_no_origin_that_begins": {app + ".stranger.example", ""},
		"takes_no_page_without_one":   {"null", ""},
		"says_nothing_to_programs":    {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			require.Equal(t, row.allowed != "", origins.Share(w, from(http.MethodPost, row.origin)))
			require.Equal(t, row.allowed, w.Header().Get("Access-Control-Allow-Origin"))
			require.Equal(t, "Origin", w.Header().Get("Vary"), "no cache serves it to another page")
			require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"), "no cookie counts here")
		})
	}
	t.Run("is_off_unless_set", func(t *testing.T) {
		require.False(t, access.Origins(nil).Share(httptest.NewRecorder(), from(http.MethodGet, app)))
	})
}

func TestPreflight(t *testing.T) {
	answer := access.Origins{app}.Preflight(http.MethodGet, http.MethodPost)
	t.Run("tells_a_page_of_ours_what_it_may", func(t *testing.T) {
		w := httptest.NewRecorder()
		answer.ServeHTTP(w, from(http.MethodOptions, app))
		require.Equal(t, http.StatusNoContent, w.Code)
		require.Equal(t, app, w.Header().Get("Access-Control-Allow-Origin"))
		require.Equal(t, "GET, POST", w.Header().Get("Access-Control-Allow-Methods"))
		require.Contains(t, w.Header().Get("Access-Control-Allow-Headers"), "Authorization")
	})
	t.Run("tells_others_nothing", func(t *testing.T) {
		for _, origin := range []string{"", "https://stranger.example"} {
			w := httptest.NewRecorder()
			answer.ServeHTTP(w, from(http.MethodOptions, origin))
			require.Equal(t, http.StatusNoContent, w.Code)
			require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
			require.Empty(t, w.Header().Get("Access-Control-Allow-Methods"))
			require.Equal(t, "GET, POST, OPTIONS", w.Header().Get("Allow"))
		}
	})
}

func TestRead(t *testing.T) {
	t.Run("has_defaults", func(t *testing.T) {
		src := config.NewSource(config.Map(nil))
		s := access.Read(src)
		require.NoError(t, src.Err())
		require.Equal(t, access.Settings{
			Keys: "data/gateway-keys", KeyRate: access.Rate{Every: 5 * time.Millisecond, Burst: 400}, RelayRate: access.Rate{Every: time.Second, Burst: 120},
		}, s)
	})
	t.Run("follows_the_environment", func(t *testing.T) {
		src := config.NewSource(config.Map(map[string]string{
			"BIOENROLL_GATEWAY_KEYS": "/etc/keys", "BIOENROLL_GATEWAY_ORIGINS": " https://app.example, ,https://other.example",
			"BIOENROLL_GATEWAY_KEY_RATE": "10", "BIOENROLL_GATEWAY_RELAY_RATE": "0",
		}))
		s := access.Read(src)
		require.NoError(t, src.Err())
		require.Equal(t, access.Settings{
			Keys: "/etc/keys", Origins: access.Origins{app, "https://other.example"}, KeyRate: access.Rate{Every: 100 * time.Millisecond, Burst: 20},
		}, s)
	})
	for name, given := range map[string]map[string]string{
		"refuses_every_origin":      {"BIOENROLL_GATEWAY_ORIGINS": "*"},
		"refuses_a_path":            {"BIOENROLL_GATEWAY_ORIGINS": app + ",https://other.example/"},
		"refuses_a_negative_rate":   {"BIOENROLL_GATEWAY_KEY_RATE": "-1"},
		"refuses_a_rate_in_letters": {"BIOENROLL_GATEWAY_RELAY_RATE": "many"},
	} {
		t.Run(name, func(t *testing.T) {
			src := config.NewSource(config.Map(given))
			access.Read(src)
			require.Error(t, src.Err())
		})
	}
}
