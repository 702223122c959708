package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestProgram(t *testing.T) {
	t.Run("serves_until_told_to_stop_and_greets_with_the_environment", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		read, write := io.Pipe()
		ended := make(chan int, 1)
		go func() {
			code := run(ctx, []string{"--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "sim")}, environment(nil), write, io.Discard)
			_ = write.Close()
			ended <- code
		}()
		lines := bufio.NewScanner(read)
		seen := map[string]string{}
		for lines.Scan() {
			if name, value, found := strings.Cut(lines.Text(), "="); found {
				seen[name] = value
			}
			if strings.HasPrefix(lines.Text(), "IPROOV_OAUTH_PASSWORD") {
				break
			}
		}
		require.Equal(t, seen["AUTHID_BASE_URL"]+"/extension", seen["BIOID_BASE_URL"])
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, seen["AUTHID_BASE_URL"]+"/_sim/healthz", http.NoBody)
		require.NoError(t, err)
		response, err := (&http.Client{}).Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
		cancel()
		_, err = io.Copy(io.Discard, read)
		require.NoError(t, err)
		require.Equal(t, 0, <-ended)
	})
	t.Run("taken_port_says_what_to_do", func(t *testing.T) {
		var config net.ListenConfig
		taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = taken.Close() })
		var errs bytes.Buffer
		require.Equal(t, exitFailed, run(t.Context(), []string{"--listen", taken.Addr().String(), "--data", ""}, environment(nil), io.Discard, &errs))
		require.Contains(t, errs.String(), taken.Addr().String()+" is taken by another program")
		require.Contains(t, errs.String(), "SIMULATOR_LISTEN")
	})
	t.Run("help_teaches_and_is_no_failure", func(t *testing.T) {
		var errs bytes.Buffer
		require.Equal(t, 0, run(t.Context(), []string{"--help"}, environment(nil), io.Discard, &errs))
		require.Contains(t, errs.String(), "/_sim/")
		require.Contains(t, errs.String(), "-auto-user-delay")
	})
}

func TestHealthcheck(t *testing.T) {
	answering := func(status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/_sim/healthz" {
				status = http.StatusNotFound
			}
			w.WriteHeader(status)
		}))
		t.Cleanup(server.Close)
		return strings.TrimPrefix(server.URL, "http://")
	}
	healthy := answering(http.StatusOK)
	_, port, err := net.SplitHostPort(healthy)
	require.NoError(t, err)
	for name, row := range map[string]struct {
		listen string
		code   int
		says   string
	}{
		"is_well_when_the_simulator_answers":           {healthy, 0, ""},
		"asks_on_loopback_what_listens_everywhere":     {"0.0.0.0:" + port, 0, ""},
		"asks_on_loopback_what_listens_on_a_bare_port": {":" + port, 0, ""},
		"fails_when_nobody_answers":                    {"127.0.0.1:1", exitFailed, "no simulator answers on 127.0.0.1:1"},
		"fails_when_something_else_answers":            {answering(http.StatusNotFound), exitFailed, "no healthy simulator"},
		"fails_when_the_port_is_left_open":             {"127.0.0.1:0", exitFailed, "SIMULATOR_LISTEN"},
		"fails_when_the_address_is_not_one":            {"7400", exitFailed, "SIMULATOR_LISTEN"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, how := range []struct {
				args []string
				env  map[string]string
			}{
				{[]string{"healthcheck", "--listen", row.listen}, nil},
				{[]string{"healthcheck"}, map[string]string{"SIMULATOR_LISTEN": row.listen}},
			} {
				var out, errs bytes.Buffer
				require.Equal(t, row.code, run(t.Context(), how.args, environment(how.env), &out, &errs), "%s", &errs)
				require.Contains(t, errs.String(), row.says)
				require.Empty(t, out.String())
			}
		})
	}
}

func TestSettings(t *testing.T) {
	t.Run("flag_wins_over_environment_wins_over_default", func(t *testing.T) {
		got, err := parse([]string{"--bioid-app-id", "flagged"}, environment(map[string]string{
			"SIMULATOR_BIOID_APP_ID": "ignored", "SIMULATOR_BIOID_APP_SECRET": "from-env", "SIMULATOR_AUTO_USER_DELAY": "250ms",
		}), io.Discard)
		require.NoError(t, err)
		require.Equal(t, "flagged", got.options.Credentials.BioIDAppID)
		require.Equal(t, "from-env", got.options.Credentials.BioIDAppSecret)
		require.Equal(t, "250ms", got.options.AutoUserDelay.String())
		require.Equal(t, "sim-key-id", got.options.Credentials.AuthIDKeyID)
		require.Equal(t, "127.0.0.1:7400", got.listen)
	})
	for name, row := range map[string]struct {
		args []string
		env  map[string]string
		says string
	}{
		"stray_word":      {[]string{"serve"}, nil, "serve"},
		"unknown_flag":    {[]string{"--liste", "x"}, nil, "liste"},
		"codes":           {[]string{"--smartid-codes", "header"}, nil, "status and body"},
		"negative_delay":  {[]string{"--auto-user-delay", "-1s"}, nil, "negative"},
		"bad_environment": {nil, map[string]string{"SIMULATOR_AUTO_USER_DELAY": "soon"}, "SIMULATOR_AUTO_USER_DELAY"},
	} {
		t.Run(name+"_is_refused", func(t *testing.T) {
			_, err := parse(row.args, environment(row.env), io.Discard)
			require.ErrorContains(t, err, row.says)
		})
	}
}
