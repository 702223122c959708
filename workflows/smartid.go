package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// SmartIDEnrollment forwards a captured template once and concludes with the
// answer: nobody has to be waited for. A reset removes the enrollment there is
// first.
func SmartIDEnrollment(ctx workflow.Context, in enroll.SmartIDEnrollInput) (enroll.Result, error) {
	j, ctx, err := begin(ctx, enroll.SmartIDEnroll, in.Envelope, in.User, in.Template, in.PayLoad)
	if err != nil {
		return enroll.Result{}, err
	}
	if in.Reset {
		removed := j.unenroll(ctx, in.User)
		j.result.Unenrolled = removed.Outcome == enroll.Removed
		if !j.result.Unenrolled && removed.Reason != enroll.ReasonNotEnrolled {
			return j.conclude(ctx, removed)
		}
	}
	verdict := j.untilAnswered(ctx, in.OverWrite != "", func(repeated bool) (enroll.SmartIDAnswer, error) {
		return execute(ctx, j.onceOptions(ctx, "forward the template"), enroll.SmartIDForwardEnroll, enroll.SmartIDForwardEnrollInput{
			Opening: j.opening, User: in.User, Template: in.Template, PayLoad: in.PayLoad, OverWrite: in.OverWrite, Repeated: repeated,
		})
	})
	return j.conclude(ctx, verdict)
}

// SmartIDUnenrollment removes a user's enrollment.
func SmartIDUnenrollment(ctx workflow.Context, in enroll.SmartIDUnenrollInput) (enroll.Result, error) {
	j, ctx, err := begin(ctx, enroll.SmartIDUnenroll, in.Envelope, in.User)
	if err != nil {
		return enroll.Result{}, err
	}
	return j.conclude(ctx, j.unenroll(ctx, in.User))
}

// unenroll removes the user's enrollment, which is safe to repeat.
func (j *journey) unenroll(ctx workflow.Context, user string) enroll.Verdict {
	return j.untilAnswered(ctx, true, func(repeated bool) (enroll.SmartIDAnswer, error) {
		return execute(ctx, j.onceOptions(ctx, "remove the enrollment"), enroll.SmartIDForwardUnenroll,
			enroll.SmartIDForwardUnenrollInput{Opening: j.opening, User: user, Repeated: repeated})
	})
}

// untilAnswered repeats a call within the begin budget while SmartID is down,
// throttles or reports an internal error. Once a call may have had its effect,
// the next is told so, because SmartID's answer means something else then. When
// an answer was lost, only another one can settle what became of the call: it is
// sought with patience, and without one the outcome is unknown. Whether a new
// journey may simply try again depends on the call.
func (j *journey) untilAnswered(ctx workflow.Context, canRetry bool, call func(repeated bool) (enroll.SmartIDAnswer, error)) enroll.Verdict {
	var d doubt
	until := workflow.Now(ctx).Add(j.budgetLeft(ctx))
	for pause := 500 * time.Millisecond; ; pause = min(2*pause, j.pace.PollCap) {
		got, err := call(d.repeated)
		if err == nil {
			return got.Verdict
		}
		if d.lostNow(err) {
			until = workflow.Now(ctx).Add(lastCallCaps * j.pace.PollCap)
		}
		kind, details := kindOf(err)
		again := d.lost || (kind.Retryable() && kind != enroll.KindUnexpected)
		switch {
		case again && workflow.Now(ctx).Add(pause).Before(until) && workflow.Sleep(ctx, pause) == nil:
		case d.lost:
			verdict := verdictOfKind(enroll.KindLost, details.Code)
			verdict.CanRetry = canRetry
			return *verdict
		default:
			return *verdictOf(err)
		}
	}
}

// doubt is what is not known of the calls made so far.
type doubt struct {
	repeated bool // one may have had its effect
	lost     bool // the answer to one was lost
}

// lostNow takes note of a failure, and reports that it is the first whose
// answer was lost.
func (d *doubt) lostNow(err error) bool {
	kind, details := kindOf(err)
	lost := kind == enroll.KindLost || neverReported(err) || unread(kind, details)
	first := lost && !d.lost
	d.lost = d.lost || lost
	d.repeated = d.repeated || lost || (kind == enroll.KindUnavailable && !details.NotSent)
	return first
}

// unread reports that a call which was sent brought no answer, or a success
// that cannot be read. A refusal or an error that the provider spelled out is
// an answer.
func unread(kind enroll.Kind, details enroll.FailureDetails) bool {
	sent := (kind == enroll.KindUnavailable || kind == enroll.KindUnexpected) && !details.NotSent
	return sent && (details.Code == "" || details.Code == "200")
}
