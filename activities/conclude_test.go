package activities_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
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
