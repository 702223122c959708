package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
)

// Journeys is what a watch asks the Temporal server.
type Journeys interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	ListWorkflow(ctx context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error)
}

// Watcher holds the step of a watch that calls no provider.
type Watcher struct{ journeys Journeys }

// NewWatcher returns the step on top of a connection to Temporal.
func NewWatcher(journeys Journeys) *Watcher { return &Watcher{journeys: journeys} }

// Register registers the step under its name of package enroll.
func (w *Watcher) Register(r worker.ActivityRegistry) {
	register(r, enroll.FindNewer, w.FindNewer)
}

// FindNewer looks whether a journey that was started after the run has
// enrolled the subject. While one is under way nobody can tell: that is the
// failure KindPending, which the server repeats.
func (w *Watcher) FindNewer(ctx context.Context, in enroll.FindNewerInput) (enroll.Newer, error) {
	const op = "find newer journeys"
	ended, err := w.journeys.DescribeWorkflowExecution(ctx, in.JourneyID, in.RunID)
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return enroll.Newer{Enrolled: true}, nil // Past retention nobody can tell, and removing too much is worse.
	}
	if err != nil {
		return enroll.Newer{}, fmt.Errorf("%s: %w", op, err)
	}
	latest, err := w.journeys.DescribeWorkflowExecution(ctx, in.JourneyID, "")
	if err != nil {
		return enroll.Newer{}, fmt.Errorf("%s: %w", op, err)
	}
	info := latest.GetWorkflowExecutionInfo()
	switch {
	case info.GetExecution().GetRunId() == in.RunID:
		return enroll.Newer{}, nil
	case info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return enroll.Newer{}, failure(&enroll.Error{Op: op, Kind: enroll.KindPending, Message: "a newer journey is under way"})
	}
	found, err := w.journeys.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: 1,
		Query: fmt.Sprintf("WorkflowId = %q AND StartTime > %q AND %s = %q", in.JourneyID,
			ended.GetWorkflowExecutionInfo().GetStartTime().AsTime().Format(time.RFC3339Nano), enroll.AttrOutcome, enroll.Enrolled),
	})
	if err != nil {
		return enroll.Newer{}, fmt.Errorf("%s: %w", op, err)
	}
	return enroll.Newer{Enrolled: len(found.GetExecutions()) > 0}, nil
}
