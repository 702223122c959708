package invariants

import (
	"fmt"
	"slices"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// completed is how Temporal calls a workflow that returned a result.
const completed = "Completed"

// running is how Temporal calls a workflow that is open.
const running = "Running"

// oneOutcome: a journey that was started has one outcome, the same for every
// run and every caller, or waits within its deadline.
func oneOutcome(e Evidence, j Journey) []string {
	var broken []string
	var first *enroll.Result
	for i, run := range j.Runs {
		switch {
		case run.Status == completed && run.Result != nil:
			broken = append(broken, sensible(*run.Result)...)
			if first == nil {
				first = run.Result
			}
			broken = append(broken, same("run "+run.ID, *first, *run.Result)...)
		case run.Status == running:
			broken = append(broken, stillOpen(e, j, run)...)
		case i == len(j.Runs)-1: // A reset ends the run before its own.
			broken = append(broken, fmt.Sprintf("run %s is %s and has no outcome", run.ID, run.Status))
		}
	}
	for _, told := range j.Told {
		switch {
		case told.Result == nil:
		case first == nil:
			broken = append(broken, fmt.Sprintf("a caller was told %s, and no run has that outcome", told.Result.Outcome))
		default:
			broken = append(broken, same("a caller", *first, *told.Result)...)
		}
	}
	if len(j.Told) > 0 && len(j.Runs) == 0 {
		broken = append(broken, "a caller was told that the journey has started, and the server knows nothing of it")
	}
	return broken
}

// stillOpen: a journey waits no longer than its deadline and the grace.
func stillOpen(e Evidence, j Journey, run Run) []string {
	limit := run.Deadline
	if limit.IsZero() {
		limit = j.Began
	}
	if limit = limit.Add(e.Grace); e.At.After(limit) {
		return []string{fmt.Sprintf("run %s is still open %s after its deadline and the grace of %s", run.ID, e.At.Sub(limit).Round(time.Second), e.Grace)}
	}
	return nil
}

// sensible: the result holds an outcome and a time.
func sensible(r enroll.Result) []string {
	if !slices.Contains(enroll.Outcomes(), r.Outcome) || r.ConcludedAt.IsZero() {
		return []string{fmt.Sprintf("the outcome is %q at %s", r.Outcome, r.ConcludedAt)}
	}
	return nil
}

func same(who string, first, now enroll.Result) []string {
	if first.Outcome != now.Outcome || first.Reason != now.Reason {
		return []string{fmt.Sprintf("%s has the outcome %s %s, the first one was %s %s", who, now.Outcome, now.Reason, first.Outcome, first.Reason)}
	}
	return nil
}

// result is the journey's outcome, nil while there is none.
func (j Journey) result() *enroll.Result {
	for _, run := range j.Runs {
		if run.Result != nil {
			return run.Result
		}
	}
	return nil
}
