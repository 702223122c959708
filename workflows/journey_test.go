package workflows_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
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
	b.SetDataConverter(codec.Plain())
	workflows.Register(b)
	stub(b, enroll.RecordWatched, always[enroll.RecordWatchedInput](enroll.Nothing{}))
	b.SetTestTimeout(time.Minute)
	return b
}

// setup is an environment in which the journey is asked to begin.
func setup(t reporter) *bundle {
	t.Helper()
	b := fresh(t)
	stub(b, enroll.Conclude, asGiven)
	stub(b, enroll.RecordCleanUp, always[enroll.RecordCleanUpInput](enroll.Nothing{}))
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
	}, activity.RegisterOptions{Name: string(name), DisableAlreadyRegisteredCheck: true})
	return &calls
}

// asGiven records every outcome as the first one.
func asGiven(in enroll.ConcludeInput) (enroll.Result, error) { return in.Result, nil }

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

func TestConclude(t *testing.T) {
	earlier := enroll.Result{Journey: enroll.IProovPhotoEnroll, Verdict: enroll.Verdict{Outcome: enroll.Enrolled}, RunID: "an earlier run"}
	t.Run("a_run_after_a_reset_returns_the_recorded_outcome_and_touches_nothing", func(t *testing.T) {
		b := setup(t)
		removed, _ := openPhoto(b)
		stub(b, enroll.IProovValidate, fails[enroll.IProovValidateInput, enroll.IProovValidation](enroll.KindConcluded, enroll.FailureDetails{}))
		stub(b, enroll.Conclude, func(enroll.ConcludeInput) (enroll.Result, error) { return earlier, nil })
		b.hint(time.Second, enroll.SDKFinished, enroll.Hint{})
		require.Equal(t, earlier, b.run(enroll.IProovPhotoEnroll, iproovInput()))
		require.Zero(t, removed.Load(), "the enrolled user stays")
	})
	t.Run("a_reset_before_the_begin_asks_the_provider_nothing", func(t *testing.T) {
		b := setup(t)
		stub(b, enroll.IProovEnrolToken, fails[enroll.IProovEnrolTokenInput, enroll.IProovToken](enroll.KindConcluded, enroll.FailureDetails{}))
		stub(b, enroll.Conclude, func(enroll.ConcludeInput) (enroll.Result, error) { return earlier, nil })
		require.Equal(t, earlier, b.run(enroll.IProovPhotoEnroll, iproovInput()))
		require.Equal(t, earlier, *b.reply.Result)
	})
	t.Run("an_outcome_waits_for_records_that_are_down", func(t *testing.T) {
		b := setup(t)
		stub(b, enroll.IProovEnrolToken, always[enroll.IProovEnrolTokenInput](enroll.IProovToken{Refused: &enroll.Verdict{Outcome: enroll.Rejected}}))
		calls := 0
		stub(b, enroll.Conclude, func(in enroll.ConcludeInput) (enroll.Result, error) {
			if calls++; calls < 20 {
				return enroll.Result{}, failure(enroll.KindUnrecorded, enroll.FailureDetails{NotSent: true}, 0)
			}
			return in.Result, nil
		})
		require.Equal(t, enroll.Rejected, b.run(enroll.IProovPhotoEnroll, iproovInput()).Outcome)
		require.Equal(t, 20, calls)
	})
}

// died is a step whose worker died: it never reports back.
func died() error {
	return temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_HEARTBEAT, nil)
}

func TestOnce_a_step_whose_worker_died(t *testing.T) {
	t.Run("is_asked_again_at_its_fence", func(t *testing.T) {
		b := setup(t)
		openPhoto(b)
		calls := 0
		stub(b, enroll.IProovValidate, func(in enroll.IProovValidateInput) (enroll.IProovValidation, error) {
			require.Equal(t, 1, in.Entry.Ordinal, "the same call")
			if calls++; calls == 1 {
				return enroll.IProovValidation{}, died()
			}
			return enroll.IProovValidation{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}, nil
		})
		b.hint(time.Second, enroll.SDKFinished, enroll.Hint{})
		require.Equal(t, enroll.Enrolled, b.run(enroll.IProovPhotoEnroll, iproovInput()).Outcome)
		require.Equal(t, 2, calls)
	})
	t.Run("is_unknown_when_the_fence_is_in_doubt", func(t *testing.T) {
		b := setup(t)
		openPhoto(b)
		calls := 0
		stub(b, enroll.IProovValidate, func(enroll.IProovValidateInput) (enroll.IProovValidation, error) {
			if calls++; calls == 1 {
				return enroll.IProovValidation{}, died()
			}
			return enroll.IProovValidation{}, failure(enroll.KindLost, enroll.FailureDetails{}, 0)
		})
		b.hint(time.Second, enroll.SDKFinished, enroll.Hint{})
		require.Equal(t, enroll.Unknown, b.run(enroll.IProovPhotoEnroll, iproovInput()).Outcome)
		require.Equal(t, 2, calls)
	})
}
