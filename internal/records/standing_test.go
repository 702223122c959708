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

			t.Run("of_a_new_key_is_nothing", func(t *testing.T) {
				standing, err := store.Standing(t.Context(), "new", enroll.AuthID, "anna")
				require.NoError(t, err)
				require.Equal(t, records.Standing{}, standing)
			})
			t.Run("of_a_new_key_tells_the_hold_of_its_provider", func(t *testing.T) {
				require.NoError(t, store.Hold(t.Context(), enroll.AuthID, "olga", "maintenance"))
				standing, err := store.Standing(t.Context(), "new", enroll.AuthID, "anna")
				require.NoError(t, err)
				require.Equal(t, "maintenance", standing.Hold.Why)
				standing, err = store.Standing(t.Context(), "new", enroll.BioID, "anna")
				require.NoError(t, err)
				require.Nil(t, standing.Hold)
			})
			t.Run("of_a_used_key_is_its_record_also_during_a_hold", func(t *testing.T) {
				_, err := store.Begin(t.Context(), opening("used"))
				require.NoError(t, err)
				standing, err := store.Standing(t.Context(), "used", enroll.AuthID, "anna")
				require.NoError(t, err)
				require.Equal(t, opening("used").Digest, standing.Record.Digest)
				require.Nil(t, standing.Hold)
			})
		})
	}
}
