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
// Repeating the call with the same key returns the same reply.
//
// It returns ErrNotRenewable, ErrConcluded, ErrNotFound or ErrNoAnswer.
func (c *Client) Renew(ctx context.Context, id, key string) (enroll.RenewReply, error) {
	return c.renew(ctx, id, key, nil)
}

// RenewBy is Renew by an operator, whose name and reason go into the audit
// trail.
func (c *Client) RenewBy(ctx context.Context, id, key string, by By) (enroll.RenewReply, error) {
	return c.renew(ctx, id, key, &by)
}

func (c *Client) renew(ctx context.Context, id, key string, by *By) (enroll.RenewReply, error) {
	described, err := c.describe(ctx, id, "")
	if err != nil {
		return enroll.RenewReply{}, err
	}
	if key == "" || len(key) > maxKeyBytes {
		return enroll.RenewReply{}, keyError(described.journey, key)
	}
	if by != nil && described.status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		if err := c.note(ctx, didRenew, described, *by); err != nil {
			return enroll.RenewReply{}, err
		}
	}
	if _, ok := ctx.Deadline(); !ok {
		limited, cancel := context.WithTimeout(ctx, startLimit)
		defer cancel()
		ctx = limited
	}
	handle, err := c.temporal.UpdateWorkflow(ctx, sdk.UpdateWorkflowOptions{
		WorkflowID: id, RunID: described.run(), UpdateID: string(c.keys.Ref(id, key, "renew")),
		UpdateName: enroll.RenewUpdate, WaitForStage: sdk.WorkflowUpdateStageCompleted,
	})
	var reply enroll.RenewReply
	if err == nil {
		err = handle.Get(ctx, &reply)
	}
	return reply, explainRenewal(ctx, id, described, err)
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
