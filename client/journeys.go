package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/bioenroll/bioenroll/enroll"
)

// Hint tells a journey that something happened at the frontend. It carries no
// verdict: the journey asks the provider. A hint to a journey that has
// concluded is fine, and late is true then.
//
// It returns *enroll.InputError when the journey does not listen to the hint,
// and ErrNotFound when there is no such journey.
func (c *Client) Hint(ctx context.Context, id string, name enroll.HintName, hint enroll.Hint) (late bool, err error) {
	described, err := c.describe(ctx, id, "")
	if errors.Is(err, ErrNotFound) {
		if record, failed := c.recordOf(ctx, id, ""); failed == nil && record.Result != nil {
			return true, nil // The server has forgotten it.
		}
	}
	if err != nil {
		return false, err
	}
	spec, err := described.journey.Spec()
	if err != nil {
		return false, fmt.Errorf("hint %s: %w", id, err)
	}
	if !spec.Accepts(name) {
		return false, &enroll.InputError{Journey: spec.Journey, Fields: []enroll.FieldError{
			{Field: "hint", Given: fmt.Sprintf("%q", name), Allowed: allowedHints(spec)},
		}}
	}
	if described.status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return true, nil
	}
	err = c.temporal.SignalWorkflow(ctx, id, "", string(name), hint)
	if isNotFound(err) {
		return true, nil // It concluded in between.
	}
	if err != nil {
		return false, fmt.Errorf("hint %s: %w", id, err)
	}
	return false, nil
}

func allowedHints(spec enroll.Spec) string {
	if !spec.Waits() {
		return "none: this journey does not wait for a person"
	}
	names := make([]string, len(spec.Hints))
	for i, name := range spec.Hints {
		names[i] = string(name)
		if !slices.Contains(enroll.HintNames(), name) {
			names[i] += " (the provider's own)"
		}
	}
	return strings.Join(names, ", ")
}

// Cancel asks a journey to stop waiting. The journey asks the provider once
// more, removes what it created there unless the person had finished, and
// concludes; Wait returns how.
//
// It returns ErrConcluded when the journey has ended, and ErrNotFound.
func (c *Client) Cancel(ctx context.Context, id, runID string) error {
	return c.cancel(ctx, id, runID, nil)
}

// CancelBy is Cancel by an operator, whose name and reason go into the audit
// trail.
func (c *Client) CancelBy(ctx context.Context, id, runID string, by By) error {
	return c.cancel(ctx, id, runID, &by)
}

func (c *Client) cancel(ctx context.Context, id, runID string, by *By) error {
	described, err := c.describe(ctx, id, runID)
	if errors.Is(err, ErrNotFound) {
		if record, failed := c.recordOf(ctx, id, runID); failed == nil && record.Result != nil {
			return fmt.Errorf("cancel %s: %w", id, ErrConcluded) // The server has forgotten it.
		}
	}
	if err != nil {
		return err
	}
	if described.status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		if by != nil {
			if err := c.note(ctx, didCancel, described, *by); err != nil {
				return err
			}
		}
		err = c.temporal.CancelWorkflow(ctx, id, runID)
		if err == nil {
			return nil
		}
		if !isNotFound(err) {
			return fmt.Errorf("cancel %s: %w", id, err)
		}
	}
	return fmt.Errorf("cancel %s: %w", id, ErrConcluded)
}

// HandOver returns the current hand-over of a journey, for a frontend that
// lost it; nil when there is none. A worker must be running.
func (c *Client) HandOver(ctx context.Context, id string) (*enroll.HandOver, error) {
	value, err := c.temporal.QueryWorkflow(ctx, id, "", enroll.HandOverQuery)
	if isNotFound(err) {
		return nil, fmt.Errorf("hand-over %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("hand-over %s: %w", id, err)
	}
	var handed *enroll.HandOver
	if err := value.Get(&handed); err != nil {
		return nil, fmt.Errorf("hand-over %s: %w", id, err)
	}
	return handed, nil
}

// described is what the server knows of a run without a worker.
type described struct {
	journey enroll.Journey
	status  enumspb.WorkflowExecutionStatus
	info    *workflowpb.WorkflowExecutionInfo
	pending []*workflowpb.PendingActivityInfo
}

// run is the ID of the run.
func (d described) run() string { return d.info.GetExecution().GetRunId() }

func (c *Client) describe(ctx context.Context, id, runID string) (described, error) {
	answer, err := c.temporal.DescribeWorkflowExecution(ctx, id, runID)
	if isNotFound(err) {
		return described{}, fmt.Errorf("journey %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return described{}, fmt.Errorf("journey %s: %w", id, err)
	}
	info := answer.GetWorkflowExecutionInfo()
	return described{
		journey: journeyOf(info.GetType().GetName()), status: info.GetStatus(), info: info, pending: answer.GetPendingActivities(),
	}, nil
}

// journeyOf is the inverse of the catalogue's workflow type.
func journeyOf(workflowType string) enroll.Journey {
	for _, spec := range enroll.Catalogue() {
		if spec.Workflow == workflowType {
			return spec.Journey
		}
	}
	return ""
}

// queryLimit bounds the question to a worker, which may not run.
const queryLimit = 5 * time.Second
