package workflows

import (
	"errors"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// Search attributes written by a journey. The others are set at its start.
var (
	attrPhase     = temporal.NewSearchAttributeKeyKeyword(enroll.AttrPhase)
	attrOutcome   = temporal.NewSearchAttributeKeyKeyword(enroll.AttrOutcome)
	attrDeadline  = temporal.NewSearchAttributeKeyTime(enroll.AttrDeadline)
	attrOperation = temporal.NewSearchAttributeKeyKeywordList(enroll.AttrOperation)
)

// journey is what every story shares: its place in the catalogue, what it
// answers to begin and to queries, and what it has to take back if it does not
// succeed.
type journey struct {
	enroll.Private

	spec     enroll.Spec
	pace     enroll.Pace
	opening  enroll.Opening
	began    time.Time
	canceled workflow.ReceiveChannel
	hints    []hintChannel
	state    enroll.State
	handed   *enroll.HandOver
	reply    *enroll.BeginReply
	result   enroll.Result
	sealed   []enroll.SealedRef
	undo     []undo
	afterEnd enroll.AfterEnd
	leftOpen *enroll.WatchInput // a capture that the provider goes on with
	client   string
	renewal  *renewal         // under way, if any
	wake     workflow.Channel // tells the wait of a renewal
	ending   bool             // waiting is over, and the last confirm is due
	hurry    bool             // whoever canceled waits: ask once more, but not for long
}

// undo takes back one thing that the journey created at the provider.
type undo struct {
	what   string
	remove func(workflow.Context) error
}

// hintChannel is the signal channel of one hint.
type hintChannel struct {
	name    enroll.HintName
	channel workflow.ReceiveChannel
}

// begin opens a journey: from here on it answers the begin update and the
// queries. The returned context outlives cancellation; the story runs on it.
func begin(ctx workflow.Context, name enroll.Journey, env enroll.Envelope, subject string, sealed ...enroll.SealedRef) (*journey, workflow.Context, error) {
	spec, err := name.Spec()
	if err != nil {
		return nil, nil, err
	}
	steps, _ := workflow.NewDisconnectedContext(ctx)
	now := workflow.Now(ctx)
	j := &journey{
		spec: spec, pace: env.Pace, afterEnd: env.AfterEnd, began: now, canceled: ctx.Done(), sealed: sealed,
		opening: enroll.Opening{
			Record: env.Record, Journey: name, SubjectHash: env.SubjectHash, Digest: env.Digest,
			Subject: enroll.Secret(subject), Grounds: env.Grounds, Reference: env.Reference, BeganAt: now,
		},
		state: enroll.State{
			Journey: name, Phase: enroll.Beginning, WaitingOn: "provider", Since: now, Hints: map[enroll.HintName]int{},
			RenewalsLeft: env.Pace.Renewals,
		},
		result: enroll.Result{Journey: name}, wake: workflow.NewBufferedChannel(ctx, 1),
	}
	for _, hint := range spec.Hints {
		j.hints = append(j.hints, hintChannel{hint, workflow.GetSignalChannel(ctx, string(hint))})
	}
	j.tell(ctx)
	return j, steps, j.answer(ctx)
}

// answer registers the updates and the queries.
func (j *journey) answer(ctx workflow.Context) error {
	onBegin := func(ctx workflow.Context) (enroll.BeginReply, error) {
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		if err := workflow.Await(ctx, func() bool { return j.reply != nil }); err != nil {
			return enroll.BeginReply{}, err
		}
		return *j.reply, nil
	}
	return errors.Join(
		workflow.SetUpdateHandlerWithOptions(ctx, enroll.BeginUpdate, onBegin, workflow.UpdateHandlerOptions{Description: "Returns the hand-over, or the outcome."}),
		workflow.SetUpdateHandlerWithOptions(ctx, enroll.RenewUpdate, j.onRenew, workflow.UpdateHandlerOptions{Validator: j.mayRenew, Description: "Returns a new hand-over."}),
		workflow.SetQueryHandlerWithOptions(ctx, enroll.StateQuery, func() (enroll.State, error) { return j.state, nil }, workflow.QueryHandlerOptions{Description: "Where the journey stands, without secrets."}),
		workflow.SetQueryHandlerWithOptions(ctx, enroll.HandOverQuery, func() (*enroll.HandOver, error) { return j.handed, nil }, workflow.QueryHandlerOptions{Description: "What the frontend needs to open the capture."}),
	)
}

// execute runs one step and returns its result.
func execute[In, Out any](ctx workflow.Context, options workflow.ActivityOptions, name enroll.Activity[In, Out], in In) (Out, error) {
	var out Out
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), string(name), in).Get(ctx, &out)
	return out, err
}

