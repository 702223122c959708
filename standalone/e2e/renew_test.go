package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func TestRenew(t *testing.T) {
	t.Run("hands_over_anew_at_every_provider_where_a_person_is_waited_for", func(t *testing.T) {
		for _, started := range []client.Started{
			shared.begin(t, "key", enrollment(shared.account(t))),
			shared.begin(t, "key", enroll.BioIDEnrollment{BCID: "bws.1.4711"}),
			shared.begin(t, "key", photo(subject())),
		} {
			reply, err := shared.Client().Renew(t.Context(), started.ID, started.RunID, "again")
			require.NoError(t, err)
			require.NotNil(t, reply.HandOver, "%+v", reply)
			require.NotEqual(t, started.HandOver, reply.HandOver)
			repeated, err := shared.Client().Renew(t.Context(), started.ID, started.RunID, "again")
			require.NoError(t, err)
			require.Equal(t, reply, repeated, "the same key gives the same answer")
			started.HandOver = reply.HandOver
			shared.complete(t, started)
			require.Equal(t, enroll.Enrolled, shared.outcome(t, started).Outcome)
			_, err = shared.Client().Renew(t.Context(), started.ID, started.RunID, "late")
			require.ErrorIs(t, err, client.ErrConcluded)
		}
	})
	t.Run("of_the_older_authid_operation_still_counts", func(t *testing.T) {
		account := shared.account(t)
		started := shared.begin(t, "key", enrollment(account))
		_, err := shared.Client().Renew(t.Context(), started.ID, started.RunID, "again")
		require.NoError(t, err)
		shared.complete(t, started) // The person finishes what was handed over first.
		require.Equal(t, enroll.Enrolled, shared.outcome(t, started).Outcome)
	})
	t.Run("tells_the_outcome_when_the_person_had_finished", func(t *testing.T) {
		started := shared.begin(t, "key", photo(subject()))
		_, _, err := shared.user.Complete(t.Context(), started.HandOver)
		require.NoError(t, err)
		reply, err := shared.Client().Renew(t.Context(), started.ID, started.RunID, "again")
		require.NoError(t, err)
		require.Equal(t, enroll.Enrolled, reply.Result.Outcome)
	})
	t.Run("has_a_budget", func(t *testing.T) {
		started := shared.begin(t, "key", photo(subject()))
		for _, key := range []string{"1", "2", "3", "4", "5"} {
			_, err := shared.Client().Renew(t.Context(), started.ID, started.RunID, key)
			require.NoError(t, err)
		}
		_, err := shared.Client().Renew(t.Context(), started.ID, started.RunID, "6")
		require.ErrorIs(t, err, client.ErrNotRenewable)
		require.NoError(t, shared.Client().Cancel(t.Context(), started.ID, ""))
		require.Equal(t, enroll.Canceled, shared.outcome(t, started).Outcome)
	})
	t.Run("of_no_journey_says_so", func(t *testing.T) {
		_, err := shared.Client().Renew(t.Context(), "iproov-nobody", "", "key")
		require.ErrorIs(t, err, client.ErrNotFound)
	})
}
