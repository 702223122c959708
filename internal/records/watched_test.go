package records_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

func TestWatched(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			_, err := store.Begin(t.Context(), opening("a"))
			require.NoError(t, err)
			conclude(t, store, "a", enroll.Canceled)
			found := enroll.Watched{EndedRun: result(enroll.Canceled).RunID, Completed: true, Removed: true}
			for range 2 { // Repeated, it tells nothing.
				require.NoError(t, store.Watched(t.Context(), "a", found))
			}
			trail := whats(t, store, "a")
			require.Equal(t, "watched completed after all, and removed", trail[len(trail)-1])
			require.Len(t, trail, 3)
			record, err := store.Get(t.Context(), "a")
			require.NoError(t, err)
			require.Equal(t, enroll.Canceled, record.Result.Outcome)
			require.Equal(t, []enroll.CleanUp{{What: "late capture", Done: true}}, record.Result.CleanUp)

			found.EndedRun = "another run"
			require.NoError(t, store.Watched(t.Context(), "a", found))
			require.Len(t, whats(t, store, "a"), 3)
		})
	}
}