// step runs a step of the beginning. A refusal, or a failure to learn the
// answer in time, is a verdict that ends the journey.
func step[In any, Out interface{ Refusal() *enroll.Verdict }](ctx workflow.Context, options workflow.ActivityOptions, name enroll.Activity[In, Out], in In) (Out, *enroll.Verdict) {
	out, err := execute(ctx, options, name, in)
	if err != nil {
		return out, verdictOf(err)
	}
	return out, out.Refusal()
}

// executeOnce is execute for a call that may be made only once. An attempt that
// never reported back may have died before its call or after: a second attempt
// finds at the fence which it was, and takes the time that needs.
func executeOnce[In, Out any](ctx workflow.Context, j *journey, options workflow.ActivityOptions, name enroll.Activity[In, Out], in In) (Out, error) {
	out, err := execute(ctx, options, name, in)
	if !neverReported(err) {
		return out, err
	}
	options.ScheduleToStartTimeout = lastCallCaps * j.pace.PollCap
	second, again := execute(ctx, options, name, in)
	if _, details := kindOf(again); again != nil && details.NotSent {
		return out, err
	}
	return second, again
}

// stepOnce is step for a call that may be made only once.
func stepOnce[In any, Out interface{ Refusal() *enroll.Verdict }](ctx workflow.Context, j *journey, options workflow.ActivityOptions, name enroll.Activity[In, Out], in In) (Out, *enroll.Verdict) {
	out, err := executeOnce(ctx, j, options, name, in)
	if err != nil {
		return out, onceVerdictOf(err)
	}
	return out, out.Refusal()
}

// untilSent repeats a call that may be made only once while it surely was not
// sent or was throttled: for a while, and not when waiting is over and somebody
// waits for the end.
func untilSent[T any](ctx workflow.Context, j *journey, call func() (T, error)) (T, error) {
	until := workflow.Now(ctx).Add(j.pace.PollCap)
	for pause := time.Second; ; pause = min(2*pause, 4*time.Second) {
		out, err := call()
		if err == nil {
			return out, nil
		}
		kind, details := kindOf(err)
		held := kind == enroll.KindThrottled || details.NotSent
		if !held || j.hurry || workflow.Now(ctx).Add(pause).After(until) || workflow.Sleep(ctx, pause) != nil {
			return out, err
		}
		if j.ending {
			return out, err
		}
	}
}

// budgetLeft is what remains of the begin budget. It is never zero, which
// would mean no limit at all. For a run that an operator reset nobody waits, and
// the person may have a hand-over already: it is patient.
func (j *journey) budgetLeft(ctx workflow.Context) time.Duration {
	if wasReset(ctx) {
		return lastCallCaps * j.pace.PollCap
	}
	return max(j.pace.BeginBudget-workflow.Now(ctx).Sub(j.began), time.Second)
}

// wasReset reports that an operator reset the journey, and this run goes on
// with it.
func wasReset(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return info.OriginalRunID != "" && info.OriginalRunID != info.WorkflowExecution.RunID
}

