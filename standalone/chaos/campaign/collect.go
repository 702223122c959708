package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
)

// collect takes the evidence, when everything is calm again.
func (c *campaign) collect(ctx context.Context, players []*player) (invariants.Evidence, error) {
	evidence := invariants.Evidence{Grace: grace, Damages: c.journal.damages, HasRecords: true}
	for _, p := range players {
		j, err := p.evidence(ctx)
		if err != nil {
			return evidence, fmt.Errorf("%s: %w", p.script, err)
		}
		evidence.Journeys = append(evidence.Journeys, j)
	}
	// The ledger comes last, so that it holds everything that a history tells of.
	ledger, err := c.simulated.ledger(ctx)
	if err != nil {
		return evidence, err
	}
	bySubject := map[string][]simulator.Entry{}
	for _, entry := range ledger {
		key := entry.Provider + " " + entry.Subject
		bySubject[key] = append(bySubject[key], entry)
	}
	for i, p := range players {
		j := &evidence.Journeys[i]
		j.Ledger = bySubject[string(p.spec.Provider)+" "+p.script.Subject]
		if j.Provider, err = p.simulated.belief(ctx, p.spec.Provider, p.script.Subject); err != nil {
			return evidence, err
		}
	}
	if err := c.heard(ctx, &evidence); err != nil {
		return evidence, err
	}
	evidence.SealedLeft, err = c.shared.Sealed.Refs(ctx)
	evidence.At = time.Now()
	return evidence, err
}

// evidence is what is known of one journey, the provider's side left out.
func (p *player) evidence(ctx context.Context) (invariants.Journey, error) {
	j := invariants.Journey{Script: p.script, ID: p.id(), Began: p.began, Told: p.told, Timeline: p.timeline}
	if p.began.IsZero() {
		return j, nil
	}
	if err := p.recorded(ctx, &j); err != nil {
		return j, err
	}
	for _, part := range sealedParts(p.script) {
		j.Sealed = append(j.Sealed, enroll.SealedPart(p.recordID(p.script.Key), part))
	}
	others, err := p.otherRuns(ctx)
	if err != nil {
		return j, err
	}
	for _, id := range p.runIDs() {
		run, err := p.run(ctx, id)
		if _, absent := errors.AsType[*serviceerror.NotFound](err); absent {
			continue // It was never started, whatever the backend believed.
		}
		if err != nil {
			return j, err
		}
		known := slices.ContainsFunc(j.Runs, func(known invariants.Run) bool { return known.ID == run.ID })
		if !known && !slices.Contains(others, run.ID) {
			j.Runs = append(j.Runs, run)
		}
	}
	return j, nil
}

// recorded reads the journey's record with its audit trail, where there is one.
func (p *player) recorded(ctx context.Context, j *invariants.Journey) error {
	record, err := p.shared.Records.Get(ctx, p.recordID(p.script.Key))
	if errors.Is(err, records.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	j.Record = &record
	j.Audit, err = p.shared.Records.Audit(ctx, record.ID)
	return err
}

// otherRuns are those of the subject's other journeys, as their records tell:
// the call that started one may have got no answer.
func (p *player) otherRuns(ctx context.Context) ([]string, error) {
	var runs []string
	for _, key := range []string{otherKey, nextKey} {
		record, err := p.shared.Records.Get(ctx, p.recordID(p.script.Key+key))
		if errors.Is(err, records.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		runs = append(runs, record.RunID)
	}
	return runs, nil
}

// runIDs are all that anybody was told of, in order, and the latest: "".
func (p *player) runIDs() []string {
	var ids []string
	for _, told := range p.told {
		ids = append(ids, told.RunID)
	}
	return append(append(ids, p.resets...), "")
}

func (p *player) run(ctx context.Context, id string) (invariants.Run, error) {
	answer, err := p.temporal.DescribeWorkflowExecution(ctx, p.id(), id)
	if err != nil {
		return invariants.Run{}, err
	}
	info := answer.GetWorkflowExecutionInfo()
	run := invariants.Run{ID: info.GetExecution().GetRunId(), Status: info.GetStatus().String()}
	if info.GetCloseTime() != nil {
		run.Closed = info.GetCloseTime().AsTime()
	}
	if deadline, waited := info.GetSearchAttributes().GetIndexedFields()[enroll.AttrDeadline]; waited {
		if err := converter.GetDefaultDataConverter().FromPayload(deadline, &run.Deadline); err != nil {
			return run, err
		}
	}
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED {
		var result enroll.Result
		err := p.temporal.GetWorkflow(ctx, p.id(), run.ID).GetWithOptions(ctx, &result, sdk.WorkflowRunGetOptions{DisableFollowingRuns: true})
		if err != nil {
			return run, err
		}
		run.Result = &result
	}
	run.Attempts, err = p.attempts(ctx, run.ID)
	return run, err
}

// attempts reads the steps of a run from its history.
func (p *player) attempts(ctx context.Context, runID string) ([]invariants.Attempt, error) {
	var attempts []invariants.Attempt
	place := map[int64]int{} // the event that scheduled a step → its place
	events := p.temporal.GetWorkflowHistory(ctx, p.id(), runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, err
		}
		if scheduled := event.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
			place[event.GetEventId()] = len(attempts)
			attempts = append(attempts, invariants.Attempt{Step: scheduled.GetActivityType().GetName(), Scheduled: event.GetEventTime().AsTime()})
			continue
		}
		if id, started, failure := stepOf(event); id != 0 {
			a := &attempts[place[id]]
			if started {
				a.Started = event.GetEventTime().AsTime()
			} else {
				a.Ended, a.Failure = event.GetEventTime().AsTime(), failure
			}
		}
	}
	return attempts, nil
}

// stepOf tells which step an event is about, by the event that scheduled it,
// and what it says: a start, or an end with its failure.
func stepOf(event *historypb.HistoryEvent) (scheduled int64, started bool, failure string) {
	switch event.GetEventType() { //nolint:exhaustive // the others are about no step
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		return event.GetActivityTaskStartedEventAttributes().GetScheduledEventId(), true, ""
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		return event.GetActivityTaskCompletedEventAttributes().GetScheduledEventId(), false, ""
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		about := event.GetActivityTaskFailedEventAttributes()
		return about.GetScheduledEventId(), false, failureType(about.GetFailure())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		about := event.GetActivityTaskTimedOutEventAttributes()
		return about.GetScheduledEventId(), false, failureType(about.GetFailure())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		return event.GetActivityTaskCanceledEventAttributes().GetScheduledEventId(), false, "canceled"
	default:
		return 0, false, ""
	}
}

// failureType is the word for a failure that is never encrypted.
func failureType(failure *failurepb.Failure) string {
	if timeout := failure.GetTimeoutFailureInfo(); timeout != nil {
		return "timeout " + timeout.GetTimeoutType().String()
	}
	if failure.GetApplicationFailureInfo() != nil {
		return failure.GetApplicationFailureInfo().GetType()
	}
	return "failed"
}
