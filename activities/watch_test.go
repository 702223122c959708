package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
)

// journeys is a Temporal server that knows the runs of one workflow ID.
type journeys struct {
	runs     []run // the latest last
	enrolled int
	query    string
}

type run struct {
	id     string
	status enumspb.WorkflowExecutionStatus
}

func (j *journeys) DescribeWorkflowExecution(_ context.Context, _, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	for i, r := range j.runs {
		if r.id == runID || (runID == "" && i == len(j.runs)-1) {
			return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
				Execution: &commonpb.WorkflowExecution{RunId: r.id}, Status: r.status,
				StartTime: timestamppb.New(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
			}}, nil
		}
	}
	return nil, serviceerror.NewNotFound("gone")
}

func (j *journeys) ListWorkflow(_ context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	j.query = request.GetQuery()
	return &workflowservice.ListWorkflowExecutionsResponse{Executions: make([]*workflowpb.WorkflowExecutionInfo, j.enrolled)}, nil
}

func TestFindNewer(t *testing.T) {
	t.Parallel()
	const running, completed = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	for name, test := range map[string]struct {
		known    journeys
		enrolled bool
		pending  bool
	}{
		"none":                          {known: journeys{runs: []run{{"ended", completed}}}},
		"one_under_way_cannot_tell_yet": {known: journeys{runs: []run{{"ended", completed}, {"newer", running}}}, pending: true},
		"one_that_did_not_enroll":       {known: journeys{runs: []run{{"ended", completed}, {"newer", completed}}}},
		"one_that_enrolled":             {known: journeys{runs: []run{{"ended", completed}, {"newer", completed}}, enrolled: 1}, enrolled: true},
		"past_retention_nobody_can_tell_so_nothing_is_removed": {known: journeys{runs: []run{{"newer", completed}}}, enrolled: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := activities.NewWatcher(&test.known).FindNewer(t.Context(), enroll.FindNewerInput{JourneyID: "authid-hash", RunID: "ended"})
			if test.pending {
				require.ErrorContains(t, err, string(enroll.KindPending))
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.enrolled, found.Enrolled)
			if test.known.query != "" {
				require.Equal(t, `WorkflowId = "authid-hash" AND StartTime > "2026-01-02T03:04:05Z" AND EnrollOutcome = "enrolled"`, test.known.query)
			}
		})
	}
}
