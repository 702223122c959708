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
	j, ctx, err := begin(ctx, enroll.SmartIDEnroll, in.Envelope, in.Template, in.PayLoad)
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
			User: in.User, Template: in.Template, PayLoad: in.PayLoad, OverWrite: in.OverWrite, Repeated: repeated,
		})
	})
	return j.conclude(ctx, verdict)
}

// SmartIDUnenrollment removes a user's enrollment.
func SmartIDUnenrollment(ctx workflow.Context, in enroll.SmartIDUnenrollInput) (enroll.Result, error) {
	j, ctx, err := begin(ctx, enroll.SmartIDUnenroll, in.Envelope)
	if err != nil {
		return enroll.Result{}, err
	}
	return j.conclude(ctx, j.unenroll(ctx, in.User))
}

// unenroll removes the user's enrollment, which is safe to repeat.
func (j *journey) unenroll(ctx workflow.Context, user string) enroll.Verdict {
	return j.untilAnswered(ctx, false, func(repeated bool) (enroll.SmartIDAnswer, error) {
		return execute(ctx, j.onceOptions(ctx, "remove the enrollment"), enroll.SmartIDForwardUnenroll,
			enroll.SmartIDForwardUnenrollInput{User: user, Repeated: repeated})
	})
}

// untilAnswered repeats a call within the begin budget while SmartID is down,
// throttles or reports an internal error. The call is told when an earlier one
// may have had its effect, because SmartID's answer means something else then.
// A call that may be made only once is not repeated after its answer was lost.
func (j *journey) untilAnswered(ctx workflow.Context, once bool, call func(repeated bool) (enroll.SmartIDAnswer, error)) enroll.Verdict {
	repeated := false
	for pause := 500 * time.Millisecond; ; pause = min(2*pause, 3*time.Second) {
		got, err := call(repeated)
		if err == nil {
			return got.Verdict
		}
		verdict := verdictOf(err)
		if once {
			verdict = onceVerdictOf(err)
		}
		if verdict.Reason != enroll.ReasonProviderUnavailable || j.budgetLeft(ctx) <= pause+time.Second {
			return *verdict
		}
		kind, details := kindOf(err)
		repeated = repeated || (kind == enroll.KindUnavailable && !details.NotSent)
		if workflow.Sleep(ctx, pause) != nil {
			return *verdict
		}
	}
}
