package client

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/enroll"
)

// Renew brings a waiting journey a new hand-over, because the old one ran out
// or was used up. The provider is asked first what became of the old one: had
// the person finished, the journey ends and the reply carries its result.
// Repeating the call with the same key returns the same reply. It never renews
// another journey of the subject; an empty runID means the latest.
//
// It returns ErrNotRenewable, ErrConcluded, ErrNotFound or ErrNoAnswer.
func (c *Client) Renew(ctx context.Context, id, runID, key string) (enroll.RenewReply, error) {
	return c.renew(ctx, id, runID, key, nil)
}

// RenewBy is Renew by an operator, whose name and reason go into the audit
// trail.
func (c *Client) RenewBy(ctx context.Context, id, runID, key string, by By) (enroll.RenewReply, error) {
	return c.renew(ctx, id, runID, key, &by)
}

func (c *Client) renew(ctx context.Context, id, runID, key string, by *By) (enroll.RenewReply, error) {
	if by != nil {
		if err := by.check(); err != nil {
			return enroll.RenewReply{}, err
		}
	}
	found, err := c.current(ctx, id, runID)
	if errors.Is(err, ErrNotFound) && c.concludedBefore(ctx, id, runID) {
		return enroll.RenewReply{}, fmt.Errorf("renew %s: %w", id, ErrConcluded)
	}
	if err != nil {
		return enroll.RenewReply{}, err
	}
	if key == "" || len(key) > maxKeyBytes {
		return enroll.RenewReply{}, keyError(found.journey, key)
	}
	if by != nil && found.status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		if err := c.note(ctx, didRenew, found, *by); err != nil {
			return enroll.RenewReply{}, err
		}
	}
	if _, ok := ctx.Deadline(); !ok {
		limited, cancel := context.WithTimeout(ctx, startLimit)
		defer cancel()
		ctx = limited
	}
	reply, err := c.renewRun(ctx, id, found.run(), key)
	if isNotFound(err) { // It has closed: it concluded, or was reset in between.
		if next, failed := c.current(ctx, id, found.run()); failed == nil && next.run() != found.run() {
			found = next
			reply, err = c.renewRun(ctx, id, found.run(), key)
		}
	}
	return reply, explainRenewal(ctx, id, found, err)
}

// renewRun asks one run. One that was asked before with the key, also if it has
// closed since, gives the same reply again.
func (c *Client) renewRun(ctx context.Context, id, runID, key string) (reply enroll.RenewReply, err error) {
	handle, err := c.temporal.UpdateWorkflow(ctx, sdk.UpdateWorkflowOptions{
		WorkflowID: id, RunID: runID, UpdateID: string(c.keys.Ref(id, key, "renew")),
		UpdateName: enroll.RenewUpdate, WaitForStage: sdk.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &reply)
	}
	return reply, err
}

// explainRenewal turns Temporal's error into one that callers branch on.
func explainRenewal(ctx context.Context, id string, described described, err error) error {
	if err == nil {
		return nil
	}
	if rejected, ok := errors.AsType[*temporal.ApplicationError](err); ok && rejected.Type() == enroll.NotRenewable {
		return fmt.Errorf("renew %s: %w: %s", id, ErrNotRenewable, rejected.Message())
	}
	if _, ok := errors.AsType[*sdk.WorkflowUpdateServiceTimeoutOrCanceledError](err); ok || ctx.Err() != nil {
		return reason("renew "+id, ErrNoAnswer, err)
	}
	if isNotFound(err) || described.status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return fmt.Errorf("renew %s: %w", id, ErrConcluded)
	}
	return fmt.Errorf("renew %s: %w", id, err)
}
