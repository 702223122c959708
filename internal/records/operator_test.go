package records_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// conclude ends a journey with an outcome.
func conclude(t *testing.T, store *records.Store, id string, outcome enroll.Outcome) {
	t.Helper()
	_, err := store.Conclude(t.Context(), records.Conclusion{Opening: opening(id), Result: result(outcome)})
	require.NoError(t, err)
}

func TestResolve(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			conclude(t, store, "a", enroll.Unknown)
			settled := enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "the portal shows Anna's credential", At: began.Add(time.Hour)}

			t.Run("says_which_outcomes_there_are_and_what_is_missing", func(t *testing.T) {
				err := store.Resolve(t.Context(), "a", enroll.Resolution{Outcome: enroll.Captured, Why: strings.Repeat("é", 1001)})
				var input *enroll.InputError
				require.ErrorAs(t, err, &input)
				require.Equal(t, enroll.AuthIDEnroll, input.Journey)
				require.Equal(t, []enroll.FieldError{
					{Field: "who", Given: "nothing", Allowed: "1 to 200 characters, none of them a control character"},
					{Field: "why", Given: "1001 characters", Allowed: "1 to 1000 characters, none of them a control character"},
					{Field: "outcome", Given: `"captured"`, Allowed: "enrolled, already_enrolled, rejected, expired, canceled, failed"},
				}, input.Fields)
				record, err := store.Get(t.Context(), "a")
				require.NoError(t, err)
				require.Nil(t, record.Resolution)
			})
			t.Run("stands_beside_the_unknown_outcome", func(t *testing.T) {
				require.NoError(t, store.Resolve(t.Context(), "a", settled))
				require.NoError(t, store.Resolve(t.Context(), "a", settled))
				record, err := store.Get(t.Context(), "a")
				require.NoError(t, err)
				require.Equal(t, settled, *record.Resolution)
				require.Equal(t, enroll.Unknown, record.Result.Outcome)
				entries, err := store.Audit(t.Context(), "a")
				require.NoError(t, err)
				require.Len(t, entries, 3)
				require.Equal(t, "resolved", entries[2].What)
				require.Equal(t, "olga", entries[2].Who)
				require.Equal(t, "enrolled", entries[2].Detail, "the reason may tell of the person, and a trail cannot be erased")
			})
			t.Run("is_not_changed_by_another_one", func(t *testing.T) {
				other := settled
				other.Outcome = enroll.Rejected
				require.ErrorIs(t, store.Resolve(t.Context(), "a", other), records.ErrResolved)
			})
			t.Run("is_for_unknown_outcomes_only", func(t *testing.T) {
				conclude(t, store, "b", enroll.Rejected)
				require.ErrorIs(t, store.Resolve(t.Context(), "b", settled), records.ErrNotUnknown)
				var input *enroll.InputError
				require.ErrorAs(t, store.Resolve(t.Context(), "b", enroll.Resolution{}), &input, "what settles nothing is told first")
				_, err := store.Begin(t.Context(), opening("c"))
				require.NoError(t, err)
				require.ErrorIs(t, store.Resolve(t.Context(), "c", settled), records.ErrNotUnknown)
				require.ErrorIs(t, store.Resolve(t.Context(), "nobody", settled), records.ErrNotFound)
			})
		})
	}
}

func TestAct(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			_, err := store.Begin(t.Context(), opening("a"))
			require.NoError(t, err)

			t.Run("tells_who_and_why", func(t *testing.T) {
				require.NoError(t, store.Act(t.Context(), enroll.AuditEntry{Record: "a", What: "canceled", Who: "olga", Detail: "asked for by phone"}))
				entries, err := store.Audit(t.Context(), "a")
				require.NoError(t, err)
				require.Len(t, entries, 2)
				require.Equal(t, "canceled", entries[1].What)
				require.Equal(t, "olga", entries[1].Who)
				require.Equal(t, "asked for by phone", entries[1].Detail)
			})
			t.Run("may_concern_no_single_journey", func(t *testing.T) {
				require.NoError(t, store.Act(t.Context(), enroll.AuditEntry{What: "canceled_all", Who: "olga", Detail: "incident"}))
				require.Equal(t, []string{"canceled_all incident"}, whats(t, store, ""))
			})
			t.Run("takes_the_longest_reason_also_of_a_journey_without_a_record", func(t *testing.T) {
				longest := strings.Repeat("é", enroll.MaxWhy)
				require.NoError(t, store.ActUnrecorded(t.Context(), "authid-anna", enroll.AuditEntry{What: "canceled", Who: "olga", Detail: longest}))
				require.Contains(t, whats(t, store, ""), "canceled authid-anna: "+longest)
				var input *enroll.InputError
				require.ErrorAs(t, store.ActUnrecorded(t.Context(), "authid-anna", enroll.AuditEntry{What: "canceled", Who: "olga"}), &input)
				require.Equal(t, "why", input.Fields[0].Field)
			})
			t.Run("cannot_pretend_to_be_the_store", func(t *testing.T) {
				for _, what := range []string{"concluded", "Anna Maier called", ""} {
					var input *enroll.InputError
					require.ErrorAs(t, store.Act(t.Context(), enroll.AuditEntry{Record: "a", What: what, Who: "olga", Detail: "x"}), &input, what)
					require.Equal(t, "what", input.Fields[0].Field)
				}
			})
			t.Run("needs_a_record_that_is_there", func(t *testing.T) {
				err := store.Act(t.Context(), enroll.AuditEntry{Record: "nobody", What: "canceled", Who: "olga", Detail: "x"})
				require.ErrorIs(t, err, records.ErrNotFound)
			})
		})
	}
}

func TestHold(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)

			t.Run("stands_until_it_is_lifted", func(t *testing.T) {
				require.NoError(t, store.Hold(t.Context(), enroll.SmartID, "olga", "incident 7"))
				require.NoError(t, store.Hold(t.Context(), enroll.SmartID, "oleg", "incident 8"))
				require.NoError(t, store.Hold(t.Context(), enroll.AuthID, "olga", "maintenance"))
				holds, err := store.Held(t.Context())
				require.NoError(t, err)
				require.Len(t, holds, 2)
				require.Equal(t, enroll.AuthID, holds[0].Provider)
				require.Equal(t, "incident 7", holds[1].Why, "the first hold stays")
				require.Equal(t, "olga", holds[1].Who)
				require.False(t, holds[1].At.IsZero())

				require.NoError(t, store.Unhold(t.Context(), enroll.SmartID, "oleg", "over"))
				require.NoError(t, store.Unhold(t.Context(), enroll.SmartID, "oleg", "over"))
				holds, err = store.Held(t.Context())
				require.NoError(t, err)
				require.Len(t, holds, 1)
				require.Equal(t, []string{"held smartid: incident 7", "held authid: maintenance", "unheld smartid: over"}, whats(t, store, ""))
			})
			t.Run("is_of_a_provider_that_exists", func(t *testing.T) {
				var input *enroll.InputError
				require.ErrorAs(t, store.Hold(t.Context(), "acme", "", "x"), &input)
				require.Equal(t, []enroll.FieldError{
					{Field: "who", Given: "nothing", Allowed: "1 to 200 characters, none of them a control character"},
					{Field: "provider", Given: `"acme"`, Allowed: "authid, bioid, smartid, iproov"},
				}, input.Fields)
			})
		})
	}
}
