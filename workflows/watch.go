package workflows

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// watchGrace is added to the end of a capture, so that the provider has closed
// it when the watch looks.
const watchGrace = 5 * time.Second

// leaveOpen notes that the person may go on with the capture until then,
// because the provider cannot be told that the journey ended.
func (j *journey) leaveOpen(until time.Time, left *enroll.WatchInput) {
	j.result.OpenUntil, j.leftOpen = &until, left
}

// watchLeftOpen starts the watch of a capture that was left open. It outlives
// the journey, which answers now.
func (j *journey) watchLeftOpen(ctx workflow.Context) {
	if j.leftOpen == nil {
		return
	}
	info := workflow.GetInfo(ctx)
	left := *j.leftOpen
	left.Journey, left.Provider, left.Record = j.spec.Journey, j.spec.Provider, j.opening.Record
	left.JourneyID, left.EndedRun = info.WorkflowExecution.ID, info.WorkflowExecution.RunID
	left.Until, left.AfterEnd, left.Pace = *j.result.OpenUntil, j.afterEnd, j.pace
	id := info.WorkflowExecution.ID + "-watch-" + info.OriginalRunID
	started := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary: "Looks what became of a capture that could not be called off.",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(enroll.AttrProvider).ValueSet(string(j.spec.Provider)),
			attrPhase.ValueSet(string(enroll.Watching)), attrDeadline.ValueSet(left.Until),
		),
	}), enroll.WatchWorkflow, left).GetChildWorkflowExecution().Get(ctx, nil)
	if started != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(started) { // A run before a reset may have started it.
		workflow.GetLogger(ctx).Error("the watch was not started", "error", started)
		return
	}
	j.result.WatchID = id
}

// LateCaptureWatch looks, when a capture has ended that could not be called
// off, whether the person completed it after all, and takes back what came
// into being unless a newer journey wants it.
func LateCaptureWatch(ctx workflow.Context, in enroll.WatchInput) (enroll.Watched, error) {
	w := &watch{in: in, found: enroll.Watched{Journey: in.Journey, JourneyID: in.JourneyID, EndedRun: in.EndedRun}}
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("The person may complete the capture until %s; then it is looked at.", in.Until.Format(time.RFC3339)))
	w.found.Reason = w.watch(ctx)
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if _, err := executeHere(ctx, enroll.RecordWatched, enroll.RecordWatchedInput{Record: in.Record, Watched: w.found}); err != nil {
		workflow.GetLogger(ctx).Error("what the watch found was not recorded", "error", err)
	}
	return w.found, nil
}

// watch is the state of one watch.
type watch struct {
	in    enroll.WatchInput
	found enroll.Watched
}

// watch waits for the capture's end and looks. It returns why something was not
// learned or not removed.
func (w *watch) watch(ctx workflow.Context) enroll.Reason {
	pause := w.in.Until.Add(watchGrace).Sub(workflow.Now(ctx))
	err := workflow.NewTimerWithOptions(ctx, pause, workflow.TimerOptions{Summary: "the capture's end"}).Get(ctx, nil)
	if err == nil {
		err = w.look(ctx)
	}
	switch {
	case err == nil:
		return ""
	case temporal.IsCanceledError(err): // An operator ended the watch.
		return enroll.ReasonCanceledByRequest
	default:
		return verdictOf(err).Reason
	}
}

// look learns whether the capture was completed, and removes it.
func (w *watch) look(ctx workflow.Context) (err error) {
	if w.found.Completed, err = w.completed(ctx); err != nil || !w.found.Completed {
		return err
	}
	if w.found.Kept, err = w.keep(ctx); err != nil || w.found.Kept != "" {
		return err
	}
	err = w.remove(ctx)
	w.found.Removed = err == nil
	return err
}

// completed asks the provider.
func (w *watch) completed(ctx workflow.Context) (bool, error) {
	if left := w.in.BioID; left != nil {
		class, err := execute(ctx, w.options("look for the class"), enroll.BioIDIsEnrolled, enroll.BioIDIsEnrolledInput{BCID: left.BCID, Traits: left.Traits})
		return class.Enrolled, err
	}
	status, err := execute(ctx, w.options("confirm the status"), enroll.AuthIDConfirmStatus,
		enroll.AuthIDConfirmStatusInput{Journey: w.in.Journey, OperationIDs: w.in.AuthID.OperationIDs})
	if kind, _ := kindOf(err); kind == enroll.KindPending {
		return false, nil
	}
	return status.Verdict.Outcome.Success(), err
}

// keep says why what came into being has to stay; nothing when it may go.
func (w *watch) keep(ctx workflow.Context) (enroll.KeptBecause, error) {
	switch {
	case w.in.Journey == enroll.AuthIDSelfie:
		return enroll.KeptNothing, nil
	case w.in.AfterEnd == enroll.ReportLate:
		return enroll.KeptBySetting, nil
	}
	newer, err := execute(ctx, newerOptions(), enroll.FindNewer, enroll.FindNewerInput{JourneyID: w.in.JourneyID, RunID: w.in.EndedRun})
	if err == nil && newer.Enrolled {
		return enroll.KeptForNewer, nil
	}
	return "", err
}

// remove takes back what came into being.
func (w *watch) remove(ctx workflow.Context) error {
	if left := w.in.BioID; left != nil {
		_, err := execute(ctx, w.options("delete the class"), enroll.BioIDDeleteClass, enroll.BioIDDeleteClassInput{BCID: left.BCID})
		return err
	}
	_, err := execute(ctx, w.options("remove the credential"), enroll.AuthIDRemoveCredential,
		enroll.AuthIDRemoveCredentialInput{AccountNumber: w.in.AuthID.AccountNumber})
	return err
}
