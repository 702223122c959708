package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// TestWorker runs on a stack without a worker of its own, so whatever happens
// there is done by worker processes.
func TestWorker(t *testing.T) {
	alone := options(t.TempDir())
	alone.NoWorker = true
	s, err := startWith(t.Context(), alone)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })

	t.Run("is_not_needed_to_refuse_bad_input_which_leaves_nothing_behind", func(t *testing.T) {
		for name, row := range badInput(t) {
			end := s.starter(t, append([]string{"start"}, row.args...)...)
			require.Equal(t, 2, end.code, "%s: %s", name, end.stderr)
			require.Contains(t, end.stderr, "\n  "+row.field+": given ", name)
			require.Contains(t, end.stderr, ", allowed: ", name)
		}
		s.requireUntouched(t)
	})

	t.Run("runs_journeys_as_the_only_one", func(t *testing.T) {
		healthy := func() bool { return finish(t, program(t, "worker", s.with(nil), "healthcheck")).code == 0 }
		require.False(t, healthy(), "no worker runs")
		stop := s.worker(t)
		require.Eventually(t, healthy, time.Minute, 100*time.Millisecond)
		started := s.begin(t, "key", enrollment(s.account(t)))
		s.complete(t, started)
		require.Equal(t, enroll.Enrolled, s.outcome(t, started).Outcome)
		require.Eventually(t, func() bool {
			listed, err := s.Client().List(t.Context(), client.Filter{})
			require.NoError(t, err)
			return len(listed) == 1 && listed[0].RunID == started.RunID
		}, time.Minute, 50*time.Millisecond, "this journey and none of those with bad input")
		stop(t)
	})

	t.Run("lets_a_call_under_way_finish_before_it_ends", func(t *testing.T) {
		stop := s.worker(t)
		user := subject()
		s.strike(t, simulator.Fault{Match: simulator.FaultMatch{Endpoint: "smartid.enroll", Subject: user}, Kind: "delay", DelayMS: 4000})
		waiting := s.background(t, "start", "smartid.enroll", "--user", user,
			"--template-file", file(t, "template"), "--pay-load-file", file(t, "payload"), "--json")
		require.Eventually(t, func() bool { return s.count(t, user, "smartid.enroll") == 1 }, time.Minute, 20*time.Millisecond)
		stop(t) // SmartID has the template and is slow to say so.

		stop = s.worker(t)
		end := waiting(t)
		require.Zero(t, end.code, end.stderr)
		var started begun
		require.NoError(t, json.Unmarshal([]byte(end.stdout), &started))
		require.Equal(t, enroll.Enrolled, started.Result.Outcome, "the first worker told the answer before it ended")
		require.Equal(t, 1, s.count(t, user, "smartid.enroll"))
		require.Equal(t, 1, s.effects(t, user, "template_stored"))
		stop(t)
	})
}

func TestWorker_exit_codes(t *testing.T) {
	for name, row := range map[string]struct {
		environment variables
		code        int
		says        string
	}{
		"no_server":         {shared.with(variables{"TEMPORAL_ADDRESS": "127.0.0.1:1"}), 1, "127.0.0.1:1"},
		"bad_configuration": {shared.with(variables{"SMARTID_API_KEY": ""}), 2, "SMARTID_API_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			end := finish(t, program(t, "worker", row.environment))
			require.Equal(t, row.code, end.code)
			require.Contains(t, end.stderr, row.says)
		})
	}
}

// badInputRow is a command line with one bad field.
type badInputRow struct {
	field string
	args  []string
}

func badInput(t *testing.T) map[string]badInputRow {
	t.Helper()
	png, text := file(t, string(simulator.SampleImage(simulator.SampleLive))), file(t, "no image")
	large := file(t, string(simulator.SampleImage(simulator.SampleLive))+strings.Repeat("x", 2<<20))
	photo := func(more ...string) []string { return append(args("iproov.photo-enroll"), more...) }
	return map[string]badInputRow{
		"no account":         {"account_number", args("authid.enroll")},
		"unknown transport":  {"transport_type", args("authid.enroll", "--account-number", "a", "--transport-type", "3")},
		"negative timeout":   {"timeout_seconds", args("authid.live-selfie", "--account-number", "a", "--timeout-seconds", "-1")},
		"form of BCID":       {"bcid", args("bioid.enroll", "--bcid", "jane")},
		"one sample":         {"samples", args("bioid.enroll", "--bcid", "bws.1.42", "--sample", png)},
		"too many tries":     {"max_tries", args("bioid.enroll", "--bcid", "bws.1.42", "--max-tries", "16")},
		"no user":            {"user", args("smartid.unenroll")},
		"empty template":     {"template", args("smartid.enroll", "--user", "u", "--template-file", file(t, ""), "--pay-load-file", text)},
		"no payload":         {"pay_load", args("smartid.enroll", "--user", "u", "--template-file", text)},
		"other than true":    {"over_write", args("smartid.enroll", "--user", "u", "--template-file", text, "--pay-load-file", text, "--over-write", "false")},
		"pattern of user_id": {"user_id", photo("--user-id", "jane doe", "--image", png, "--source", "eid")},
		"type of image":      {"image", photo("--user-id", "jane", "--image", text, "--source", "eid")},
		"size of image":      {"image", photo("--user-id", "jane", "--image", large, "--source", "eid")},
		"no such file":       {"image_file", photo("--user-id", "jane", "--image", "/nowhere", "--source", "eid")},
		"source of image":    {"source", photo("--user-id", "jane", "--image", png, "--source", "passport")},
		"unknown field":      {"acount", args("authid.enroll", "--account-number", "a", "--input", file(t, `{"acount": "b"}`))},
		"long key":           {"idempotency_key", args("authid.enroll", "--account-number", "a", "--key", strings.Repeat("k", 257))},
	}
}

// requireUntouched checks that there is no journey, nothing sealed, and that
// no provider was called.
func (s *system) requireUntouched(t *testing.T) {
	t.Helper()
	listed, err := s.Client().List(t.Context(), client.Filter{})
	require.NoError(t, err)
	require.Empty(t, listed)
	sealed, err := s.Sealed().Refs(t.Context())
	require.NoError(t, err)
	require.Empty(t, sealed)
	var entries []entry
	s.simulated(t, "GET", "/_sim/ledger", "", &entries)
	require.Empty(t, entries)
}

// worker starts a worker process and returns how to stop it: with SIGTERM, as
// every orchestrator does.
func (s *system) worker(t *testing.T) (stop func(*testing.T)) {
	t.Helper()
	command := program(t, "worker", s.with(nil))
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	require.NoError(t, command.Start())
	return func(t *testing.T) {
		t.Helper()
		require.NoError(t, command.Process.Signal(syscall.SIGTERM))
		require.NoError(t, command.Wait(), "%s", &log)
	}
}

// background starts a command line and returns how to wait for its end.
func (s *system) background(t *testing.T, args ...string) (wait func(*testing.T) ended) {
	t.Helper()
	command := program(t, "starter", s.with(nil), args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	require.NoError(t, command.Start())
	return func(t *testing.T) ended {
		t.Helper()
		_ = command.Wait() // The exit code tells.
		return ended{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	}
}
