package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// begun is the answer of start.
type begun struct {
	client.Started
	Key string `json:"idempotency_key"`
}

// args writes a command line.
func args(words ...string) []string { return words }

func TestStarter(t *testing.T) {
	t.Run("follows_a_journey_to_its_outcome_for_programs", func(t *testing.T) {
		account := shared.account(t)
		var started, again begun
		shared.ask(t, 0, args("start", "authid.enroll", "--account-number", account), &started)
		shared.ask(t, 0, args("start", "authid.enroll", "--account-number", account, "--key", started.Key), &again)
		require.Equal(t, started, again, "the key that was made for the caller makes repeating safe")
		var handed enroll.HandOver
		shared.ask(t, 0, args("hand-over", started.ID), &handed)
		require.Equal(t, *started.HandOver, handed)
		var shown client.Shown
		shared.ask(t, 0, args("show", started.ID), &shown)
		require.Equal(t, enroll.Waiting, shown.Phase)
		require.NotNil(t, shown.State)

		hint, _, err := shared.user.Complete(t.Context(), &handed)
		require.NoError(t, err)
		var sent struct {
			Late bool `json:"late"`
		}
		shared.ask(t, 0, args("hint", started.ID, string(hint)), &sent)
		require.False(t, sent.Late)
		var result enroll.Result
		shared.ask(t, 0, args("wait", started.ID), &result)
		require.Equal(t, enroll.Enrolled, result.Outcome)
		shared.ask(t, 0, args("hint", started.ID, string(hint)), &sent)
		require.True(t, sent.Late)
		require.Eventually(t, func() bool {
			var listed []client.Shown
			shared.ask(t, 0, args("list", "--journey", "authid.enroll", "--outcome", "enrolled", "--limit", "1000"), &listed)
			for _, l := range listed {
				if l.RunID == started.RunID {
					return true
				}
			}
			return false
		}, time.Minute, 100*time.Millisecond)
	})

	t.Run("follows_a_journey_to_its_outcome_for_people", func(t *testing.T) {
		image := file(t, string(simulator.SampleImage(simulator.SampleLive)))
		name := subject()
		told := shared.tells(t, "start", "iproov.photo-enroll", "--user-id", name, "--image", image, "--source", "selfie")
		id, token := field(t, told, "id"), field(t, told, "token")
		require.Contains(t, told, "starter hint "+id+" sdk-finished")
		require.Equal(t, token, field(t, shared.tells(t, "hand-over", id), "token"))
		require.Equal(t, "person", field(t, shared.tells(t, "show", id), "waits for"))
		require.Regexp(t, "(?m)^"+id+` +iproov.photo-enroll +waiting `, shared.listed(t, id))

		shared.simulated(t, "POST", "/_sim/capture", `{"provider": "iproov", "token": "`+token+`", "result": "complete"}`, nil)
		require.Contains(t, shared.tells(t, "hint", id, "sdk-finished", "--client", "e2e"), "delivered")
		require.Equal(t, "enrolled", field(t, shared.tells(t, "wait", id), "outcome"))
		require.Equal(t, "enrolled", field(t, shared.tells(t, "show", id), "outcome"))
		require.Contains(t, shared.tells(t, "hint", id, "sdk-finished"), "concluded already")
		require.Contains(t, shared.tells(t, "hand-over", id), "the journey has concluded")
		again := shared.tells(t, "start", "iproov.photo-enroll", "--user-id", name, "--image", image, "--source", "selfie", "--key", field(t, told, "key"))
		require.Contains(t, again, "has concluded already")
		require.Equal(t, "enrolled", field(t, again, "outcome"))
	})

	t.Run("takes_inputs_as_a_document_and_waits", func(t *testing.T) {
		user := subject()
		document := file(t, `{"user": "`+user+`", "template_file": "`+file(t, "template")+`", "pay_load": "payload"}`)
		var started begun
		shared.ask(t, 0, args("start", "smartid.enroll", "--input", document, "--wait"), &started)
		require.Equal(t, enroll.Enrolled, started.Result.Outcome)

		piped := program(t, "starter", shared.with(nil), "start", "smartid.unenroll", "--input", "-")
		piped.Stdin = strings.NewReader(`{"user": "` + user + `"}`)
		end := finish(t, piped)
		require.Zero(t, end.code, end.stderr)
		require.Equal(t, "removed", field(t, end.stdout, "outcome"))
	})

	t.Run("prints_hand_over_and_outcome_when_it_waits", func(t *testing.T) {
		var started begun
		var result enroll.Result
		shared.ask(t, 0, args("start", "authid.live-selfie", "--account-number", "magic-selfie-accepted", "--wait"), &started, &result)
		require.NotNil(t, started.HandOver)
		require.Equal(t, enroll.Captured, result.Outcome)
	})

	t.Run("cancels", func(t *testing.T) {
		started := shared.begin(t, "key", photo(subject()))
		require.Contains(t, shared.tells(t, "cancel", started.ID), "starter wait "+started.ID)
		var result enroll.Result
		shared.ask(t, 3, args("wait", started.ID), &result)
		require.Equal(t, enroll.Canceled, result.Outcome)
	})

	t.Run("renews_a_hand_over", func(t *testing.T) {
		started := shared.begin(t, "key", photo(subject()))
		var renewed struct {
			Key      string           `json:"idempotency_key"`
			HandOver *enroll.HandOver `json:"hand_over"`
		}
		shared.ask(t, 0, args("renew", started.ID), &renewed)
		require.NotEqual(t, started.HandOver, renewed.HandOver)
		told := shared.tells(t, "renew", started.ID, "--key", renewed.Key)
		require.Equal(t, renewed.HandOver.IProov.Token.Reveal(), field(t, told, "token"), "the same key gives the same answer")
		started.HandOver = renewed.HandOver
		shared.complete(t, started)
		var result enroll.Result
		shared.ask(t, 0, args("wait", started.ID), &result)
		require.Equal(t, enroll.Enrolled, result.Outcome)
	})

	t.Run("resets_an_enrollment", func(t *testing.T) {
		capture := args("--user", subject(), "--template-file", file(t, "template"), "--pay-load-file", file(t, "payload"))
		shared.tells(t, append(args("start", "smartid.enroll"), capture...)...)
		var again begun
		shared.ask(t, 0, append(args("reset"), capture...), &again)
		require.Equal(t, enroll.Enrolled, again.Result.Outcome)
		require.True(t, again.Result.Unenrolled)
	})

	t.Run("checks_the_providers", func(t *testing.T) {
		var checked []struct {
			Provider enroll.Provider `json:"provider"`
			OK       bool            `json:"ok"`
		}
		shared.ask(t, 0, args("check"), &checked)
		require.Len(t, checked, len(enroll.Providers()))
		for _, c := range checked {
			require.True(t, c.OK, c.Provider)
		}
		require.Regexp(t, `(?m)^iproov +ok +in step`, shared.tells(t, "check", "--provider", "iproov"))
	})

	t.Run("lists_the_journeys_and_variables_without_any_setting", func(t *testing.T) {
		end := finish(t, program(t, "starter", nil, "journeys", "--json"))
		require.Zero(t, end.code, end.stderr)
		var catalogue []enroll.Spec
		require.NoError(t, json.Unmarshal([]byte(end.stdout), &catalogue))
		require.Len(t, catalogue, len(enroll.Catalogue()))
		end = finish(t, program(t, "starter", nil, "environment"))
		require.Zero(t, end.code, end.stderr)
		require.Contains(t, end.stdout, "TEMPORAL_ADDRESS")
	})
}

