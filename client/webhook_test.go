package client_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/mocks"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

func TestWebhook(t *testing.T) {
	t.Parallel()
	found := []*workflowpb.WorkflowExecutionInfo{{Execution: &commonpb.WorkflowExecution{WorkflowId: "journey", RunId: "run"}}}
	lost := errors.New("connection lost")
	for _, test := range []struct {
		promise string
		listed  []*workflowpb.WorkflowExecutionInfo
		// unlisted and unsent are the server's failures.
		unlisted, unsent error
		// closed: the index does not know yet that the run has.
		closed  bool
		signals int
		told    bool
		failure error
	}{
		{promise: "wakes_the_journey_of_the_operation", listed: found, signals: 1, told: true},
		{promise: "says_nothing_about_an_operation_that_nobody_knows"},
		{promise: "says_nothing_about_a_journey_that_has_ended_meanwhile", listed: found, unsent: serviceerror.NewNotFound("closed"), signals: 2},
		{promise: "reaches_no_other_journey_of_the_person", listed: found, closed: true},
		{promise: "tells_that_the_journey_could_not_be_looked_for", unlisted: lost, failure: lost},
		{promise: "tells_that_the_journey_could_not_be_told", listed: found, unsent: lost, signals: 1, failure: lost},
	} {
		t.Run(test.promise, func(t *testing.T) {
			t.Parallel()
			k, err := keys.LoadOrCreate(t.TempDir() + "/keys.json")
			require.NoError(t, err)
			sealed, err := seal.OpenFolder(t.Context(), t.TempDir(), k)
			require.NoError(t, err)
			cluster := mocks.NewClient(t)
			cluster.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
				return r.GetQuery() == `EnrollOperation = "`+k.OperationHash(enroll.AuthID, `op" OR "`)+`" AND ExecutionStatus = "Running"`
			})).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: test.listed}, test.unlisted)
			status := enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
			if test.closed {
				status = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
			}
			cluster.On("DescribeWorkflowExecution", mock.Anything, "journey", "run").Maybe().Return(&workflowservice.DescribeWorkflowExecutionResponse{
				WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Execution: found[0].GetExecution(), Status: status},
			}, nil)
			cluster.On("SignalWorkflow", mock.Anything, "journey", "run", "webhook", enroll.Hint{}).Maybe().Return(test.unsent)
			c, err := client.New(client.Options{Temporal: cluster, Keys: k, Sealed: sealed})
			require.NoError(t, err)
			told, err := c.Webhook(t.Context(), enroll.AuthID, `op" OR "`)
			require.ErrorIs(t, err, test.failure)
			require.Equal(t, test.told, told)
			cluster.AssertNumberOfCalls(t, "SignalWorkflow", test.signals)
		})
	}
}
