package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/internal/program"
	"github.com/bioenroll/bioenroll/internal/providerset"
	"github.com/bioenroll/bioenroll/internal/vault"
	"github.com/bioenroll/bioenroll/worker/host"
)

// execute runs the program and returns its exit code and output.
func execute(t *testing.T, values map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, config.Map(values), &out, &errs)
	return code, out.String(), errs.String()
}

// complete is an environment in which nothing is missing but a server.
func complete(t *testing.T) map[string]string {
	t.Helper()
	keyFile := filepath.Join(t.TempDir(), "keys.json")
	_, err := keys.LoadOrCreate(keyFile)
	require.NoError(t, err)
	return map[string]string{
		"TEMPORAL_ADDRESS": "127.0.0.1:1", vault.KeyFile: keyFile, vault.SealedDir: t.TempDir(),
		vault.Records:      "sqlite:" + filepath.Join(t.TempDir(), "records.db"),
		providerset.Chosen: "smartid", "SMARTID_BASE_URL": "https://smartid.example", "SMARTID_API_KEY": "hunter2",
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()

	t.Run("names_every_variable_that_is_missing", func(t *testing.T) {
		t.Parallel()
		code, _, stderr := execute(t, nil)
		require.Equal(t, program.Misconfigured, code)
		required := 0
		for _, v := range providerset.Variables() {
			if v.Required {
				required++
				require.Contains(t, stderr, "\n  "+v.Name+": given nothing")
			}
		}
		require.Equal(t, 13, required, "three of authID and BioID, two of SmartID, five of iProov")
	})

	t.Run("names_every_variable_that_is_malformed", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		malformed := map[string]string{
			"TEMPORAL_TLS": "perhaps", "SMARTID_BASE_URL": "http://smartid.example", "SMARTID_API_KEY_FILE": "/nowhere",
			logging.LevelSetting: "loud", host.StopTimeout: "soon", providerset.HTTPTimeout: "1h",
		}
		maps.Copy(values, malformed)
		code, _, stderr := execute(t, values)
		require.Equal(t, program.Misconfigured, code)
		for _, name := range []string{"TEMPORAL_TLS", "SMARTID_BASE_URL", "SMARTID_API_KEY", logging.LevelSetting, host.StopTimeout, providerset.HTTPTimeout} {
			require.Contains(t, stderr, "\n  "+name+": given ")
		}
		require.NotContains(t, stderr, "hunter2")
	})

	t.Run("names_the_key_file_that_it_refuses", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		require.NoError(t, os.WriteFile(values[vault.KeyFile], []byte("{}"), 0o600))
		code, _, stderr := execute(t, values)
		require.Equal(t, program.Misconfigured, code)
		require.Contains(t, stderr, vault.KeyFile)
	})

	t.Run("makes_no_keys_of_its_own", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		require.NoError(t, os.Remove(values[vault.KeyFile]))
		for _, args := range [][]string{nil, {"healthcheck"}} {
			code, _, stderr := execute(t, values, args...)
			require.Equal(t, program.Misconfigured, code)
			require.Contains(t, stderr, vault.KeyFile)
			require.Contains(t, stderr, "starter keys make")
			require.NoFileExists(t, values[vault.KeyFile])
		}
	})

	t.Run("refuses_arguments", func(t *testing.T) {
		t.Parallel()
		code, _, stderr := execute(t, complete(t), "--verbose")
		require.Equal(t, program.Misconfigured, code)
		require.Contains(t, stderr, "--verbose")
	})
}

func TestServer(t *testing.T) {
	t.Parallel()
	values := complete(t)
	code, _, stderr := execute(t, values)
	require.Equal(t, program.Failed, code)
	require.Contains(t, stderr, "127.0.0.1:1")
	require.Contains(t, stderr, "TEMPORAL_ADDRESS")
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--help", "-h", "help"} {
		code, stdout, stderr := execute(t, map[string]string{providerset.Chosen: "smartid"}, flag)
		require.Equal(t, program.Done, code)
		require.Empty(t, stderr)
		src := config.NewSource(config.Map(nil))
		read(src)
		for _, v := range src.Known() {
			for _, name := range v.Names() {
				require.Contains(t, stdout, name)
			}
		}
		require.Contains(t, stdout, "IPROOV_API_SECRET", "also of providers that this environment does not choose")
	}
}
