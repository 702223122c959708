package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/workflows"
)

func TestDetails_say(t *testing.T) {
	at := time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
	until := at.Add(time.Hour)
	waiting := enroll.State{Phase: enroll.Waiting, WaitingOn: "person", Since: at, Deadline: until, RenewalsLeft: 5}
	asked := waiting
	asked.Asked, asked.LastAnswer, asked.AttemptsLeft = 3, string(enroll.KindPending), 2
	asked.Hints, asked.LastHintCode = map[enroll.HintName]int{enroll.Webhook: 1, enroll.FinalPage: 2}, "camera_denied"
	ended := enroll.State{Phase: enroll.Concluded, Since: at, Result: &enroll.Result{
		Verdict:   enroll.Verdict{Outcome: enroll.Canceled, Reason: enroll.ReasonCanceledByRequest, ProviderCode: "5"},
		CleanUp:   []enroll.CleanUp{{What: "user", Done: true}, {What: "token", Reason: enroll.ReasonProviderUnavailable}},
		OpenUntil: &until, WatchID: "authid-hash-watch-run",
	}}
	doubtful := enroll.State{Phase: enroll.Concluded, Since: at, Result: &enroll.Result{
		Verdict: enroll.Verdict{Outcome: enroll.Unknown, Reason: enroll.ReasonLostAnswer},
	}}
	for name, test := range map[string]struct {
		state enroll.State
		want  []string
	}{
		"for_whom_a_journey_waits_since_when_and_until_when": {waiting, []string{
			"- **Waiting for the person** since 2026-11-20T22:00:00Z, until 2026-11-20T23:00:00Z.", "backup poll", "Renewals left: 5.",
		}},
		"how_often_it_asked_and_the_last_answer": {asked, []string{
			"Asked the provider 3 times; the last answer was StillPending.", "- Hint final-page: 2.\n- Hint webhook: 1.", "camera_denied", "Attempts left: 2.",
		}},
		"how_it_ended_and_what_is_left": {ended, []string{
			"Outcome: **canceled** (canceled_by_request), the provider's code is 5.", "- Removed: user.",
			"- **Not removed**: token (provider_unavailable). Remove it by hand.", "until 2026-11-20T23:00:00Z. Watched by authid-hash-watch-run.",
		}},
		"what_to_do_about_an_unknown_outcome": {doubtful, []string{"Outcome: **unknown** (lost_answer).", "starter resolve"}},
		"that_it_begins":                      {enroll.State{Phase: enroll.Beginning, Since: at}, []string{"- **Beginning** since 2026-11-20T22:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := workflows.Details(test.state)
			for _, line := range test.want {
				require.Contains(t, text, line)
			}
		})
	}
}
