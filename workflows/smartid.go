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
	once := in.OverWrite == ""
	verdict := j.untilAnswered(ctx, once, func(repeated bool) (enroll.SmartIDAnswer, error) {
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
	return j.untilAnswered(ctx, false, func(repeated bool) (enroll.SmartIDAnswer, error) {
		return execute(ctx, j.onceOptions(ctx, "remove the enrollment"), enroll.SmartIDForwardUnenroll,
			enroll.SmartIDForwardUnenrollInput{Opening: j.opening, User: user, Repeated: repeated})
	})
}

// untilAnswered repeats a call within the begin budget while SmartID is down,
// throttles, reports an internal error, or answers what nobody can read. Once a call may have had its effect,
// the next is told so, because SmartID's answer means something else then. When
// the answer to a call that may be made only once was lost, only another answer
// can settle it: it is sought with patience, and without one the outcome is
// unknown.
func (j *journey) untilAnswered(ctx workflow.Context, once bool, call func(repeated bool) (enroll.SmartIDAnswer, error)) enroll.Verdict {
	var d doubt
	until := j.began.Add(j.pace.BeginBudget)
	for pause := 500 * time.Millisecond; ; pause = min(2*pause, j.pace.PollCap) {
		got, err := call(d.repeated)
		if err == nil {
			return got.Verdict
		}
		if d.lostNow(err) && once {
			until = workflow.Now(ctx).Add(lastCallCaps * j.pace.PollCap)
		}
		kind, details := kindOf(err)
		lost := once && d.lost
		again := lost || kind.Retryable()
		switch {
		case again && workflow.Now(ctx).Add(pause).Before(until) && workflow.Sleep(ctx, pause) == nil:
		case lost:
			return *verdictOfKind(enroll.KindLost, details.Code)
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
	lost := kind == enroll.KindLost || neverReported(err)
	first := lost && !d.lost
	d.lost = d.lost || lost
	d.repeated = d.repeated || lost || kind == enroll.KindUnexpected || (kind == enroll.KindUnavailable && !details.NotSent)
	return first
}
