package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// providers starts the simulated providers and returns the variables that
// lead there.
func providers(t *testing.T) map[string]string {
	t.Helper()
	state, err := simulator.New(simulator.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(state.Handler())
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, state.Close())
	})
	known := simulator.DefaultCredentials()
	return map[string]string{
		"BIOENROLL_ALLOW_HTTP": "true",
		"AUTHID_BASE_URL":      server.URL, "AUTHID_API_KEY_ID": known.AuthIDKeyID, "AUTHID_API_KEY_VALUE": known.AuthIDKeyValue,
		"BIOID_BASE_URL": server.URL + "/extension", "BIOID_APP_ID": known.BioIDAppID, "BIOID_APP_SECRET": known.BioIDAppSecret,
		"SMARTID_BASE_URL": server.URL, "SMARTID_API_KEY": known.SmartIDKey,
		"IPROOV_BASE_URL": server.URL + "/api/v2", "IPROOV_API_KEY": known.IProovKey, "IPROOV_API_SECRET": known.IProovSecret,
		"IPROOV_OAUTH_USERNAME": known.IProovOAuthUser, "IPROOV_OAUTH_PASSWORD": known.IProovOAuthValue,
	}
}

func checkedIn(t *testing.T, told outcome) map[enroll.Provider]checked {
	t.Helper()
	var list []checked
	require.NoError(t, json.Unmarshal([]byte(told.stdout), &list))
	all := map[enroll.Provider]checked{}
	for _, c := range list {
		all[c.Provider] = c
	}
	return all
}

func TestCheck(t *testing.T) {
	t.Parallel()
	environment := providers(t)
	with := func(name, value string) map[string]string {
		changed := maps.Clone(environment)
		changed[name] = value
		return changed
	}

	t.Run("accepts_what_works", func(t *testing.T) {
		t.Parallel()
		told := (&fake{}).executeWith(t, "", environment, "check", "--json")
		require.Zero(t, told.code, told.stdout)
		all := checkedIn(t, told)
		for _, provider := range enroll.Providers() {
			require.True(t, all[provider].OK, provider)
		}
		told = (&fake{}).executeWith(t, "", environment, "check")
		require.Contains(t, told.stdout, "credentials accepted")
	})

	for name, provider := range map[string]enroll.Provider{
		"AUTHID_API_KEY_VALUE": enroll.AuthID, "BIOID_APP_SECRET": enroll.BioID,
		"IPROOV_API_SECRET": enroll.IProov, "IPROOV_OAUTH_PASSWORD": enroll.IProov,
	} {
		t.Run("finds_a_wrong_"+name, func(t *testing.T) {
			t.Parallel()
			told := (&fake{}).executeWith(t, "", with(name, "hunter2"), "check", "--json")
			require.Equal(t, exitFailed, told.code)
			for p, c := range checkedIn(t, told) {
				require.Equal(t, p != provider, c.OK, p)
			}
			require.NotContains(t, told.stdout+told.stderr, "hunter2")
		})
	}

	t.Run("finds_a_host_that_is_not_there", func(t *testing.T) {
		t.Parallel()
		told := (&fake{}).executeWith(t, "", with("SMARTID_BASE_URL", "http://127.0.0.1:1"), "check")
		require.Equal(t, exitFailed, told.code)
		require.Contains(t, told.stdout, "smartid   problem")
	})

	t.Run("finds_a_clock_that_is_wrong", func(t *testing.T) {
		t.Parallel()
		late := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		}))
		t.Cleanup(late.Close)
		told := (&fake{}).executeWith(t, "", with("SMARTID_BASE_URL", late.URL), "check", "--provider", "smartid", "--json")
		require.Equal(t, exitFailed, told.code)
		c := checkedIn(t, told)[enroll.SmartID]
		require.InDelta(t, -3600, c.SkewSeconds, 60)
		require.Contains(t, c.Problem, "clock")
	})

	t.Run("needs_only_the_variables_of_the_chosen", func(t *testing.T) {
		t.Parallel()
		only := map[string]string{"BIOENROLL_ALLOW_HTTP": "true", "SMARTID_BASE_URL": environment["SMARTID_BASE_URL"], "SMARTID_API_KEY": "key"}
		told := (&fake{}).executeWith(t, "", only, "check", "--provider", "smartid", "--json")
		require.Zero(t, told.code, told.stderr)
		require.Len(t, checkedIn(t, told), 1)
		only["BIOENROLL_PROVIDERS"] = "smartid"
		require.Zero(t, (&fake{}).executeWith(t, "", only, "check").code)
	})

	t.Run("names_every_variable_that_is_missing", func(t *testing.T) {
		t.Parallel()
		told := (&fake{}).execute(t, "check")
		require.Equal(t, exitInput, told.code)
		for name := range environment {
			if name != "BIOENROLL_ALLOW_HTTP" {
				require.Contains(t, told.stderr, name)
			}
		}
	})
}
