package e2e_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func TestHint(t *testing.T) {
	t.Run("to_a_journey_that_has_ended_is_fine", func(t *testing.T) {
		started := shared.begin(t, "key", enrollment(shared.account(t)))
		shared.complete(t, started)
		shared.outcome(t, started)
		late, err := shared.Client().Hint(t.Context(), started.ID, started.RunID, enroll.FinalPage, enroll.Hint{})
		require.NoError(t, err)
		require.True(t, late)
	})
	t.Run("that_a_journey_does_not_know_is_refused_with_those_it_knows", func(t *testing.T) {
		started := shared.begin(t, "key", enrollment(shared.account(t)))
		_, err := shared.Client().Hint(t.Context(), started.ID, started.RunID, enroll.SamplesUploaded, enroll.Hint{})
		_, ok := errors.AsType[*enroll.InputError](err)
		require.True(t, ok)
		require.ErrorContains(t, err, "final-page")
		shared.complete(t, started)
		shared.outcome(t, started)
	})
	t.Run("to_no_journey_says_so", func(t *testing.T) {
		_, err := shared.Client().Hint(t.Context(), "authid-nobody", "", enroll.FinalPage, enroll.Hint{})
		require.ErrorIs(t, err, client.ErrNotFound)
	})
	t.Run("that_is_forged_changes_nothing", func(t *testing.T) {
		started := shared.begin(t, "key", enrollment(shared.account(t)))
		_, err := shared.Client().Hint(t.Context(), started.ID, started.RunID, enroll.FinalPage, enroll.Hint{Code: "success"})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			shown, err := shared.Client().Show(t.Context(), started.ID, "")
			return err == nil && shown.State != nil && shown.State.LastAnswer == string(enroll.KindPending)
		}, time.Minute, 50*time.Millisecond)
		shown, err := shared.Client().Show(t.Context(), started.ID, "")
		require.NoError(t, err)
		require.Equal(t, enroll.Waiting, shown.Phase)
		shared.complete(t, started)
		require.Equal(t, enroll.Enrolled, shared.outcome(t, started).Outcome)
	})
}

func TestShow_tells_for_whom_a_journey_waits(t *testing.T) {
	started := shared.begin(t, "key", enrollment(shared.account(t)))
	shown, err := shared.Client().Show(t.Context(), started.ID, "")
	require.NoError(t, err)
	require.Equal(t, enroll.AuthIDEnroll, shown.Journey)
	require.NotNil(t, shown.State, shown.StateMissing)
	require.Equal(t, "person", shown.State.WaitingOn)
	require.WithinDuration(t, started.Deadline, shown.Deadline, time.Second)
	shared.complete(t, started)
	shared.outcome(t, started)
}

func TestList_finds_journeys_by_what_they_are(t *testing.T) {
	started := shared.begin(t, "key", enrollment(shared.account(t)))
	found := func(filter client.Filter) bool {
		listed, err := shared.Client().List(t.Context(), filter)
		require.NoError(t, err)
		for _, l := range listed {
			if l.RunID == started.RunID {
				return true
			}
		}
		return false
	}
	waiting := client.Filter{Provider: enroll.AuthID, Phase: enroll.Waiting, Limit: 1000}
	require.Eventually(t, func() bool { return found(waiting) }, time.Minute, 50*time.Millisecond)
	require.False(t, found(client.Filter{Provider: enroll.AuthID, Phase: enroll.Waiting, Overdue: true, Limit: 1000}))
	shared.complete(t, started)
	shared.outcome(t, started)
	enrolled := client.Filter{Journey: enroll.AuthIDEnroll, Outcome: enroll.Enrolled, Limit: 1000}
	require.Eventually(t, func() bool { return found(enrolled) }, time.Minute, 50*time.Millisecond)
}

func TestCancel(t *testing.T) {
	t.Run("removes_the_user_that_the_journey_made", func(t *testing.T) {
		name := subject()
		started := shared.begin(t, "key", photo(name))
		require.NoError(t, shared.Client().Cancel(t.Context(), started.ID, started.RunID))
		result := shared.outcome(t, started)
		require.Equal(t, enroll.Canceled, result.Outcome)
		require.Contains(t, result.CleanUp, enroll.CleanUp{What: "user", Done: true})
		require.Equal(t, 1, shared.count(t, name, "iproov.delete_user"))
	})
	t.Run("of_a_journey_that_has_ended_says_so", func(t *testing.T) {
		started := shared.begin(t, "key", enrollment(shared.account(t)))
		shared.complete(t, started)
		shared.outcome(t, started)
		require.ErrorIs(t, shared.Client().Cancel(t.Context(), started.ID, started.RunID), client.ErrConcluded)
	})
}
