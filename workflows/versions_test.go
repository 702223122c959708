package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// The two histories were recorded on a real server: one by asksOnce, and one by
// asksTwiceBehindGate.
const (
	beforeTheGate = "testdata/versions/before-the-gate.json"
	afterTheGate  = "testdata/versions/after-the-gate.json"
)

// askTwice gates the change from one question to two, as the functions of
// versions.go do for the stories.
func askTwice(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "ask-twice", workflow.DefaultVersion, 1) >= 1
}

// asksOnce is the story as it was released first.
func asksOnce(ctx workflow.Context) error { return ask(ctx, "AskOnce") }

// asksTwiceBehindGate is the changed story: what began before the change goes
// on as it began.
func asksTwiceBehindGate(ctx workflow.Context) error {
	if askTwice(ctx) {
		return ask(ctx, "AskTwice")
	}
	return ask(ctx, "AskOnce")
}

// asksTwice is the same change without a gate.
func asksTwice(ctx workflow.Context) error { return ask(ctx, "AskTwice") }

// asksTwiceOnly is what the changed story becomes when its gate may go: the
// gate stays as a mark that refuses what began before.
func asksTwiceOnly(ctx workflow.Context) error {
	workflow.GetVersion(ctx, "ask-twice", 1, 1)
	return ask(ctx, "AskTwice")
}

func ask(ctx workflow.Context, step string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, step).Get(ctx, nil)
}

// TestGates proves with a story of two lines what a gate is good for, and that
// replaying a recorded history notices when one is missing.
func TestGates(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		story   func(workflow.Context) error
		history string
		replays bool
	}{
		{"keep_what_began_before_the_change_on_its_path", asksTwiceBehindGate, beforeTheGate, true},
		{"keep_what_began_after_the_change_on_its_path", asksTwiceBehindGate, afterTheGate, true},
		{"are_missed_when_a_change_has_none", asksTwice, beforeTheGate, false},
		{"are_missed_when_a_change_is_rolled_back_without_them", asksOnce, afterTheGate, false},
		{"may_lose_their_old_path_once_nothing_is_on_it", asksTwiceOnly, afterTheGate, true},
		{"refuse_to_lose_their_old_path_before", asksTwiceOnly, beforeTheGate, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableRegistrationAliasing: true})
			require.NoError(t, err)
			replayer.RegisterWorkflowWithOptions(row.story, workflow.RegisterOptions{Name: "Gated"})
			err = replayer.ReplayWorkflowHistoryFromJSONFile(quiet(), row.history)
			if row.replays {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "TMPRL1100", "the SDK's code of a story that does not fit its history")
		})
	}

	t.Run("let_new_runs_take_the_new_path", func(t *testing.T) {
		t.Parallel()
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(quiet())
		env := suite.NewTestWorkflowEnvironment()
		var asked []string
		for _, step := range []string{"AskOnce", "AskTwice"} {
			env.RegisterActivityWithOptions(func(context.Context) error {
				asked = append(asked, step)
				return nil
			}, activity.RegisterOptions{Name: step})
		}
		env.ExecuteWorkflow(asksTwiceBehindGate)
		require.NoError(t, env.GetWorkflowError())
		require.Equal(t, []string{"AskTwice"}, asked)
	})
}

func quiet() log.Logger { return log.NewStructuredLogger(slog.New(slog.DiscardHandler)) }
