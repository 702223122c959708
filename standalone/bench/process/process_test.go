package process_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/standalone/bench/process"
)

// ready is what the child of these tests announces.
type ready struct {
	Variable string `json:"variable"`
}

// TestMain makes this test program a child when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "part" {
		os.Exit(child(os.Args[2]))
	}
	os.Exit(m.Run())
}

func child(name string) int {
	if name == "broken" {
		_, _ = os.Stderr.WriteString("no disk left")
		return 1
	}
	if err := process.Serve(os.Stdin, os.Stdout, ready{Variable: os.Getenv("BENCH_VARIABLE")}); err != nil {
		return 1
	}
	return 0
}

func TestChild(t *testing.T) {
	t.Run("announces_itself_answers_and_ends", func(t *testing.T) {
		var announced ready
		c, err := process.Start(t.Context(), t.TempDir(), "good", map[string]string{"BENCH_VARIABLE": "value"}, &announced)
		require.NoError(t, err)
		require.Equal(t, "value", announced.Variable)
		used, err := c.Usage()
		require.NoError(t, err)
		require.Positive(t, used.CPU)
		require.Positive(t, used.Live)
		require.Positive(t, used.Goroutines)
		collected, err := c.Collect()
		require.NoError(t, err)
		require.GreaterOrEqual(t, collected.CPU, used.CPU)
		require.NoError(t, c.Stop())
	})
	t.Run("writes_a_profile", func(t *testing.T) {
		c, err := process.Start(t.Context(), t.TempDir(), "good", nil, &ready{})
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "child.pprof")
		end, err := c.Profile(path)
		require.NoError(t, err)
		require.NoError(t, end())
		require.NoError(t, c.Stop())
		profile, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotEmpty(t, profile)
	})
	t.Run("tells_why_it_did_not_start", func(t *testing.T) {
		_, err := process.Start(t.Context(), t.TempDir(), "broken", nil, &ready{})
		require.ErrorContains(t, err, "broken does not answer")
		require.ErrorContains(t, err, "no disk left")
	})
}

func TestServe(t *testing.T) {
	t.Run("answers_each_command_on_a_line", func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, process.Serve(strings.NewReader("usage\ncollect\n"), &out, ready{}))
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		require.Len(t, lines, 3)
		var used process.Usage
		require.NoError(t, json.Unmarshal([]byte(lines[2]), &used))
		require.Positive(t, used.CPU)
	})
	t.Run("refuses_what_it_does_not_know", func(t *testing.T) {
		require.ErrorContains(t, process.Serve(strings.NewReader("dance\n"), &bytes.Buffer{}, ready{}), `"dance" is not known`)
	})
}