// TestStarter_exit_codes walks what scripts branch on.
func TestStarter_exit_codes(t *testing.T) {
	account := shared.account(t)
	started := shared.begin(t, "key", enrollment(account))
	concluded := shared.begin(t, "key", enrollment(shared.account(t)))
	shared.complete(t, concluded)
	shared.outcome(t, concluded)
	again := []string{"start", "authid.enroll", "--account-number", account}
	nobody := "authid-nobody"
	for _, row := range []struct {
		name    string
		args    []string
		changed variables
		code    int
		kind    string // Of the error as programs read it; empty for an end that is no error.
	}{
		{name: "no_server", args: args("list"), changed: variables{"TEMPORAL_ADDRESS": "127.0.0.1:1"}, code: 1, kind: "failed"},
		{name: "credentials_refused", args: args("check"), changed: variables{"AUTHID_API_KEY_VALUE": "wrong"}, code: 1, kind: "failed"},
		{name: "no_such_command", args: args("stop"), code: 2, kind: "usage"},
		{name: "no_such_flag", args: args("list", "--all"), code: 2, kind: "usage"},
		{name: "no_such_journey", args: args("start", "authid.erase"), code: 2, kind: "usage"},
		{name: "bad_input", args: args("start", "authid.enroll", "--transport-type", "3"), code: 2, kind: "input"},
		{name: "bad_filter", args: args("list", "--phase", "sleeping"), code: 2, kind: "input"},
		{name: "hint_of_another_journey", args: args("hint", started.ID, "samples-uploaded", "--samples", "1"), code: 2, kind: "input"},
		{name: "bad_configuration", args: args("list"), changed: variables{"BIOENROLL_KEY_FILE": "/nowhere"}, code: 2, kind: "configuration"},
		{name: "refused_at_once", args: args("start", "authid.enroll", "--account-number", "magic-enroll-no-account"), code: 3},
		{name: "refused_in_the_end", args: args("start", "authid.enroll", "--account-number", "magic-enroll-declined", "--wait"), code: 3},
		{name: "another_journey_lives", args: append(again, "--key", "other"), code: 4, kind: "conflict"},
		{name: "key_used_with_another_request", args: append(again, "--key", "key", "--tag", "other"), code: 4, kind: "key_reused"},
		{name: "cancel_of_what_has_ended", args: args("cancel", concluded.ID), code: 4, kind: "concluded"},
		{name: "renewal_of_what_has_ended", args: args("renew", concluded.ID), code: 4, kind: "concluded"},
		{name: "renewal_of_nobody", args: args("renew", nobody), code: 5, kind: "not_found"},
		{name: "show_of_nobody", args: args("show", nobody), code: 5, kind: "not_found"},
		{name: "hint_to_nobody", args: args("hint", nobody, "final-page"), code: 5, kind: "not_found"},
		{name: "hand_over_of_nobody", args: args("hand-over", nobody), code: 5, kind: "not_found"},
		{name: "wait_for_nobody", args: args("wait", nobody), code: 5, kind: "not_found"},
		{name: "cancel_of_nobody", args: args("cancel", nobody), code: 5, kind: "not_found"},
		{name: "waiting_no_longer", args: args("wait", started.ID, "--timeout", "50ms"), code: 6, kind: "timed_out"},
	} {
		t.Run(row.name, func(t *testing.T) {
			end := finish(t, program(t, "starter", shared.with(row.changed), append(row.args, "--json")...))
			require.Equal(t, row.code, end.code, end.stderr)
			if row.kind == "" {
				require.Empty(t, end.stderr)
				return
			}
			var told struct {
				Error struct {
					Kind    string `json:"kind"`
					Message string `json:"message"`
					Code    int    `json:"exit_code"`
				} `json:"error"`
			}
			require.NoError(t, json.Unmarshal([]byte(end.stderr), &told), end.stderr)
			require.Equal(t, row.kind, told.Error.Kind)
			require.Equal(t, row.code, told.Error.Code)
			require.NotEmpty(t, told.Error.Message)
		})
	}
	shared.complete(t, started)
	shared.outcome(t, started)
}

// tells runs a command line that must succeed and returns what it prints for
// people.
func (s *system) tells(t *testing.T, args ...string) string {
	t.Helper()
	end := s.starter(t, args...)
	require.Zero(t, end.code, end.stderr)
	require.Empty(t, end.stderr)
	return end.stdout
}

// listed waits until the index shows the journey as waiting.
func (s *system) listed(t *testing.T, id string) string {
	t.Helper()
	var list string
	require.Eventually(t, func() bool {
		list = s.tells(t, "list", "--phase", "waiting", "--limit", "1000")
		return strings.Contains(list, id)
	}, time.Minute, 100*time.Millisecond)
	return list
}

// field finds a named value in what is printed for people.
func field(t *testing.T, printed, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` {2,}(.+)$`).FindStringSubmatch(printed)
	require.NotNil(t, found, "no %s in\n%s", name, printed)
	return found[1]
}

// file writes a file for a command line to read.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
