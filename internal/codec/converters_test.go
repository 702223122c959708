package codec_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// failures returns the failure converter for one workflow.
func failures(t *testing.T, k *keys.Keys, workflowID string) converter.FailureConverter {
	t.Helper()
	_, failure, err := codec.Converters(k)
	require.NoError(t, err)
	return converter.WithFailureConverterSerializationContext(failure, inActivity(workflowID))
}

func TestFailures(t *testing.T) {
	k := keys.New()
	original := temporal.NewApplicationErrorWithOptions("refused: "+secret, "RequestRefused", temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{secret}, Cause: errors.New("because of " + secret), NextRetryDelay: time.Second,
	})
	t.Run("show_their_type_and_nothing_else", func(t *testing.T) {
		wire := protojson.Format(failures(t, k, "w-1").ErrorToFailure(original))
		require.Contains(t, wire, "RequestRefused")
		require.NotContains(t, wire, secret)
	})
	t.Run("come_back_whole", func(t *testing.T) {
		back := failures(t, k, "w-1").FailureToError(failures(t, k, "w-1").ErrorToFailure(original))
		var application *temporal.ApplicationError
		require.ErrorAs(t, back, &application)
		require.Equal(t, "refused: "+secret, application.Message())
		require.Equal(t, time.Second, application.NextRetryDelay())
		var detail string
		require.NoError(t, application.Details(&detail))
		require.Equal(t, secret, detail)
		require.ErrorContains(t, errors.Unwrap(back), secret)
	})
	t.Run("of_another_workflow_stay_closed", func(t *testing.T) {
		back := failures(t, k, "w-2").FailureToError(failures(t, k, "w-1").ErrorToFailure(original))
		require.NotContains(t, back.Error(), secret)
		var application *temporal.ApplicationError
		require.ErrorAs(t, back, &application)
		require.Equal(t, "RequestRefused", application.Type())
		var detail string
		require.ErrorIs(t, application.Details(&detail), codec.ErrOtherWorkflow)
	})
	t.Run("may_be_longer_than_payloads", func(t *testing.T) {
		long := errors.New(strings.Repeat("x", codec.MaxPayload+1))
		back := failures(t, k, "w-1").FailureToError(failures(t, k, "w-1").ErrorToFailure(long))
		require.ErrorContains(t, back, long.Error())
	})
}

// story takes a value through everything a journey uses.
func story(ctx workflow.Context, input string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, Summary: "a step"})
	if err := workflow.SetUpdateHandler(ctx, "begin", func(_ workflow.Context, in string) (string, error) { return in, nil }); err != nil {
		return "", err
	}
	if err := workflow.SetQueryHandler(ctx, "state", func() (string, error) { return input, nil }); err != nil {
		return "", err
	}
	var hint string
	workflow.GetSignalChannel(ctx, "hint").Receive(ctx, &hint)
	var answer string
	err := workflow.ExecuteActivity(ctx, "Step", hint).Get(ctx, &answer)
	return answer, err
}

// TestConvertersInTheSDK runs a story on the SDK's test environment: what one
// side encrypts, the other has to read.
func TestConvertersInTheSDK(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	environment := suite.NewTestWorkflowEnvironment()
	data, failure, err := codec.Converters(keys.New())
	require.NoError(t, err)
	environment.SetDataConverter(data)
	environment.SetFailureConverter(failure)
	environment.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: "Step"})
	environment.RegisterDelayedCallback(func() {
		environment.UpdateWorkflow("begin", "key", &testsuite.TestUpdateCallback{
			OnAccept:   func() {},
			OnReject:   func(err error) { require.NoError(t, err) },
			OnComplete: func(result any, err error) { require.NoError(t, err); require.Equal(t, secret, result) },
		}, secret)
		environment.SignalWorkflow("hint", secret)
	}, time.Minute)
	environment.ExecuteWorkflow(story, secret)
	require.True(t, environment.IsWorkflowCompleted())
	require.NoError(t, environment.GetWorkflowError())
	var answer string
	require.NoError(t, environment.GetWorkflowResult(&answer))
	require.Equal(t, "answer to "+secret, answer)
	state, err := environment.QueryWorkflow("state")
	require.NoError(t, err)
	require.NoError(t, state.Get(&answer))
	require.Equal(t, secret, answer)
}

func step(_ context.Context, in string) (string, error) { return "answer to " + in, nil }
