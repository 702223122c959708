package records_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

func TestErase(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			shelf(t, store)
			require.NoError(t, store.Answer(t.Context(), claim("r0"), []byte("answer"), map[string]enroll.Secret{"operation_id": "op"}))

			erased, err := store.Erase(t.Context(), enroll.AuthID, "anna")
			require.NoError(t, err)
			require.Equal(t, records.Erased{Emptied: []enroll.RecordID{"r0"}, Live: []enroll.RecordID{"r5"}}, erased)

			t.Run("leaves_how_the_journey_ended_and_what_it_relied_on", func(t *testing.T) {
				record, err := store.Get(t.Context(), "r0")
				require.NoError(t, err)
				require.Empty(t, record.Subject)
				require.Empty(t, record.References)
				require.Empty(t, record.Reference)
				require.False(t, record.EmptiedAt.IsZero())
				require.Equal(t, enroll.Grounds{Consent: "consent-r0", Upstream: "check-r0"}, record.Grounds)
				require.Equal(t, enroll.Result{
					Journey: enroll.AuthIDEnroll, ConcludedAt: began.Add(time.Minute),
					Verdict: enroll.Verdict{Outcome: enroll.Enrolled, Reason: enroll.ReasonDeclined, ProviderCode: "7", CanRetry: true},
				}, *record.Result)
				require.Zero(t, answers(t, store))
			})
			t.Run("leaves_nothing_that_tells_what_the_caller_called_the_journey", func(t *testing.T) {
				page, err := store.Find(t.Context(), records.Filter{Reference: "case-anna"})
				require.NoError(t, err)
				require.Equal(t, []string{"r5", "r4", "r1"}, ids(page.Records), "those that were not emptied")
			})
			t.Run("leaves_a_journey_under_way_what_it_needs", func(t *testing.T) {
				live, err := store.Get(t.Context(), "r5")
				require.NoError(t, err)
				require.Equal(t, enroll.Secret("anna@example.com"), live.Subject)
			})
			t.Run("repeated_empties_nothing", func(t *testing.T) {
				again, err := store.Erase(t.Context(), enroll.AuthID, "anna")
				require.NoError(t, err)
				require.Empty(t, again.Emptied)
				require.Equal(t, "erased erasure", last(whats(t, store, "r0")))
			})
			t.Run("is_not_undone_by_what_comes_late", func(t *testing.T) {
				second := claim("r0")
				second.Ordinal = 2
				_, err := records.DB(store).ExecContext(t.Context(), `INSERT INTO steps (record, name, ordinal, state, run_id, claimed_at)
					VALUES ('r0', $1, 2, 'claimed', 'run-1', $2)`, second.Step, second.At.UnixMicro())
				require.NoError(t, err)
				require.NoError(t, store.Answer(t.Context(), second, []byte("answer"), map[string]enroll.Secret{"operation_id": "late"}))
				late := result(enroll.Enrolled)
				late.CleanUp = []enroll.CleanUp{{What: "user", Done: true}}
				require.NoError(t, store.CleanedUp(t.Context(), "r0", late))
				require.NoError(t, store.Watched(t.Context(), "r0", enroll.Watched{Completed: true}))
				record, err := store.Get(t.Context(), "r0")
				require.NoError(t, err)
				require.Empty(t, record.References)
				require.Empty(t, record.Result.CleanUp)
				require.Zero(t, answers(t, store))
			})
		})
	}
}

// answers counts the stored answers.
func answers(t *testing.T, store *records.Store) int {
	t.Helper()
	var count int
	require.NoError(t, records.DB(store).QueryRowContext(t.Context(), "SELECT COUNT(*) FROM steps WHERE answer IS NOT NULL").Scan(&count))
	return count
}

func last(list []string) string { return list[len(list)-1] }

func TestRecordsOf(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			shelf(t, store)
			// Ciphertext that nobody can read any more does not hide a record.
			_, err := records.DB(store).ExecContext(t.Context(), "UPDATE records SET result = subject")
			require.NoError(t, err)
			found, err := store.RecordsOf(t.Context(), enroll.AuthID, "anna")
			require.NoError(t, err)
			require.Equal(t, []string{"r0", "r5"}, ids(found))
			require.Equal(t, enroll.Enrolled, found[0].Result.Outcome)
			require.Equal(t, "authid-anna", found[0].WorkflowID)
			require.Empty(t, found[0].Subject)
			require.Nil(t, found[1].Result)
		})
	}
}

func TestEmptyRecord(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			shelf(t, store)
			require.NoError(t, store.Answer(t.Context(), claim("r5"), []byte("answer"), nil))

			emptied, err := store.EmptyRecord(t.Context(), "r5")
			require.NoError(t, err)
			require.True(t, emptied)
			record, err := store.Get(t.Context(), "r5")
			require.NoError(t, err)
			require.Empty(t, record.Subject)
			emptied, err = store.EmptyRecord(t.Context(), "r5")
			require.NoError(t, err)
			require.False(t, emptied)
			erased, err := store.Erase(t.Context(), enroll.AuthID, "anna")
			require.NoError(t, err)
			require.Empty(t, erased.Live)
			claimed, err := store.Claim(t.Context(), claim("r5"))
			require.NoError(t, err)
			require.Equal(t, records.InDoubt, claimed.State, "the call was made, and its answer is gone")
			_, err = store.EmptyRecord(t.Context(), "nobody")
			require.ErrorIs(t, err, records.ErrNotFound)
		})
	}
}

// TestErase_leaves_no_ciphertext looks for the very bytes: who has the key file
// could still read them.
func TestErase_leaves_no_ciphertext(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			store := f.open(t)
			shelf(t, store)
			var sealed []byte
			require.NoError(t, records.DB(store).QueryRowContext(t.Context(), "SELECT subject FROM records WHERE id = 'r0'").Scan(&sealed))
			found := func() bool {
				stored := f.dump(t, store)
				return strings.Contains(stored, string(sealed)) || strings.Contains(stored, hex.EncodeToString(sealed))
			}
			require.True(t, found(), "the search finds what is there")
			_, err := store.Erase(t.Context(), enroll.AuthID, "anna")
			require.NoError(t, err)
			require.False(t, found())
		})
	}
}
