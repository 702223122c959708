package e2e_test

import (
	"iter"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
)

func TestFollow_from_the_hand_over_to_the_outcome(t *testing.T) {
	account := shared.account(t)
	started := shared.begin(t, "key", enrollment(account))
	next, stop := iter.Pull2(shared.Client().Follow(t.Context(), started.ID, started.RunID))
	defer stop()
	state, err, _ := next()
	require.NoError(t, err)
	require.Equal(t, enroll.Waiting, state.Phase)
	require.True(t, started.Deadline.Equal(state.Deadline))

	// An operator resets the run, and whoever follows stays with the journey.
	reset, err := shared.Temporal().ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: sdk.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: started.ID, RunId: started.RunID},
		Reason: "test", RequestId: "reset-" + account, WorkflowTaskFinishEventId: 4,
	})
	require.NoError(t, err)
	for state.Phase = enroll.Beginning; state.Phase != enroll.Waiting; {
		state, err, _ = next()
		require.NoError(t, err)
	}
	again := shared.begin(t, "key", enrollment(account))
	require.Equal(t, started.RunID, again.RunID, "the journey keeps the run that it is known by")
	shared.complete(t, again)
	for more := true; more; {
		var told enroll.State
		if told, err, more = next(); more {
			require.NoError(t, err)
			state = told
		}
	}
	require.Equal(t, enroll.Concluded, state.Phase)
	require.Equal(t, enroll.Enrolled, state.Result.Outcome)
	require.Equal(t, reset.GetRunId(), state.Result.RunID)
}
