package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func TestReference(t *testing.T) {
	account := shared.account(t)
	request := enrollment(account)
	request.Reference = enroll.Secret("order " + account)
	started := shared.begin(t, "key", request)

	t.Run("finds_a_journey_that_waits", func(t *testing.T) {
		page, err := shared.Client().ListRecorded(t.Context(), client.RecordFilter{Reference: request.Reference})
		require.NoError(t, err)
		require.Len(t, page.Journeys, 1)
		require.Equal(t, []string{started.ID, started.RunID}, []string{page.Journeys[0].ID, page.Journeys[0].RunID})
		require.Equal(t, request.Reference, page.Journeys[0].Reference)
		told := shared.starter(t, "records", "--reference", request.Reference.Reveal())
		require.Contains(t, told.stdout, started.ID)
		require.NotContains(t, told.stdout, account)
	})
	t.Run("is_hidden_from_operators_until_it_is_revealed", func(t *testing.T) {
		require.NotContains(t, shared.starter(t, "record", started.ID, "--json").stdout, request.Reference.Reveal())
		require.NotContains(t, shared.starter(t, "show", started.ID, "--json").stdout, request.Reference.Reveal())
		revealed := shared.starter(t, "record", started.ID, "--reveal", "--who", "olga", "--why", "test")
		require.Contains(t, revealed.stdout, request.Reference.Reveal())
	})
	t.Run("is_part_of_the_request", func(t *testing.T) {
		other := request
		other.Reference = "another"
		_, err := shared.Client().Start(t.Context(), "key", other)
		require.ErrorIs(t, err, client.ErrKeyReused)
	})
	t.Run("is_that_of_the_journey_after_a_reset", func(t *testing.T) {
		_, err := shared.Temporal().ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
			Namespace: sdk.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: started.ID, RunId: started.RunID},
			Reason: "test", RequestId: "reset-" + account, WorkflowTaskFinishEventId: 4,
		})
		require.NoError(t, err)
		again := shared.begin(t, "key", request)
		require.Equal(t, started.RunID, again.RunID)
		late, err := shared.Client().Hint(t.Context(), started.ID, started.RunID, enroll.FinalPage, enroll.Hint{})
		require.NoError(t, err)
		require.False(t, late, "a hint of before the reset reaches the journey")
		page, err := shared.Client().ListRecorded(t.Context(), client.RecordFilter{Reference: request.Reference})
		require.NoError(t, err)
		require.Len(t, page.Journeys, 1)
		require.Equal(t, started.RunID, page.Journeys[0].RunID)
		require.Equal(t, "Running", page.Journeys[0].Status)
	})
	t.Run("is_forgotten_with_everything_personal", func(t *testing.T) {
		shared.complete(t, started)
		require.Equal(t, enroll.Enrolled, shared.outcome(t, started).Outcome)
		record, err := shared.Client().RecordOf(t.Context(), started.ID, started.RunID)
		require.NoError(t, err)
		_, err = shared.Records().Erase(t.Context(), enroll.AuthID, record.SubjectHash)
		require.NoError(t, err)
		page, err := shared.Client().ListRecorded(t.Context(), client.RecordFilter{Reference: request.Reference})
		require.NoError(t, err)
		require.Empty(t, page.Journeys)
	})
}
