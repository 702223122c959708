package workflows_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/workflows"
)

// bundle is one journey under test, with time skipped.
type bundle struct {
	*testsuite.TestWorkflowEnvironment
	t     reporter
	reply *enroll.BeginReply
}

// reporter is what a bundle needs of a test, so that a property can be one.
type reporter interface {
	require.TestingT
	Helper()
}

// fresh is an environment in which nothing happens by itself.
func fresh(t reporter) *bundle {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	b := &bundle{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t}
	workflows.Register(b)
	b.SetTestTimeout(time.Minute)
	return b
}

// setup is an environment in which the journey is asked to begin.
func setup(t reporter) *bundle {
	t.Helper()
	b := fresh(t)
	b.after(0, func() {
		b.UpdateWorkflow(enroll.BeginUpdate, "key", &testsuite.TestUpdateCallback{
			OnAccept: func() {},
			OnReject: func(err error) { require.NoError(t, err, "begin rejected") },
			OnComplete: func(reply any, err error) {
				require.NoError(t, err, "begin failed")
				got, ok := reply.(enroll.BeginReply)
				if !ok {
					t.Errorf("begin replied with %T", reply)
				}
				b.reply = &got
			},
		})
	})
	return b
}

// after does something when the journey is so old.
func (b *bundle) after(d time.Duration, do func()) { b.RegisterDelayedCallback(do, d) }

// hint sends a hint when the journey is so old.
func (b *bundle) hint(d time.Duration, name enroll.HintName, hint enroll.Hint) {
	b.after(d, func() { b.SignalWorkflow(string(name), hint) })
}

// run plays the journey to its end.
func (b *bundle) run(spec enroll.Journey, in any) enroll.Result {
	b.t.Helper()
	entry, err := spec.Spec()
	require.NoError(b.t, err)
	b.ExecuteWorkflow(entry.Workflow, in)
	require.True(b.t, b.IsWorkflowCompleted())
	require.NoError(b.t, b.GetWorkflowError())
	var result enroll.Result
	require.NoError(b.t, b.GetWorkflowResult(&result))
	require.NotNil(b.t, b.reply, "begin was never answered")
	require.Equal(b.t, "digest", b.reply.Digest)
	return result
}

// state asks the journey for its state.
func (b *bundle) state() enroll.State {
	b.t.Helper()
	value, err := b.QueryWorkflow(enroll.StateQuery)
	require.NoError(b.t, err)
	var state enroll.State
	require.NoError(b.t, value.Get(&state))
	return state
}

// stub registers a fake step under its real name and counts its calls.
func stub[In, Out any](b *bundle, name enroll.Activity[In, Out], step func(In) (Out, error)) *atomic.Int64 {
	var calls atomic.Int64
	b.RegisterActivityWithOptions(func(_ context.Context, in In) (Out, error) {
		calls.Add(1)
		return step(in)
	}, activity.RegisterOptions{Name: string(name)})
	return &calls
}

// always is a step that gives the same answer every time.
func always[In, Out any](out Out) func(In) (Out, error) {
	return func(In) (Out, error) { return out, nil }
}

// fails is a step that fails every time in the same way.
func fails[In, Out any](kind enroll.Kind, details enroll.FailureDetails) func(In) (Out, error) {
	return func(In) (Out, error) { return *new(Out), failure(kind, details, 0) }
}

// failure is what a real step returns for a kind.
func failure(kind enroll.Kind, details enroll.FailureDetails, after time.Duration) error {
	return temporal.NewApplicationErrorWithOptions("made by the test", string(kind), temporal.ApplicationErrorOptions{
		NonRetryable: !kind.Retryable(), NextRetryDelay: after, Details: []any{details},
	})
}

func envelope() enroll.Envelope {
	return enroll.Envelope{SubjectHash: "hash", Digest: "digest", Pace: enroll.DefaultPace()}
}
