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
// concluded is fine, and late is true then: it never reaches another journey of
// the subject. An empty runID means the subject's latest journey.
//
// It returns *enroll.InputError when the journey does not listen to the hint,
// and ErrNotFound when there is no such journey.
func (c *Client) Hint(ctx context.Context, id, runID string, name enroll.HintName, hint enroll.Hint) (late bool, err error) {
	found, err := c.current(ctx, id, runID)
	if errors.Is(err, ErrNotFound) && c.concludedBefore(ctx, id, runID) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	spec, err := found.journey.Spec()
	if err != nil {
		return false, fmt.Errorf("hint %s: %w", id, err)
	}
	if !spec.Accepts(name) {
		return false, &enroll.InputError{Journey: spec.Journey, Fields: []enroll.FieldError{
			{Field: "hint", Given: fmt.Sprintf("%q", name), Allowed: allowedHints(spec)},
		}}
	}
	alive, err := c.whileAlive(ctx, found, func(runID string) error {
		return c.temporal.SignalWorkflow(ctx, id, runID, string(name), hint)
	})
	if err != nil {
		return false, fmt.Errorf("hint %s: %w", id, err)
	}
	return !alive, nil
}

// concludedBefore reports that the server has forgotten a journey, and that its
// record has an outcome.
func (c *Client) concludedBefore(ctx context.Context, id, runID string) bool {
	record, err := c.recordOf(ctx, id, runID)
	return err == nil && record.Result != nil
}

// whileAlive does something to the run in which a journey goes on, and to the
// next one when it was reset in between. It reports false, and has done nothing,
// when the journey has ended.
func (c *Client) whileAlive(ctx context.Context, found described, do func(runID string) error) (bool, error) {
	for range 2 {
		if found.status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return false, nil
		}
		err := do(found.run())
		if !isNotFound(err) {
			return err == nil, err
		}
		if found, err = c.current(ctx, found.info.GetExecution().GetWorkflowId(), found.run()); err != nil {
			return false, err
		}
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
	if by != nil {
		if err := by.check(); err != nil {
			return err
		}
	}
	found, err := c.current(ctx, id, runID)
	if errors.Is(err, ErrNotFound) && c.concludedBefore(ctx, id, runID) {
		return fmt.Errorf("cancel %s: %w", id, ErrConcluded)
	}
	if err != nil {
		return err
	}
	if by != nil && found.status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		if err := c.note(ctx, didCancel, found, *by); err != nil {
			return err
		}
	}
	alive, err := c.whileAlive(ctx, found, func(runID string) error { return c.temporal.CancelWorkflow(ctx, id, runID) })
	if err == nil && !alive {
		err = ErrConcluded
	}
	if err != nil {
		return fmt.Errorf("cancel %s: %w", id, err)
	}
	return nil
}

// HandOver returns the current hand-over of a journey, for a frontend that
// lost it; nil when there is none. An empty runID means the subject's latest
// journey. A worker must be running.
func (c *Client) HandOver(ctx context.Context, id, runID string) (*enroll.HandOver, error) {
	if runID != "" { // A run that was reset waits for nobody.
		found, err := c.current(ctx, id, runID)
		if err != nil {
			return nil, fmt.Errorf("hand-over %s: %w", id, err)
		}
		runID = found.run()
	}
	value, err := c.temporal.QueryWorkflow(ctx, id, runID, enroll.HandOverQuery)
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

// current is the run in which a journey stands now: the given one, or the one
// that took over from it. An empty runID means the subject's latest journey.
func (c *Client) current(ctx context.Context, id, runID string) (described, error) {
	found, err := c.describe(ctx, id, runID)
	if errors.Is(err, ErrNotFound) && runID != "" {
		// The server forgets a run that was reset before the one after it.
		if record, failed := c.recordOf(ctx, id, runID); failed == nil && record.RunID != runID {
			found, err = c.describe(ctx, id, record.RunID)
		}
	}
	if err != nil {
		return described{}, err
	}
	if next, ok := c.goesOn(ctx, found); ok {
		return next, nil
	}
	return found, nil
}

// goesOn returns the run in which a journey goes on after the given one, which
// ended without an outcome: an operator reset it, or it failed and the journey
// was started once more.
func (c *Client) goesOn(ctx context.Context, ended described) (described, bool) {
	switch ended.status { //nolint:exhaustive // every other status is an end without an outcome
	case enumspb.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return described{}, false
	}
	next, err := c.describe(ctx, ended.info.GetExecution().GetWorkflowId(), "")
	journey := c.markOf(ended.info)
	if err != nil || journey == (mark{}) || next.run() == ended.run() || c.markOf(next.info) != journey {
		return described{}, false
	}
	return next, true
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
