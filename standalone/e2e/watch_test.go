package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// found waits until the watch of a canceled journey has looked.
func (s *system) found(t *testing.T, started client.Started) enroll.Watched {
	t.Helper()
	var watched *enroll.Watched
	require.Eventually(t, func() bool {
		shown, err := s.Client().Show(t.Context(), started.ID, started.RunID)
		require.NoError(t, err)
		watched = shown.Watched
		return watched != nil
	}, 2*time.Minute, 200*time.Millisecond)
	return *watched
}

func TestWatch_of_a_canceled_journey(t *testing.T) {
	t.Parallel()
	chosen := options(t.TempDir())
	chosen.Limits = enroll.DefaultLimits()
	chosen.Limits.AuthIDTimeoutMin = 1
	s, err := startWith(t.Context(), chosen)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) }) // After the subtests, which wait beside each other.

	told := s.receiver(t, "shop")

	// canceled starts a journey whose operation outlives it by some seconds.
	canceled := func(account string) client.Started {
		request := enrollment(account)
		request.TimeoutSeconds = 6
		started := s.begin(t, "first", request)
		require.NoError(t, s.Client().Cancel(t.Context(), started.ID, started.RunID))
		result := s.outcome(t, started)
		require.Equal(t, enroll.Canceled, result.Outcome)
		require.NotEmpty(t, result.WatchID)
		return started
	}
	t.Run("removes_what_the_person_completed_after_all", func(t *testing.T) {
		t.Parallel()
		account := s.account(t)
		started := canceled(account)
		_, _, err := s.user.Complete(t.Context(), started.HandOver)
		require.NoError(t, err)
		watched := s.found(t, started)
		require.True(t, watched.Completed)
		require.True(t, watched.Removed, "%+v", watched)
		require.Equal(t, 1, s.count(t, account, "authid.delete_credential"))

		id := enroll.JourneyID(started.ID, started.RunID)
		require.Equal(t, enroll.EventConcluded, told.next(t, id).event.Type)
		later := told.next(t, id).event
		require.Equal(t, enroll.EventWatched, later.Type)
		require.Equal(t, 2, later.Data.Sequence)
		require.Equal(t, enroll.Canceled, later.Data.Outcome, "that never changes")
		require.Equal(t, &enroll.FoundLate{Completed: true, Removed: true}, later.Data.Found)
	})
	t.Run("finds_nothing_when_the_person_left_it", func(t *testing.T) {
		t.Parallel()
		account := s.account(t)
		require.False(t, s.found(t, canceled(account)).Completed)
		require.Zero(t, s.count(t, account, "authid.delete_credential"))
	})
	t.Run("leaves_what_a_newer_journey_enrolled", func(t *testing.T) {
		t.Parallel()
		account := s.account(t)
		first := canceled(account)
		newer := s.begin(t, "second", enrollment(account))
		s.complete(t, newer)
		require.Equal(t, enroll.Enrolled, s.outcome(t, newer).Outcome)
		require.False(t, s.found(t, first).Removed)
		require.Zero(t, s.count(t, account, "authid.delete_credential"))
	})
	t.Run("waits_for_a_newer_journey_before_it_removes", func(t *testing.T) {
		t.Parallel()
		account := s.account(t)
		first := canceled(account)
		newer := s.begin(t, "second", enrollment(account))
		_, _, err := s.user.Complete(t.Context(), first.HandOver)
		require.NoError(t, err)
		result := s.outcome(t, first)
		require.Eventually(t, func() bool {
			shown, err := s.Client().Show(t.Context(), result.WatchID, "")
			require.NoError(t, err)
			return len(shown.Pending) == 1 && shown.Pending[0].LastFailure == string(enroll.KindPending)
		}, time.Minute, 100*time.Millisecond)
		require.Zero(t, s.count(t, account, "authid.delete_credential"))
		require.NoError(t, s.Client().Cancel(t.Context(), newer.ID, newer.RunID))
		require.True(t, s.found(t, first).Removed)
	})
}
