package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
)

var update = flag.Bool("update", false, "write the golden files")

// fake answers as a test says, and remembers what it was asked.
type fake struct {
	err      error
	late     bool
	ended    bool // The journey has concluded.
	started  client.Started
	handed   *enroll.HandOver
	shown    client.Shown
	listed   []client.Shown
	result   enroll.Result
	never    bool // Wait never ends by itself.
	key      string
	request  client.Request
	hint     enroll.HintName
	hinted   enroll.Hint
	filter   client.Filter
	id, run  string
	closed   bool
	connects int
	renewal  enroll.RenewReply

	operated
	erased
	told
}

func (f *fake) Start(_ context.Context, key string, request client.Request) (client.Started, error) {
	f.key, f.request = key, request
	return f.started, f.err
}

func (f *fake) Hint(_ context.Context, id, _ string, name enroll.HintName, hint enroll.Hint) (bool, error) {
	f.id, f.hint, f.hinted = id, name, hint
	return f.late, f.err
}

func (f *fake) HandOver(_ context.Context, id, _ string) (*enroll.HandOver, error) {
	f.id = id
	return f.handed, f.err
}

func (f *fake) Renew(_ context.Context, id, _, key string) (enroll.RenewReply, error) {
	f.id, f.key = id, key
	return f.renewal, f.err
}

func (f *fake) Show(_ context.Context, id, run string) (client.Shown, error) {
	f.id, f.run = id, run
	return f.shown, f.err
}

func (f *fake) List(_ context.Context, filter client.Filter) ([]client.Shown, error) {
	f.filter = filter
	return f.listed, f.err
}

func (f *fake) Wait(ctx context.Context, id, run string) (enroll.Result, error) {
	f.id, f.run = id, run
	if f.never {
		<-ctx.Done()
		return enroll.Result{}, ctx.Err()
	}
	return f.result, f.err
}

func (f *fake) Cancel(_ context.Context, id, run string) error {
	f.id, f.run = id, run
	return f.err
}

func (f *fake) Concluded(_ context.Context, id, run string) (bool, error) {
	f.id, f.run = id, run
	return f.ended, f.err
}

func (f *fake) Close() { f.closed = true }

// outcome is what a command line left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// execute runs one command line against the fake.
func (f *fake) execute(t *testing.T, args ...string) outcome {
	t.Helper()
	return f.executeWith(t, "", nil, args...)
}

func (f *fake) executeWith(t *testing.T, stdin string, environment map[string]string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := program{
		lookup: config.Map(environment), stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr,
		connect: func(context.Context, config.Lookup) (journeys, error) {
			f.connects++
			return f, nil
		},
		newKey: func() string { return "RANDOMKEY" },
	}
	code := p.run(t.Context(), args)
	require.Equal(t, f.connects > 0, f.closed, "a connection is closed")
	return outcome{code, stdout.String(), stderr.String()}
}

