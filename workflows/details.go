package workflows

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// tell writes the journey's state into the current details of the Temporal UI.
// It costs no event.
func (j *journey) tell(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, details(j.state))
}

// details is what an operator reads of a journey: for whom it waits, since
// when, until when, how often it asked and what the last answer was.
func details(s enroll.State) string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, "- "+fmt.Sprintf(format, args...)) }
	switch s.Phase {
	case enroll.Beginning:
		say("**Beginning** since %s: the provider is asked for the capture.", clock(s.Since))
	case enroll.Waiting:
		say("**Waiting for the %s** since %s, until %s.", s.WaitingOn, clock(s.Since), clock(s.Deadline))
	case enroll.Concluded, enroll.Watching, enroll.Erasing:
		say("**Concluded** %s.", clock(s.Since))
		say("Outcome: **%s**%s", s.Result.Outcome, because(s.Result.Verdict))
	}
	if s.Asked > 0 {
		say("Asked the provider %d times; the last answer was %s.", s.Asked, cmp.Or(s.LastAnswer, "not there yet"))
	} else if s.Phase == enroll.Waiting {
		say("The backup poll asks the provider: see its attempts among the pending activities.")
	}
	for _, name := range workflow.DeterministicKeys(s.Hints) {
		say("Hint %s: %d.", name, s.Hints[name])
	}
	if s.LastHintCode != "" {
		say("The frontend's last code: %s.", s.LastHintCode)
	}
	if s.AttemptsLeft > 0 {
		say("Attempts left: %d.", s.AttemptsLeft)
	}
	if s.Phase == enroll.Waiting {
		say("Renewals left: %d.", s.RenewalsLeft)
	}
	if s.Result != nil {
		lines = append(lines, leftovers(*s.Result)...)
	}
	return strings.Join(lines, "\n")
}

// because tells reason and provider's code of a verdict.
func because(v enroll.Verdict) string {
	text := ""
	if v.Reason != "" {
		text += " (" + string(v.Reason) + ")"
	}
	if v.ProviderCode != "" {
		text += ", the provider's code is " + v.ProviderCode
	}
	return text + "."
}

// leftovers tells what was taken back, and what was not.
func leftovers(r enroll.Result) []string {
	var lines []string
	if r.Outcome == enroll.Unknown {
		lines = append(lines, "- **An operator has to look**: nobody knows whether the provider acted. Find out there, then settle it with `starter resolve`.")
	}
	for _, c := range r.CleanUp {
		if c.Done {
			lines = append(lines, "- Removed: "+c.What+".")
		} else {
			lines = append(lines, fmt.Sprintf("- **Not removed**: %s (%s). Remove it by hand.", c.What, c.Reason))
		}
	}
	if r.OpenUntil != nil {
		lines = append(lines, fmt.Sprintf("- The person may still complete the capture until %s. %s", clock(*r.OpenUntil), watchedBy(r.WatchID)))
	}
	return lines
}

func watchedBy(id string) string {
	if id == "" {
		return "Nobody watches it."
	}
	return "Watched by " + id + "."
}

// clock writes a moment to the second.
func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
