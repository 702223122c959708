package client

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
)

// Concluded reports whether a journey has ended. It asks only the server, and
// the records when the server has forgotten the journey, so no worker needs to
// run. An empty runID means the subject's latest journey.
//
// It returns ErrNotFound when there is no such journey.
func (c *Client) Concluded(ctx context.Context, id, runID string) (bool, error) {
	found, err := c.current(ctx, id, runID)
	if errors.Is(err, ErrNotFound) {
		if record, failed := c.recordOf(ctx, id, runID); failed == nil {
			return record.Result != nil, nil
		}
	}
	if err != nil {
		return false, err
	}
	return found.status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// Wait returns the outcome of a journey as soon as there is one, also when its
// run is reset meanwhile, and from its record when the server has forgotten it
// or its history is under a key that was retired. An empty runID means the
// subject's latest journey.
//
// It returns ErrNotFound when there is no such journey, and the context's
// error when the caller stopped waiting; the journey goes on.
func (c *Client) Wait(ctx context.Context, id, runID string) (enroll.Result, error) {
	var result enroll.Result
	err := c.temporal.GetWorkflow(ctx, id, runID).Get(ctx, &result)
	switch {
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		return enroll.Result{}, fmt.Errorf("wait %s: stopped waiting, the journey goes on: %w", id, ctx.Err())
	case isNotFound(err):
		return c.waitForgotten(ctx, id, runID)
	}
	if ended, failed := c.describe(ctx, id, runID); failed == nil {
		if next, ok := c.goesOn(ctx, ended); ok {
			return c.Wait(ctx, id, next.run())
		}
		if record := c.recordOfRun(ctx, ended.info); record.Result != nil {
			return *record.Result, nil
		}
	}
	if errors.Is(err, codec.ErrOtherKey) {
		return enroll.Result{}, fmt.Errorf("wait %s: the outcome cannot be read: %w", id, err)
	}
	return enroll.Result{}, fmt.Errorf("wait %s: the journey ended without an outcome: %w", id, err)
}

// waitForgotten is Wait for a run that the server has forgotten, or never knew.
func (c *Client) waitForgotten(ctx context.Context, id, runID string) (enroll.Result, error) {
	record, err := c.recordOf(ctx, id, runID)
	switch {
	case err == nil && record.Result != nil:
		return *record.Result, nil
	case err == nil && runID != "" && record.RunID != runID: // The journey goes on in another one.
		return c.Wait(ctx, id, record.RunID)
	}
	return enroll.Result{}, fmt.Errorf("wait %s: %w", id, ErrNotFound)
}

// recordOfRun returns the record of a run, or nothing when there is none. It is
// found by the run's mark or, where that is under a key that was retired, by the
// ID of the run.
func (c *Client) recordOfRun(ctx context.Context, info *workflowpb.WorkflowExecutionInfo) enroll.Record {
	if id := c.markOf(info).Record; id != "" {
		if record, err := c.record(ctx, id); err == nil {
			return record
		}
		return enroll.Record{}
	}
	record, err := c.recordOf(ctx, info.GetExecution().GetWorkflowId(), info.GetExecution().GetRunId())
	if err != nil {
		return enroll.Record{}
	}
	return record
}