// golden compares with a file of testdata; -update writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// failureIn reads the JSON error.
func failureIn(t *testing.T, stderr string) failure {
	t.Helper()
	var told struct {
		Error failure `json:"error"`
	}
	require.NoError(t, json.Unmarshal([]byte(stderr), &told))
	return told.Error
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	success := enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}
	rejected := enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Rejected}}
	start := []string{"start", "smartid.unenroll", "--user", "jane"}
	for _, row := range []struct {
		name string
		fake fake
		args []string
		code int
		kind string
	}{
		{name: "a_start_that_waits_is_0", args: start, fake: fake{started: client.Started{HandOver: &enroll.HandOver{}}}},
		{name: "a_start_that_succeeds_is_0", args: start, fake: fake{started: client.Started{Result: &success}}},
		{name: "a_start_that_is_refused_is_3", args: start, fake: fake{started: client.Started{Result: &rejected}}, code: 3},
		{name: "waiting_for_a_success_is_0", args: []string{"wait", "id"}, fake: fake{result: success}},
		{name: "waiting_for_another_outcome_is_3", args: []string{"wait", "id"}, fake: fake{result: rejected}, code: 3},
		{name: "start_and_wait_for_another_outcome_is_3", args: append(start, "--wait"), fake: fake{result: rejected}, code: 3},
		{name: "waiting_too_long_is_6", args: []string{"wait", "id", "--timeout", "1ms"}, fake: fake{never: true}, code: 6, kind: "timed_out"},
		{name: "a_failure_is_1", args: []string{"show", "id"}, fake: fake{err: errors.New("connection lost")}, code: 1, kind: "failed"},
		{name: "no_answer_is_1", args: start, fake: fake{err: client.ErrNoAnswer}, code: 1, kind: "no_answer"},
		{name: "a_conflict_is_4", args: start, fake: fake{err: client.ErrConflict}, code: 4, kind: "conflict"},
		{name: "a_reused_key_is_4", args: start, fake: fake{err: client.ErrKeyReused}, code: 4, kind: "key_reused"},
		{name: "renewing_too_often_is_4", args: []string{"renew", "id"}, fake: fake{err: client.ErrNotRenewable}, code: 4, kind: "not_renewable"},
		{name: "a_start_during_a_hold_is_4", args: start, fake: fake{err: &client.HeldError{}}, code: 4, kind: "held"},
		{name: "resolving_what_is_known_is_4", args: append([]string{"resolve", "id", "--outcome", "enrolled"}, olga...), fake: fake{operated: operated{refused: client.ErrNotUnknown}}, code: 4, kind: "not_unknown"},
		{name: "resolving_twice_is_4", args: append([]string{"resolve", "id", "--outcome", "enrolled"}, olga...), fake: fake{operated: operated{refused: client.ErrResolved}}, code: 4, kind: "resolved"},
		{name: "an_unknown_record_is_5", args: []string{"record", "id"}, fake: fake{operated: operated{refused: client.ErrNotFound}}, code: 5, kind: "not_found"},
		{name: "resolving_without_who_is_2", args: []string{"resolve", "id", "--outcome", "enrolled", "--why", "x"}, code: 2, kind: "input"},
		{name: "resolving_without_outcome_is_2", args: append([]string{"resolve", "id"}, olga...), code: 2, kind: "input"},
		{name: "resolving_as_a_word_that_means_nothing_is_2", args: append([]string{"resolve", "id", "--outcome", "done"}, olga...), code: 2, kind: "input"},
		{name: "revealing_without_why_is_2", args: []string{"record", "id", "--reveal", "--who", "olga"}, code: 2, kind: "input"},
		{name: "who_that_goes_nowhere_is_2", args: append([]string{"record", "id"}, olga...), code: 2, kind: "input"},
		{name: "a_hold_of_nobody_is_2", args: append([]string{"hold", "acme"}, olga...), code: 2, kind: "input"},
		{name: "a_hold_without_why_is_2", args: []string{"hold", "authid", "--who", "olga"}, code: 2, kind: "input"},
		{name: "an_export_of_nobody_is_2", args: append([]string{"export", "authid", ""}, olga...), code: 2, kind: "input"},
		{name: "canceling_one_and_all_is_2", args: append([]string{"cancel", "id", "--all", "--yes", "--provider", "authid"}, olga...), code: 2, kind: "usage"},
		{name: "canceling_nothing_is_2", args: []string{"cancel"}, code: 2, kind: "usage"},
		{name: "canceling_all_without_yes_is_2", args: append([]string{"cancel", "--all", "--provider", "authid"}, olga...), code: 2, kind: "input"},
		{name: "canceling_all_everywhere_is_2", args: append([]string{"cancel", "--all", "--yes"}, olga...), code: 2, kind: "input"},
		{name: "canceling_all_without_a_reason_is_2", args: []string{"cancel", "--all", "--yes", "--provider", "authid"}, code: 2, kind: "input"},
		{name: "canceling_one_with_a_filter_is_2", args: []string{"cancel", "id", "--provider", "authid"}, code: 2, kind: "input"},
		{name: "canceling_one_with_half_a_reason_is_2", args: []string{"cancel", "id", "--who", "olga"}, code: 2, kind: "input"},
		{name: "renewing_all_without_yes_is_2", args: append([]string{"renew", "--all", "--provider", "iproov"}, olga...), code: 2, kind: "input"},
		{name: "canceling_what_has_ended_is_4", args: []string{"cancel", "id"}, fake: fake{err: client.ErrConcluded}, code: 4, kind: "concluded"},
		{name: "an_unknown_journey_is_5", args: []string{"hand-over", "id"}, fake: fake{err: client.ErrNotFound}, code: 5, kind: "not_found"},
		{name: "a_refused_input_is_2", args: start, fake: fake{err: &enroll.InputError{}}, code: 2, kind: "input"},
		{name: "a_missing_input_is_2", args: []string{"start", "smartid.unenroll"}, code: 2, kind: "input"},
		{name: "a_missing_argument_is_2", args: []string{"hint", "id"}, code: 2, kind: "usage"},
		{name: "a_missing_journey_is_2", args: []string{"start"}, code: 2, kind: "usage"},
		{name: "an_unknown_journey_kind_is_2", args: []string{"start", "authid.erase"}, code: 2, kind: "usage"},
		{name: "an_unknown_command_is_2", args: []string{"enrol"}, code: 2, kind: "usage"},
		{name: "an_unknown_flag_is_2", args: []string{"list", "--everything"}, code: 2, kind: "usage"},
		{name: "an_unknown_hint_is_2", args: []string{"hint", "id", "webhook"}, code: 2, kind: "input"},
		{name: "an_unknown_phase_is_2", args: []string{"list", "--phase", "over"}, code: 2, kind: "input"},
		{name: "a_timeout_without_wait_is_2", args: append(start, "--timeout", "1s"), code: 2, kind: "input"},
		{name: "a_negative_timeout_is_2", args: []string{"wait", "id", "--timeout", "-1s"}, code: 2, kind: "input"},
		{name: "an_empty_key_is_2", args: append(start, "--key", ""), code: 2, kind: "input"},
		{name: "an_empty_key_for_a_renewal_is_2", args: []string{"renew", "id", "--key", ""}, code: 2, kind: "input"},
		{name: "an_empty_input_file_is_2", args: append(start, "--input", ""), code: 2, kind: "input"},
		{name: "a_flag_that_cannot_be_read_is_2", args: append(start, "--wait=perhaps"), code: 2, kind: "input"},
		{name: "samples_that_were_not_counted_are_2", args: []string{"hint", "id", "samples-uploaded"}, code: 2, kind: "input"},
		{name: "a_key_whose_journey_succeeded_is_0", args: append(start, "--key", "k"), fake: fake{ended: true, result: success}},
		{name: "a_key_whose_journey_was_refused_is_3", args: append(start, "--key", "k"), fake: fake{ended: true, result: rejected}, code: 3},
		{name: "a_bad_configuration_is_2", args: []string{"check"}, code: 2, kind: "configuration"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			asText, asJSON := row.fake, row.fake
			told := asText.execute(t, row.args...)
			require.Equal(t, row.code, told.code, told.stderr)
			require.Equal(t, row.kind == "", told.stderr == "")
			told = asJSON.execute(t, append(row.args, "--json")...)
			require.Equal(t, row.code, told.code)
			if row.kind != "" {
				failure := failureIn(t, told.stderr)
				require.Equal(t, row.kind, failure.Kind)
				require.Equal(t, row.code, failure.ExitCode)
				require.NotEmpty(t, failure.Message)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	root := (&program{}).root()
	require.Contains(t, root.Long, exitHelp)
	var visit func(*cobra.Command)
	visit = func(command *cobra.Command) {
		for _, child := range command.Commands() {
			visit(child)
		}
		if command.Name() == "environment" {
			return
		}
		t.Run(strings.ReplaceAll(command.CommandPath(), " ", "_")+"_teaches_by_example", func(t *testing.T) {
			require.Contains(t, command.Long+command.Example, "  starter ")
			require.NotEmpty(t, command.Short)
		})
	}
	visit(root)
}

func TestEnvironmentCommand(t *testing.T) {
	t.Parallel()
	told := (&fake{}).execute(t, "environment")
	require.Zero(t, told.code)
	for _, name := range []string{"TEMPORAL_ADDRESS", "BIOENROLL_KEY_FILE", "AUTHID_API_KEY_VALUE_FILE", "IPROOV_OAUTH_PASSWORD"} {
		require.Contains(t, told.stdout, name)
	}
	told = (&fake{}).execute(t, "environment", "--json")
	var list []variable
	require.NoError(t, json.Unmarshal([]byte(told.stdout), &list))
	require.NotEmpty(t, list)
}
