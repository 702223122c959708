package records_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/postgrestest"
	"github.com/bioenroll/bioenroll/internal/records"
)

// server is the PostgreSQL of all tests here.
var server postgrestest.Shared

// TestMain runs the tests, or the part of a second process that a test plays.
func TestMain(m *testing.M) {
	if part := os.Getenv(partVariable); part != "" {
		os.Exit(play(part))
	}
	os.Exit(server.Run(m))
}

// fixture is an empty database and the key file that goes with it.
type fixture struct {
	address string
	keys    *keys.Keys
	// keyFile is where a second process finds the keys.
	keyFile string
}

// open opens the database as one more process would.
func (f fixture) open(t *testing.T) *records.Store {
	t.Helper()
	store, err := records.Open(t.Context(), f.address, f.keys)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// database is one of the two kinds of database that every promise holds for.
type database struct {
	name string
	// address makes an empty database and returns its address.
	address func(t *testing.T) string
}

func databases() []database {
	return []database{
		{"sqlite", func(t *testing.T) string {
			t.Helper()
			return "sqlite:" + filepath.Join(t.TempDir(), "data", "records.db")
		}},
		{"postgres", func(t *testing.T) string { t.Helper(); return server.Database(t) }},
	}
}

// empty returns an empty database with new keys.
func (d database) empty(t *testing.T) fixture {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	k, err := keys.LoadOrCreate(path)
	require.NoError(t, err)
	return fixture{address: d.address(t), keys: k, keyFile: path}
}

// began is when the journeys of these tests begin.
var began = time.Date(2026, 11, 20, 8, 0, 0, 123456000, time.UTC)

// opening returns the opening of a journey with this ID.
func opening(id string) records.Opening {
	return records.Opening{
		Record: enroll.RecordID(id), Journey: enroll.AuthIDEnroll, WorkflowID: "authid-" + id, RunID: "run-1",
		SubjectHash: "hash-" + id, Digest: "digest-" + id, Subject: "anna@example.com", Reference: "case 17", At: began,
	}
}

// claim returns a claim of the journey's first call.
func claim(id string) records.Claim {
	return records.Claim{Record: enroll.RecordID(id), Step: "AuthIDCreateOperation", Ordinal: 1, RunID: "run-1", At: began.Add(time.Second)}
}

// result returns a result with everything that a result can confide.
func result(outcome enroll.Outcome) enroll.Result {
	return enroll.Result{
		Journey: enroll.AuthIDEnroll, ConcludedAt: began.Add(time.Minute), UserID: "user-anna",
		Verdict: enroll.Verdict{Outcome: outcome, Reason: enroll.ReasonDeclined, ProviderCode: "7", Message: "Anna declined", CanRetry: true},
	}
}

// whats returns what the audit trail of a record tells, in order.
func whats(t *testing.T, store *records.Store, id string) []string {
	t.Helper()
	entries, err := store.Audit(t.Context(), enroll.RecordID(id))
	require.NoError(t, err)
	list := make([]string, len(entries))
	for i, entry := range entries {
		list[i] = strings.TrimSpace(entry.What + " " + entry.Detail)
	}
	return list
}

func TestBegin(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			store := f.open(t)

			t.Run("keeps_what_is_known_of_the_journey", func(t *testing.T) {
				record, err := store.Begin(t.Context(), opening("a"))
				require.NoError(t, err)
				expected := enroll.Record{
					ID: "a", Journey: enroll.AuthIDEnroll, Provider: enroll.AuthID, WorkflowID: "authid-a", RunID: "run-1", FirstRun: "run-1",
					SubjectHash: "hash-a", Digest: "digest-a", Subject: "anna@example.com", Reference: "case 17", BeganAt: began,
				}
				require.Equal(t, expected, record)
				record, err = store.Get(t.Context(), "a")
				require.NoError(t, err)
				require.Equal(t, expected, record)
				require.Equal(t, []string{"began run run-1"}, whats(t, store, "a"))
			})
			t.Run("repeated_changes_nothing", func(t *testing.T) {
				again := opening("a")
				again.At = began.Add(time.Hour)
				record, err := store.Begin(t.Context(), again)
				require.NoError(t, err)
				require.Equal(t, began, record.BeganAt)
				require.Equal(t, []string{"began run run-1"}, whats(t, store, "a"))
			})
			t.Run("notes_a_reset", func(t *testing.T) {
				reset := opening("a")
				reset.RunID = "run-2"
				for range 2 {
					record, err := store.Begin(t.Context(), reset)
					require.NoError(t, err)
					require.Equal(t, "run-2", record.RunID)
					require.Equal(t, "run-1", record.FirstRun)
				}
				require.Equal(t, []string{"began run run-1", "reset run run-2 took over from run-1"}, whats(t, store, "a"))
			})
			t.Run("refuses_another_request", func(t *testing.T) {
				other := opening("a")
				other.Digest = "other"
				_, err := store.Begin(t.Context(), other)
				require.ErrorIs(t, err, records.ErrOtherRequest)
			})
			t.Run("refuses_what_nobody_would_find_again", func(t *testing.T) {
				_, err := store.Begin(t.Context(), records.Opening{})
				require.ErrorContains(t, err, "an opening needs")
				unknown := opening("unknown")
				unknown.Journey = "authid.dance"
				_, err = store.Begin(t.Context(), unknown)
				require.ErrorContains(t, err, `"authid.dance" is not one of`)
				_, err = store.Get(t.Context(), "unknown")
				require.ErrorIs(t, err, records.ErrNotFound)
			})
			t.Run("tells_the_outcome_of_a_concluded_journey", func(t *testing.T) {
				_, err := store.Conclude(t.Context(), records.Conclusion{Opening: opening("b"), Result: result(enroll.Rejected)})
				require.NoError(t, err)
				record, err := store.Begin(t.Context(), opening("b"))
				require.NoError(t, err)
				require.Equal(t, result(enroll.Rejected), *record.Result)
			})
		})
	}
}

