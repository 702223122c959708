package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/gateway/host"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/program"
)

// execute runs the program and returns its exit code and output.
func execute(t *testing.T, values map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, config.Map(values), &out, &errs)
	return code, out.String(), errs.String()
}

func TestKey(t *testing.T) {
	t.Parallel()
	file := func(t *testing.T) map[string]string {
		t.Helper()
		return map[string]string{host.Prefix + "KEYS": filepath.Join(t.TempDir(), "keys")}
	}

	t.Run("is_shown_once_and_kept_as_a_hash", func(t *testing.T) {
		t.Parallel()
		values := file(t)
		code, stdout, stderr := execute(t, values, "key", "shop", "--role", "backend")
		require.Equal(t, program.Done, code, stderr)
		key := regexp.MustCompile(`(?m)^  (\S{40,})$`).FindStringSubmatch(stdout)
		require.Len(t, key, 2, stdout)
		kept, err := os.ReadFile(values[host.Prefix+"KEYS"])
		require.NoError(t, err)
		require.Contains(t, string(kept), "shop")
		require.NotContains(t, string(kept), key[1])
	})

	t.Run("replaces_the_one_from_before", func(t *testing.T) {
		t.Parallel()
		values := file(t)
		code, _, _ := execute(t, values, "key", "shop", "--role", "backend")
		require.Equal(t, program.Done, code)
		code, stdout, _ := execute(t, values, "key", "--role", "operator", "shop")
		require.Equal(t, program.Done, code)
		require.Contains(t, stdout, "good for nothing any more")
	})

	t.Run("is_taken_away", func(t *testing.T) {
		t.Parallel()
		values := file(t)
		code, _, _ := execute(t, values, "key", "shop", "--role", "relay")
		require.Equal(t, program.Done, code)
		code, stdout, _ := execute(t, values, "key", "shop", "--remove")
		require.Equal(t, program.Done, code)
		require.Contains(t, stdout, "may not ask any more")
		code, _, stderr := execute(t, values, "key", "shop", "--remove")
		require.Equal(t, program.Failed, code)
		require.Contains(t, stderr, "no key of the name")
	})

	for name, args := range map[string][]string{
		"needs_a_name": {"key", "--role", "backend"}, "needs_a_role": {"key", "shop"}, "knows_its_roles": {"key", "shop", "--role", "king"},
		"takes_a_role_or_removes": {"key", "shop", "--role", "backend", "--remove"}, "takes_one_name": {"key", "shop", "--role", "backend", "more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := execute(t, file(t), args...)
			require.Equal(t, program.Misconfigured, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, "gateway key NAME")
		})
	}
}

func TestRun(t *testing.T) {
	t.Parallel()

	t.Run("teaches", func(t *testing.T) {
		t.Parallel()
		code, stdout, _ := execute(t, map[string]string{host.Prefix + "LISTEN": "nonsense"}, "--help")
		require.Equal(t, program.Done, code)
		for _, name := range []string{host.Prefix + "LISTEN", host.Prefix + "TLS_CERT_FILE", host.Prefix + "KEYS", host.Prefix + "ORIGINS", "BIOENROLL_KEY_FILE", "BIOENROLL_RECORDS_URL", "TEMPORAL_ADDRESS"} {
			require.Contains(t, stdout, "  "+name)
		}
	})

	t.Run("understands_no_other_words", func(t *testing.T) {
		t.Parallel()
		for _, args := range [][]string{{"serve"}, {"healthcheck", "now"}} {
			code, _, stderr := execute(t, nil, args...)
			require.Equal(t, program.Misconfigured, code)
			require.Contains(t, stderr, "not understood")
		}
	})

	t.Run("names_every_setting_that_is_wrong", func(t *testing.T) {
		t.Parallel()
		code, _, stderr := execute(t, map[string]string{host.Prefix + "LISTEN": "0.0.0.0:0", host.Prefix + "ORIGINS": "app.example"})
		require.Equal(t, program.Misconfigured, code)
		require.Contains(t, stderr, host.Prefix+"ALLOW_HTTP")
		require.Contains(t, stderr, host.Prefix+"ORIGINS")
	})

	t.Run("does_not_start_without_the_keys_of_the_installation", func(t *testing.T) {
		t.Parallel()
		code, _, stderr := execute(t, map[string]string{host.Prefix + "LISTEN": "127.0.0.1:0", "BIOENROLL_KEY_FILE": filepath.Join(t.TempDir(), "none")})
		require.Equal(t, program.Misconfigured, code)
		require.Contains(t, stderr, "BIOENROLL_KEY_FILE")
	})

	t.Run("is_not_healthy_where_nothing_listens", func(t *testing.T) {
		t.Parallel()
		code, _, stderr := execute(t, map[string]string{host.Prefix + "LISTEN": "127.0.0.1:1"}, "healthcheck")
		require.Equal(t, program.Failed, code)
		require.Contains(t, stderr, "health check")
	})
}
