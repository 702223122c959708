package activities_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/records"
)

// shelf is a sealed store that may lose its disk.
type shelf struct {
	deleted []enroll.SealedRef
	calls   int
	broken  error
}

func (s *shelf) Delete(_ context.Context, refs ...enroll.SealedRef) error {
	s.calls++
	if s.broken == nil {
		s.deleted = append(s.deleted, refs...)
	}
	return s.broken
}

func conclude(t *testing.T, store *shelf, refs ...enroll.SealedRef) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment().SetDataConverter(codec.Plain())
	activities.NewConcluder(store, unfenced{}).Register(env)
	_, err := env.ExecuteActivity(string(enroll.Conclude), enroll.ConcludeInput{Sealed: refs})
	return err
}

// counted remembers what was counted, and how it was labelled.
type counted struct {
	sdk.MetricsHandler
	labels map[string]string
	times  *map[string]int64
}

func (c counted) WithTags(tags map[string]string) sdk.MetricsHandler {
	labels := maps.Clone(c.labels)
	maps.Copy(labels, tags)
	return counted{c.MetricsHandler, labels, c.times}
}

func (c counted) Counter(name string) sdk.MetricsCounter {
	if name != activities.JourneysConcluded {
		return c.MetricsHandler.Counter(name)
	}
	return add(func(n int64) { (*c.times)[c.labels["journey"]+" "+c.labels["outcome"]+" "+c.labels["reason"]] += n })
}

// add is a counter.
type add func(int64)

func (a add) Inc(n int64) { a(n) }

// earlier is a ledger in which another run came to the outcome.
type earlier struct{ unfenced }

func (earlier) Conclude(_ context.Context, c records.Conclusion) (enroll.Result, error) {
	c.Result.RunID = "earlier"
	return c.Result, nil
}

func TestConclude_counts(t *testing.T) {
	t.Parallel()
	result := enroll.Result{
		Journey: enroll.AuthIDEnroll, RunID: "run", Verdict: enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonAccountNotFound},
	}
	run := func(t *testing.T, store *shelf, ledger activities.Ledger) map[string]int64 {
		t.Helper()
		times := map[string]int64{}
		var suite testsuite.WorkflowTestSuite
		suite.SetMetricsHandler(counted{sdk.MetricsNopHandler, map[string]string{}, &times})
		env := suite.NewTestActivityEnvironment().SetDataConverter(codec.Plain())
		activities.NewConcluder(store, ledger).Register(env)
		_, _ = env.ExecuteActivity(string(enroll.Conclude), enroll.ConcludeInput{Result: result, Sealed: []enroll.SealedRef{"a"}})
		return times
	}

	t.Run("a_journey_by_how_it_ended", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, map[string]int64{"authid.enroll rejected account_not_found": 1}, run(t, &shelf{}, unfenced{}))
	})
	t.Run("nothing_that_is_going_to_be_repeated", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, run(t, &shelf{broken: errors.New("disk full")}, unfenced{}))
	})
	t.Run("no_run_that_was_reset_after_the_end", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, run(t, &shelf{}, earlier{}))
	})
}

func TestConclude(t *testing.T) {
	t.Parallel()

	t.Run("deletes_every_sealed_input", func(t *testing.T) {
		t.Parallel()
		store := &shelf{}
		require.NoError(t, conclude(t, store, "a", "b"))
		require.Equal(t, []enroll.SealedRef{"a", "b"}, store.deleted)
	})

	t.Run("leaves_the_store_alone_without_inputs", func(t *testing.T) {
		t.Parallel()
		store := &shelf{}
		require.NoError(t, conclude(t, store))
		require.Zero(t, store.calls, "a tombstone for nothing would stay for weeks")
	})

	t.Run("is_repeated_when_the_store_cannot_delete", func(t *testing.T) {
		t.Parallel()
		err := conclude(t, &shelf{broken: errors.New("disk full")}, "a", "b")
		failed, ok := errors.AsType[*temporal.ApplicationError](err)
		require.True(t, ok)
		require.Equal(t, string(enroll.KindUnsealed), failed.Type())
		require.False(t, failed.NonRetryable(), "a full disk is mended and the step repeated")
	})
}
