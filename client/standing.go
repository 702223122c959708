package client

import (
	"context"
	"errors"
	"fmt"

	workflowpb "go.temporal.io/api/workflow/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/records"
)

// memoStart is the field of a workflow's memo that says whose start made it.
const memoStart = "start"

// mark says whose start made a run: a reset run carries it, too. Both are keyed
// hashes.
type mark struct {
	Record enroll.RecordID `json:"record"`
	Digest string          `json:"digest"`
}

// mark is that of this start.
func (s starting) mark() mark { return mark{Record: s.record(), Digest: s.digest} }

// markOf reads the mark of a run; it is empty when there is none, or another
// key file encrypted it.
func (c *Client) markOf(info *workflowpb.WorkflowExecutionInfo) mark {
	payload, ok := info.GetMemo().GetFields()[memoStart]
	if !ok {
		return mark{}
	}
	place := converter.WorkflowSerializationContext{WorkflowID: info.GetExecution().GetWorkflowId()}
	var found mark
	if converter.WithDataConverterSerializationContext(c.payloads, place).FromPayload(payload, &found) != nil {
		return mark{}
	}
	return found
}

// known answers a start from what is known of its key. It reports false when
// the journey has yet to be started.
func (s starting) known(ctx context.Context) (Started, bool, error) {
	if s.records == nil {
		return Started{}, false, nil
	}
	standing, err := s.records.Standing(ctx, s.record(), s.spec.Provider, s.subject)
	switch {
	case err != nil:
		return Started{}, false, fmt.Errorf("start %s: %w", s.id(), err)
	case standing.Record != nil:
		return s.again(ctx, *standing.Record)
	}
	obstacle := obstacleOf(standing)
	if obstacle == nil {
		return Started{}, false, nil
	}
	// A journey that is just beginning has no record yet.
	started, ok, err := s.latest(ctx)
	if err == nil && !ok {
		err = fmt.Errorf("start %s: %w", s.id(), obstacle)
	}
	return started, ok, err
}

// obstacleOf is what keeps a new journey from being started, if anything does.
func obstacleOf(standing records.Standing) error {
	switch {
	case standing.Erasure != "":
		return fmt.Errorf("erasure %s: %w", standing.Erasure, ErrErasing)
	case standing.Hold != nil:
		return &HeldError{Hold: *standing.Hold}
	}
	return nil
}

// again answers a start whose journey has a record: as the run of then did, or
// with the outcome when Temporal has forgotten the run or its answer is under a
// key that was retired. It reports false when
// the run ended without an outcome. Started once more, the journey goes on with
// its record and makes no call twice.
func (s starting) again(ctx context.Context, record enroll.Record) (Started, bool, error) {
	if record.Digest != s.digest {
		return Started{}, false, fmt.Errorf("start: %w", ErrKeyReused)
	}
	started, err := s.ask(ctx, record.RunID)
	started.RunID = record.FirstRun // By which the caller knows the journey.
	switch {
	case record.Result != nil && (isOver(err) || errors.Is(err, codec.ErrOtherKey)):
		return Started{ID: s.id(), RunID: record.FirstRun, Result: record.Result}, true, nil
	case !isOver(err):
		return started, err == nil, err
	}
	return s.latest(ctx)
}

// latest answers a start from the subject's latest run. It reports false when
// that is the run of another start, or ended without an outcome.
func (s starting) latest(ctx context.Context) (Started, bool, error) {
	described, err := s.describe(ctx, s.id(), "")
	if errors.Is(err, ErrNotFound) {
		return Started{}, false, nil
	}
	if err != nil {
		return Started{}, false, err
	}
	found, runID := s.markOf(described.info), described.run()
	switch {
	case found.Record != s.record():
		return Started{}, false, nil
	case found.Digest != s.digest:
		return Started{}, false, fmt.Errorf("start: %w", ErrKeyReused)
	}
	started, err := s.ask(ctx, runID)
	if !isOver(err) {
		return started, err == nil, err
	}
	// It ended without having been asked, so there is an outcome or nothing.
	var result enroll.Result
	if err := s.temporal.GetWorkflow(ctx, s.id(), runID).Get(ctx, &result); err != nil {
		if ctx.Err() != nil {
			return Started{}, false, s.explain(ctx, err)
		}
		return Started{}, false, nil // It failed, so the journey can be started again.
	}
	return Started{ID: s.id(), RunID: runID, Result: &result}, true, nil
}

// ask sends begin to a run of this start. A run that was asked before, also one
// that has closed since, gives the same answer again; isOver tells of one that
// closed without.
func (s starting) ask(ctx context.Context, runID string) (Started, error) {
	handle, err := s.temporal.UpdateWorkflow(ctx, sdk.UpdateWorkflowOptions{
		WorkflowID: s.id(), RunID: runID, UpdateID: s.updateID(), UpdateName: enroll.BeginUpdate,
		WaitForStage: sdk.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return Started{}, s.explain(ctx, err)
	}
	return s.answer(ctx, handle)
}

// answer reads the answer of begin and compares digests.
func (s starting) answer(ctx context.Context, handle sdk.WorkflowUpdateHandle) (Started, error) {
	var reply enroll.BeginReply
	if err := handle.Get(ctx, &reply); err != nil {
		return Started{}, s.explain(ctx, err)
	}
	if reply.Digest != s.digest {
		return Started{}, fmt.Errorf("start: %w", ErrKeyReused)
	}
	return Started{ID: s.id(), RunID: handle.RunID(), HandOver: reply.HandOver, Deadline: reply.Deadline, Result: reply.Result}, nil
}

// closedFirst is the type of the server's failure when a run closed before it
// had answered an update.
const closedFirst = "AcceptedUpdateCompletedWorkflow"

// isOver reports that a run is closed or forgotten and did not answer.
func isOver(err error) bool {
	failed, ok := errors.AsType[*temporal.ApplicationError](err)
	return isNotFound(err) || ok && failed.Type() == closedFirst
}
