package client_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// knows is a client of a cluster that describes every journey as an authID
// enrollment in the status, or answers with the error.
func knows(t *testing.T, status enumspb.WorkflowExecutionStatus, failure error) *client.Client {
	t.Helper()
	k, err := keys.LoadOrCreate(t.TempDir() + "/keys.json")
	require.NoError(t, err)
	sealed, err := seal.OpenFolder(t.Context(), t.TempDir(), k)
	require.NoError(t, err)
	cluster := mocks.NewClient(t)
	cluster.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, mock.Anything).Return(
		&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
			Type: &commonpb.WorkflowType{Name: "AuthIDEnrollment"}, Status: status,
		}}, failure)
	c, err := client.New(client.Options{Temporal: cluster, Keys: k, Sealed: sealed})
	require.NoError(t, err)
	return c
}

func TestHint_names_every_hint_that_the_journey_listens_to(t *testing.T) {
	_, err := knows(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil).Hint(t.Context(), "authid-1", "", enroll.SDKFinished, enroll.Hint{})
	require.ErrorContains(t, err, `hint: given "sdk-finished", allowed: final-page, webhook (the provider's own)`)
}

func TestConcluded(t *testing.T) {
	for status, want := range map[enumspb.WorkflowExecutionStatus]bool{
		enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:    false,
		enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:  true,
		enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:     true,
		enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED: true,
	} {
		t.Run("knows_"+status.String(), func(t *testing.T) {
			concluded, err := knows(t, status, nil).Concluded(t.Context(), "authid-1", "")
			require.NoError(t, err)
			require.Equal(t, want, concluded)
		})
	}
	t.Run("says_that_there_is_no_such_journey", func(t *testing.T) {
		_, err := knows(t, 0, serviceerror.NewNotFound("gone")).Concluded(t.Context(), "authid-1", "")
		require.ErrorIs(t, err, client.ErrNotFound)
	})
}

func TestErrNoAnswer_hides_its_cause_from_people_only(t *testing.T) {
	cause := sdk.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.Canceled)
	_, err := setup(t, enroll.BeginReply{}, cause).Start(t.Context(), "key", photo("person"))
	require.ErrorIs(t, err, client.ErrNoAnswer)
	require.ErrorIs(t, err, context.Canceled)
	require.Regexp(t, `^start iproov-\w+: `+client.ErrNoAnswer.Error()+`$`, err.Error())
}
