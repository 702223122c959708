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

// shelf is a sealed store that may lose its disk or its content.
type shelf struct {
	kept   map[enroll.SealedRef][]byte
	broken map[enroll.SealedRef]error
}

func (s *shelf) Delete(_ context.Context, ref enroll.SealedRef) error {
	if err := s.broken[ref]; err != nil {
		return err
	}
	delete(s.kept, ref)
	return nil
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
		store := &shelf{kept: map[enroll.SealedRef][]byte{"a": {1}, "b": {2}, "other": {3}}}
		require.NoError(t, conclude(t, store, "a", "b"))
		require.Equal(t, map[enroll.SealedRef][]byte{"other": {3}}, store.kept)
	})

	t.Run("has_nothing_to_do_without_inputs", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, conclude(t, &shelf{}))
	})

	t.Run("takes_bytes_that_are_gone_as_deleted", func(t *testing.T) {
		t.Parallel()
		store := &shelf{broken: map[enroll.SealedRef]error{"a": &enroll.Error{Op: "seal: delete", Kind: enroll.KindInputGone}}}
		require.NoError(t, conclude(t, store, "a"))
	})

	t.Run("deletes_the_rest_when_one_cannot_be_deleted", func(t *testing.T) {
		t.Parallel()
		store := &shelf{
			kept:   map[enroll.SealedRef][]byte{"a": {1}, "b": {2}},
			broken: map[enroll.SealedRef]error{"a": errors.New("disk full")},
		}
		err := conclude(t, store, "a", "b")
		require.Equal(t, map[enroll.SealedRef][]byte{"a": {1}}, store.kept)

		failure, ok := errors.AsType[*temporal.ApplicationError](err)
		require.True(t, ok)
		require.Equal(t, activities.SealedStoreUnavailable, failure.Type())
		require.False(t, failure.NonRetryable(), "a full disk is mended and the step repeated")
		require.ErrorContains(t, err, "1 of 2")
	})
}