func TestConclude(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			store := f.open(t)

			t.Run("keeps_the_first_outcome", func(t *testing.T) {
				_, err := store.Begin(t.Context(), opening("a"))
				require.NoError(t, err)
				first, err := store.Conclude(t.Context(), records.Conclusion{Opening: opening("a"), Result: result(enroll.Rejected)})
				require.NoError(t, err)
				require.Equal(t, result(enroll.Rejected), first)
				second, err := store.Conclude(t.Context(), records.Conclusion{Opening: opening("a"), Result: result(enroll.Enrolled)})
				require.NoError(t, err)
				require.Equal(t, first, second)
				require.Equal(t, []string{"began run run-1", "concluded rejected declined"}, whats(t, store, "a"))
			})
			t.Run("makes_the_record_of_a_journey_that_never_began", func(t *testing.T) {
				_, err := store.Conclude(t.Context(), records.Conclusion{Opening: opening("b"), Result: result(enroll.Canceled)})
				require.NoError(t, err)
				record, err := store.Get(t.Context(), "b")
				require.NoError(t, err)
				require.Equal(t, result(enroll.Canceled), *record.Result)
				require.Equal(t, enroll.Secret("anna@example.com"), record.Subject)
			})
			t.Run("keeps_a_code_that_no_database_would_take", func(t *testing.T) {
				odd := result(enroll.Failed)
				odd.ProviderCode = "a\x00" + strings.Repeat("é", 150) + "\xff"
				_, err := store.Conclude(t.Context(), records.Conclusion{Opening: opening("c"), Result: odd})
				require.NoError(t, err)
				var code string
				require.NoError(t, records.DB(store).QueryRowContext(t.Context(), "SELECT provider_code FROM records WHERE id = 'c'").Scan(&code))
				require.Equal(t, "a"+strings.Repeat("é", 99), code)
			})
			t.Run("leaves_no_way_to_change_an_outcome", func(t *testing.T) {
				_, err := records.DB(store).ExecContext(t.Context(), "UPDATE records SET outcome = 'enrolled' WHERE id = 'a'")
				require.ErrorContains(t, err, "a recorded outcome never changes")
			})
		})
	}
}

func TestAudit(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			store := f.open(t)
			_, err := store.BeginAndClaim(t.Context(), opening("a"), claim("a"))
			require.NoError(t, err)

			t.Run("is_append_only", func(t *testing.T) {
				for _, statement := range []string{"UPDATE audit SET what = 'x'", "DELETE FROM audit"} {
					_, err := records.DB(store).ExecContext(t.Context(), statement)
					require.ErrorContains(t, err, "append-only", statement)
				}
				if strings.HasPrefix(f.address, "postgres") {
					_, err := records.DB(store).ExecContext(t.Context(), "TRUNCATE audit")
					require.ErrorContains(t, err, "append-only")
				}
				require.Equal(t, []string{"began run run-1", "claimed AuthIDCreateOperation 1"}, whats(t, store, "a"))
			})
			t.Run("orders_entries", func(t *testing.T) {
				entries, err := store.Audit(t.Context(), "a")
				require.NoError(t, err)
				require.Less(t, entries[0].Seq, entries[1].Seq)
				require.Equal(t, enroll.RecordID("a"), entries[0].Record)
				require.False(t, entries[0].At.IsZero())
			})
			t.Run("knows_no_record_that_is_not_there", func(t *testing.T) {
				_, err := store.Audit(t.Context(), "nobody")
				require.ErrorIs(t, err, records.ErrNotFound)
			})
		})
	}
}