// handOver answers begin with what the frontend needs and turns the journey to
// waiting until the deadline. What else is to be searched for is written along
// with the phase.
func (j *journey) handOver(ctx workflow.Context, handed enroll.HandOver, deadline time.Time, found ...temporal.SearchAttributeUpdate) {
	j.handed = &handed
	j.reply = &enroll.BeginReply{Digest: j.opening.Digest, HandOver: &handed, Deadline: deadline}
	j.state.Phase, j.state.WaitingOn, j.state.Since, j.state.Deadline = enroll.Waiting, "person", workflow.Now(ctx), deadline
	j.upsert(ctx, append(found, attrPhase.ValueSet(string(enroll.Waiting)), attrDeadline.ValueSet(deadline))...)
}

// onFailure remembers how to take back something that now exists at the
// provider because of this journey.
func (j *journey) onFailure(what string, remove func(workflow.Context) error) {
	j.undo = append(j.undo, undo{what, remove})
}

// conclude records the outcome, which never changes after this, takes back what
// the journey created unless it succeeded, and returns the result. A run that
// an operator reset after the journey had its outcome returns that outcome and
// touches nothing.
func (j *journey) conclude(ctx workflow.Context, verdict enroll.Verdict) (enroll.Result, error) {
	info := workflow.GetInfo(ctx)
	j.result.Verdict, j.result.ConcludedAt, j.result.RunID = verdict, workflow.Now(ctx), info.WorkflowExecution.RunID
	first := j.record(ctx)
	j.state.Phase, j.state.WaitingOn, j.state.Since = enroll.Concluded, "", workflow.Now(ctx)
	j.state.Result, j.handed = &j.result, nil
	j.upsert(ctx, attrPhase.ValueSet(string(enroll.Concluded)), attrOutcome.ValueSet(string(j.result.Outcome)))
	j.tell(ctx)
	if first && !verdict.Outcome.Success() {
		j.replyWithResult() // Cleaning up may take as long as the provider is down; the caller need not wait.
		j.takeBack(ctx)
		j.tell(ctx)
	}
	j.replyWithResult()
	j.settleRenewal()
	j.drain()
	err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	return j.result, err
}

// record records the outcome and deletes what the journey sealed. It reports
// whether this run was the first to come to an outcome.
func (j *journey) record(ctx workflow.Context) (first bool) {
	recorded, err := executeHere(ctx, enroll.Conclude, enroll.ConcludeInput{Opening: j.opening, Result: j.result, Sealed: j.sealed})
	if err != nil {
		workflow.GetLogger(ctx).Error("outcome not recorded, or sealed input not deleted", "error", err)
		j.result.CleanUp = append(j.result.CleanUp, enroll.CleanUp{What: "record or sealed input", Reason: enroll.ReasonRecordsUnavailable})
		return !wasReset(ctx)
	}
	first = recorded.RunID == j.result.RunID
	j.result = recorded
	return first
}

// takeBack removes what the journey created at the provider, has a capture
// watched that cannot be called off, and records what became of both.
func (j *journey) takeBack(ctx workflow.Context) {
	j.cleanUp(ctx)
	j.watchLeftOpen(ctx)
	if len(j.undo) == 0 && j.leftOpen == nil {
		return
	}
	if _, err := executeHere(ctx, enroll.RecordCleanUp, enroll.RecordCleanUpInput{Record: j.opening.Record, Result: j.result}); err != nil {
		workflow.GetLogger(ctx).Error("the clean-up was not recorded", "error", err)
	}
}

// executeHere runs a step that calls no provider within the workflow task,
// which costs one event. Should it not succeed at once, it becomes a step of
// its own that is repeated with patience.
func executeHere[In, Out any](ctx workflow.Context, name enroll.Activity[In, Out], in In) (Out, error) {
	var out Out
	if err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, hereOptions()), string(name), in).Get(ctx, &out); err == nil {
		return out, nil
	}
	return execute(ctx, recordOptions(), name, in)
}

