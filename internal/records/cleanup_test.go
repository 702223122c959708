package records_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

func TestCleanedUp(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			until := began.Add(time.Hour)
			news := result(enroll.Enrolled)
			news.OpenUntil = &until
			news.CleanUp = []enroll.CleanUp{{What: "user", Done: true}, {What: "token", Reason: enroll.ReasonProviderUnavailable}}

			t.Run("follows_the_outcome", func(t *testing.T) {
				_, err := store.Begin(t.Context(), opening("a"))
				require.NoError(t, err)
				require.NoError(t, store.CleanedUp(t.Context(), "a", news))
				require.Equal(t, []string{"began run run-1"}, whats(t, store, "a"))
				require.ErrorIs(t, store.CleanedUp(t.Context(), "nobody", news), records.ErrNotFound)
			})
			t.Run("leaves_the_outcome_as_it_is", func(t *testing.T) {
				conclude(t, store, "a", enroll.Rejected)
				require.NoError(t, store.CleanedUp(t.Context(), "a", news))
				require.NoError(t, store.CleanedUp(t.Context(), "a", news))
				expected := result(enroll.Rejected)
				expected.CleanUp, expected.OpenUntil = news.CleanUp, &until
				record, err := store.Get(t.Context(), "a")
				require.NoError(t, err)
				require.Equal(t, expected, *record.Result)
				trail := whats(t, store, "a")
				require.Len(t, trail, 3, "repeated, it tells nothing")
				require.Equal(t, "cleaned_up user removed; token not removed: provider_unavailable; open until 2026-11-20T09:00:00Z", trail[2])
			})
			t.Run("tells_when_a_second_try_succeeds", func(t *testing.T) {
				news.CleanUp = []enroll.CleanUp{{What: "user", Done: true}, {What: "token", Done: true}}
				require.NoError(t, store.CleanedUp(t.Context(), "a", news))
				record, err := store.Get(t.Context(), "a")
				require.NoError(t, err)
				require.Equal(t, news.CleanUp, record.Result.CleanUp)
				require.Equal(t, "cleaned_up token removed", whats(t, store, "a")[3])
			})
			t.Run("is_of_the_run_whose_outcome_counts", func(t *testing.T) {
				other := news
				other.RunID, other.CleanUp = "run-2", nil
				require.NoError(t, store.CleanedUp(t.Context(), "a", other))
				require.Len(t, whats(t, store, "a"), 4)
			})
		})
	}
}
