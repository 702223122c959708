package process_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/standalone/chaos/process"
)

// ready is what the parts of these tests announce.
type ready struct {
	Variable string `json:"variable"`
}

// TestMain makes this test program a part when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "part" {
		os.Exit(part(os.Args[2]))
	}
	os.Exit(m.Run())
}

func part(name string) int {
	if name == "broken" {
		_, _ = os.Stderr.WriteString("no disk left")
		return 1
	}
	if err := process.Serve(os.Stdin, os.Stdout, ready{Variable: os.Getenv("CHAOS_VARIABLE")}); err != nil {
		return 1
	}
	if name == "sore" {
		_, _ = os.Stderr.WriteString("could not say goodbye")
		return 1
	}
	return 0
}

func program(t *testing.T, name string) process.Program {
	t.Helper()
	return process.Program{Part: name, Environment: map[string]string{"CHAOS_VARIABLE": "value"}, Log: filepath.Join(t.TempDir(), "log")}
}

// requireGone makes sure that no such process is left.
func requireGone(t *testing.T, pid int) {
	t.Helper()
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
}

func TestChild(t *testing.T) {
	t.Run("announces_itself_and_stops_in_good_order", func(t *testing.T) {
		var announced ready
		c, err := program(t, "good").Start(&announced)
		require.NoError(t, err)
		require.Equal(t, "value", announced.Variable)
		require.NoError(t, c.Stop())
		requireGone(t, c.PID())
	})
	t.Run("is_killed_without_a_word_and_starts_again", func(t *testing.T) {
		p := program(t, "good")
		for range 2 {
			c, err := p.Start(&ready{})
			require.NoError(t, err)
			require.NoError(t, c.Kill())
			select {
			case <-c.Ended():
			case <-time.After(time.Minute):
				require.Fail(t, "still there")
			}
			requireGone(t, c.PID())
			require.NoError(t, c.Kill(), "killing what is dead is fine")
			require.NoError(t, c.Stop(), "and so is stopping it")
		}
	})
	t.Run("tells_why_it_did_not_start", func(t *testing.T) {
		_, err := program(t, "broken").Start(&ready{})
		require.ErrorContains(t, err, "no disk left")
	})
	t.Run("tells_why_it_did_not_stop_well", func(t *testing.T) {
		c, err := program(t, "sore").Start(&ready{})
		require.NoError(t, err)
		require.ErrorContains(t, c.Stop(), "could not say goodbye")
	})
}
