package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// renewal is one request for a new hand-over. Requests that come while it is
// under way share its reply.
type renewal struct {
	reply *enroll.RenewReply
}

// renewed is what a provider gave for a renewal.
type renewed struct {
	handOver enroll.HandOver
	// refused tells why there is no new hand-over; waiting goes on.
	refused *enroll.Verdict
	// verdict ends the journey: the person had finished with the old one.
	verdict *enroll.Verdict
	// askAt replaces the moments of the wait.
	askAt []time.Time
	// deadline replaces the deadline, unless it is zero.
	deadline time.Time
}

// mayRenew rejects a renewal that cannot lead to anything, which costs no
// history event.
func (j *journey) mayRenew() error {
	reject := func(why string) error { return temporal.NewNonRetryableApplicationError(why, enroll.NotRenewable, nil) }
	switch {
	case j.state.Phase == enroll.Beginning:
		return reject("the journey has not handed over yet")
	case j.state.Phase == enroll.Concluded:
		return reject("the journey has concluded")
	case j.renewal == nil && j.state.RenewalsLeft == 0:
		return reject("the journey has been renewed too often")
	default:
		return nil
	}
}

// onRenew asks the wait for a new hand-over and returns what came of it.
func (j *journey) onRenew(ctx workflow.Context) (enroll.RenewReply, error) {
	if j.renewal == nil {
		j.renewal = &renewal{}
		j.state.RenewalsLeft--
		j.wake.SendAsync(true)
	}
	mine := j.renewal
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := workflow.Await(ctx, func() bool { return mine.reply != nil }); err != nil {
		return enroll.RenewReply{}, err
	}
	return *mine.reply, nil
}

// settleRenewal answers a renewal with the end of the journey.
func (j *journey) settleRenewal() {
	if j.renewal != nil {
		result := j.result
		j.renewal.reply = &enroll.RenewReply{Result: &result}
		j.renewal = nil
	}
}

// renewNow is the question that carries out the renewal asked for. It takes
// the place of a confirm, so that nothing is asked about a hand-over while it
// is being replaced.
func (w *wait) renewNow(ctx workflow.Context) (answer, error) {
	asked := w.renewal
	w.began = workflow.Now(ctx) // The begin budget holds for these calls too.
	got := w.renew(ctx)
	if got.verdict != nil || asked.reply != nil { // The journey has ended meanwhile, or does now.
		return answer{verdict: got.verdict}, nil
	}
	w.renewal = nil
	if got.refused != nil {
		asked.reply = &enroll.RenewReply{Refused: got.refused, Left: w.state.RenewalsLeft}
		return answer{}, nil
	}
	w.handed, w.askAt = &got.handOver, got.askAt
	if !got.deadline.IsZero() {
		w.state.Deadline = got.deadline
		w.upsert(ctx, attrDeadline.ValueSet(got.deadline))
	}
	w.restartPoll(ctx)
	w.notAgain = time.Time{} // The next hint is about something new.
	asked.reply = &enroll.RenewReply{HandOver: &got.handOver, Left: w.state.RenewalsLeft}
	return answer{}, nil
}

// restartPoll ends the poll for the old hand-over; another begins after the
// hold-off.
func (w *wait) restartPoll(ctx workflow.Context) {
	if w.polling != nil {
		w.stopPoll()
		w.polling = nil
	}
	w.pollAt = workflow.Now(ctx).Add(w.pace.HoldOff)
}
