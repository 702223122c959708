package records_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

func TestStanding(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)

			t.Run("is_empty_for_a_new_key", func(t *testing.T) {
				standing, err := store.Standing(t.Context(), "a", enroll.AuthID)
				require.NoError(t, err)
				require.Empty(t, standing)
			})
			t.Run("tells_of_the_providers_hold", func(t *testing.T) {
				require.NoError(t, store.Hold(t.Context(), enroll.AuthID, "olga", "incident 7"))
				standing, err := store.Standing(t.Context(), "a", enroll.AuthID)
				require.NoError(t, err)
				require.Nil(t, standing.Record)
				require.Equal(t, "incident 7", standing.Hold.Why)
				standing, err = store.Standing(t.Context(), "a", enroll.BioID)
				require.NoError(t, err)
				require.Nil(t, standing.Hold, "a hold is of one provider")
			})
			t.Run("tells_of_the_record_whatever_is_held", func(t *testing.T) {
				conclude(t, store, "a", enroll.Rejected)
				standing, err := store.Standing(t.Context(), "a", enroll.AuthID)
				require.NoError(t, err)
				require.Equal(t, result(enroll.Rejected), *standing.Record.Result)
				require.Nil(t, standing.Hold)
			})
			t.Run("fails_on_a_damaged_record", func(t *testing.T) {
				_, err := records.DB(store).ExecContext(t.Context(), "UPDATE records SET result = subject WHERE id = 'a'")
				require.NoError(t, err)
				_, err = store.Standing(t.Context(), "a", enroll.AuthID)
				require.ErrorIs(t, err, records.ErrDamaged, "a start that knows nothing must not go on")
			})
		})
	}
}
