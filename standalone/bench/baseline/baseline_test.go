package baseline_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/bench/baseline"
)

// recorded is a history that the replay test of the stories uses.
func recorded(t *testing.T, name string) *historypb.History {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "workflows", "testdata", "replay", name+".json"))
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // it was only read
	history, err := sdk.HistoryFromJSON(file, sdk.HistoryJSONOptions{})
	require.NoError(t, err)
	return history
}

func count(shape baseline.Shape, do baseline.Do) int {
	found := 0
	for _, step := range shape {
		if step.Do == do {
			found++
		}
	}
	return found
}

func TestShapeOf(t *testing.T) {
	t.Run("keeps_every_command_of_a_story", func(t *testing.T) {
		history := recorded(t, "authid-enroll-by-hint")
		shape, err := baseline.ShapeOf(history)
		require.NoError(t, err)
		events := map[enumspb.EventType]int{}
		for _, event := range history.GetEvents() {
			events[event.GetEventType()]++
		}
		require.Equal(t, events[enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED], count(shape, baseline.Schedule))
		require.Equal(t, events[enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED], count(shape, baseline.Result))
		require.Equal(t, events[enumspb.EVENT_TYPE_TIMER_STARTED], count(shape, baseline.Arm))
		require.Equal(t, events[enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES], count(shape, baseline.Upsert))
		require.Equal(t, 1, count(shape, baseline.Reply))
		require.Equal(t, 1, count(shape, baseline.Wake))
		require.True(t, shape.Waits())
	})
	t.Run("ties_each_result_to_its_activity", func(t *testing.T) {
		shape, err := baseline.ShapeOf(recorded(t, "iproov-photo-enroll-by-hint"))
		require.NoError(t, err)
		for _, step := range shape {
			if step.Do == baseline.Result {
				require.Equal(t, baseline.Schedule, shape[step.Of].Do)
				require.True(t, strings.HasPrefix(shape[step.Of].Queue, enroll.WorkflowTaskQueue))
			}
		}
	})
	t.Run("knows_who_does_not_wait", func(t *testing.T) {
		shape, err := baseline.ShapeOf(recorded(t, "smartid-enroll"))
		require.NoError(t, err)
		require.False(t, shape.Waits())
	})
	t.Run("refuses_a_history_with_a_failed_activity", func(t *testing.T) {
		_, err := baseline.ShapeOf(recorded(t, "iproov-photo-enroll-lost-validate"))
		require.ErrorContains(t, err, "ActivityTaskFailed")
	})
}

// environment runs baselines with time skipped.
func environment(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	baseline.Register(env)
	return env
}

// begin asks for the reply after a moment, and returns whether it came.
func begin(env *testsuite.TestWorkflowEnvironment, replied *bool) {
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(baseline.BeginUpdate, "begin", &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(error) {}, OnComplete: func(any, error) { *replied = true },
		})
	}, 0)
}

func TestSkeleton(t *testing.T) {
	for _, name := range []string{"authid-enroll-by-hint", "bioid-enroll-by-browser", "iproov-photo-enroll-by-hint", "smartid-enroll", "smartid-unenroll"} {
		t.Run("takes_every_step_of_"+name, func(t *testing.T) {
			shape, err := baseline.ShapeOf(recorded(t, name))
			require.NoError(t, err)
			env, replied := environment(t), false
			begin(env, &replied)
			env.RegisterDelayedCallback(func() { env.SignalWorkflow(baseline.WakeSignal, nil) }, time.Millisecond)
			env.ExecuteWorkflow(baseline.SkeletonWorkflow, shape)
			require.NoError(t, env.GetWorkflowError())
			require.True(t, replied)
		})
	}
	t.Run("waits_for_its_timers", func(t *testing.T) {
		env := environment(t)
		env.ExecuteWorkflow(baseline.SkeletonWorkflow, baseline.Shape{
			{Do: baseline.Arm, After: time.Hour}, {Do: baseline.Arm, After: 2 * time.Hour}, {Do: baseline.Disarm, Of: 1}, {Do: baseline.Fire, Of: 0}, {Do: baseline.Mark},
		})
		require.NoError(t, env.GetWorkflowError())
	})
}

func TestBare(t *testing.T) {
	env, replied := environment(t), false
	begin(env, &replied)
	env.RegisterDelayedCallback(func() {
		require.True(t, replied, "the reply comes before the signal")
		env.SignalWorkflow(baseline.WakeSignal, nil)
	}, time.Second)
	env.ExecuteWorkflow(baseline.BareWorkflow)
	require.NoError(t, env.GetWorkflowError())
}

func TestPollingLoop(t *testing.T) {
	env, polls := environment(t), 0
	env.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) { polls++ })
	env.ExecuteWorkflow(baseline.PollingWorkflow, 5*time.Second, 720)
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 720, polls)
}
