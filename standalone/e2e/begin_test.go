package e2e_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func TestStart(t *testing.T) {
	t.Run("repeated_at_once_creates_one_operation_and_one_secret", func(t *testing.T) {
		account := shared.account(t)
		answers, errs := make([]client.Started, 1000), make([]error, 1000)
		var group sync.WaitGroup
		for i := range answers {
			group.Go(func() { answers[i], errs[i] = shared.Client().Start(t.Context(), "key", enrollment(account)) })
		}
		group.Wait()
		for i, answer := range answers {
			require.NoError(t, errs[i])
			require.Equal(t, answers[0], answer)
		}
		require.Equal(t, 1, shared.count(t, account, "authid.create_operation"))
		shared.complete(t, answers[0])
		require.Equal(t, enroll.Enrolled, shared.outcome(t, answers[0]).Outcome)
	})
	t.Run("answers_the_same_after_the_end", func(t *testing.T) {
		account := shared.account(t)
		first := shared.begin(t, "key", enrollment(account))
		shared.complete(t, first)
		shared.outcome(t, first)
		again := shared.begin(t, "key", enrollment(account))
		require.Equal(t, first, again)
		require.Equal(t, 1, shared.count(t, account, "authid.create_operation"))
	})
	t.Run("refuses_the_key_with_another_body", func(t *testing.T) {
		account := shared.account(t)
		first := shared.begin(t, "key", enrollment(account))
		other := enrollment(account)
		other.Tag = "other"
		_, err := shared.Client().Start(t.Context(), "key", other)
		require.ErrorIs(t, err, client.ErrKeyReused)
		shared.complete(t, first)
		shared.outcome(t, first)
	})
	t.Run("refuses_another_key_while_a_journey_of_the_subject_lives", func(t *testing.T) {
		account := shared.account(t)
		first := shared.begin(t, "key", enrollment(account))
		before, err := shared.Client().Show(t.Context(), first.ID, "")
		require.NoError(t, err)
		_, err = shared.Client().Start(t.Context(), "other", selfie(account))
		require.ErrorIs(t, err, client.ErrConflict)
		after, err := shared.Client().Show(t.Context(), first.ID, "")
		require.NoError(t, err)
		require.Equal(t, before.Events, after.Events, "a conflict costs no event")
		shared.complete(t, first)
		shared.outcome(t, first)
	})
	t.Run("starts_anew_with_another_key_after_the_end", func(t *testing.T) {
		account := shared.account(t)
		first := shared.begin(t, "first", selfie(account))
		shared.complete(t, first)
		shared.outcome(t, first)
		second := shared.begin(t, "second", selfie(account))
		require.NotEqual(t, first.RunID, second.RunID)
		shared.complete(t, second)
		require.Equal(t, enroll.Captured, shared.outcome(t, second).Outcome)
	})
	t.Run("generates_one_user_id_for_one_key", func(t *testing.T) {
		first := shared.begin(t, "generated", photo(""))
		again := shared.begin(t, "generated", photo(""))
		require.Equal(t, first, again)
		require.NotEmpty(t, first.HandOver.IProov.UserID)
		shared.complete(t, first)
		require.Equal(t, first.HandOver.IProov.UserID, shared.outcome(t, first).UserID)
	})
}

func TestSealedInput(t *testing.T) {
	t.Run("is_gone_when_the_journey_has_ended_however_often_it_is_started", func(t *testing.T) {
		name := subject()
		before, err := shared.Sealed().Refs(t.Context())
		require.NoError(t, err)
		started := shared.begin(t, "key", photo(name))
		shared.complete(t, started)
		shared.outcome(t, started)
		shared.begin(t, "key", photo(name))
		after, err := shared.Sealed().Refs(t.Context())
		require.NoError(t, err)
		require.ElementsMatch(t, before, after)
	})
	t.Run("is_not_kept_for_a_start_that_was_refused", func(t *testing.T) {
		name := subject()
		started := shared.begin(t, "key", photo(name))
		before, err := shared.Sealed().Refs(t.Context())
		require.NoError(t, err)
		_, err = shared.Client().Start(t.Context(), "other", photo(name))
		require.ErrorIs(t, err, client.ErrConflict)
		after, err := shared.Sealed().Refs(t.Context())
		require.NoError(t, err)
		require.ElementsMatch(t, before, after)
		shared.complete(t, started)
		shared.outcome(t, started)
	})
}