// replyWithResult answers begin with the outcome, unless it was answered.
func (j *journey) replyWithResult() {
	if j.reply == nil {
		result := j.result
		j.reply = &enroll.BeginReply{Digest: j.opening.Digest, Result: &result}
	}
}

// cleanUp takes back what was created, the newest first, and reports each.
func (j *journey) cleanUp(ctx workflow.Context) {
	for _, u := range slices.Backward(j.undo) {
		report := enroll.CleanUp{What: u.what, Done: true}
		if err := u.remove(ctx); err != nil {
			report.Done, report.Reason = false, verdictOf(err).Reason
		}
		j.result.CleanUp = append(j.result.CleanUp, report)
	}
}

// drain counts the hints that came too late to matter, so that none is lost
// unnoticed.
func (j *journey) drain() {
	for _, h := range j.hints {
		var hint enroll.Hint
		for h.channel.ReceiveAsync(&hint) {
			j.state.Hints[h.name]++
		}
	}
}

// upsert writes search attributes; a cluster without them does not stop a
// journey.
func (j *journey) upsert(ctx workflow.Context, attributes ...temporal.SearchAttributeUpdate) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, attributes...); err != nil {
		workflow.GetLogger(ctx).Warn("search attributes not written", "error", err)
	}
}

// kindOf tells the kind of a step's failure, and its details.
func kindOf(err error) (enroll.Kind, enroll.FailureDetails) {
	var details enroll.FailureDetails
	if failure, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		if failure.HasDetails() && failure.Details(&details) != nil {
			details = enroll.FailureDetails{}
		}
		return enroll.Kind(failure.Type()), details
	}
	if temporal.IsTimeoutError(err) {
		details.NotSent = !neverReported(err)
		return enroll.KindUnavailable, details
	}
	return "", details
}

// neverReported reports a step that was started and not heard of again.
func neverReported(err error) bool {
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	return ok && timeout.TimeoutType() != enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START
}

// onceVerdictOf is verdictOf for a call that may be made only once: an attempt
// that started and never reported back may have had its effect.
func onceVerdictOf(err error) *enroll.Verdict {
	if neverReported(err) {
		return verdictOfKind(enroll.KindLost, "")
	}
	return verdictOf(err)
}

// verdictOf tells what a failure to learn an answer means for a journey that
// cannot go on without it.
func verdictOf(err error) *enroll.Verdict {
	kind, details := kindOf(err)
	return verdictOfKind(kind, details.Code)
}

func verdictOfKind(kind enroll.Kind, code string) *enroll.Verdict {
	verdict := enroll.Verdict{Outcome: enroll.Failed, ProviderCode: code}
	switch kind {
	case enroll.KindUnavailable, enroll.KindThrottled:
		verdict.Reason, verdict.CanRetry = enroll.ReasonProviderUnavailable, true
	case enroll.KindUnexpected, enroll.KindPending:
		verdict.Reason = enroll.ReasonUnexpectedAnswer
	case enroll.KindDenied:
		verdict.Reason = enroll.ReasonCredentialsRefused
	case enroll.KindInvalid:
		verdict.Reason = enroll.ReasonRequestRefused
	case enroll.KindInputGone:
		verdict.Reason, verdict.CanRetry = enroll.ReasonInputGone, true
	case enroll.KindUnrecorded:
		verdict.Reason, verdict.CanRetry = enroll.ReasonRecordsUnavailable, true
	case enroll.KindUnsealed:
		verdict.Reason, verdict.CanRetry = enroll.ReasonSealedUnavailable, true
	case enroll.KindLost:
		verdict.Outcome, verdict.Reason = enroll.Unknown, enroll.ReasonLostAnswer
	case enroll.KindConcluded: // conclude puts the recorded outcome in its place.
		verdict.Reason = enroll.ReasonInternalError
	default:
		verdict.Reason = enroll.ReasonInternalError
	}
	return &verdict
}
