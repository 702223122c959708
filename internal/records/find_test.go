package records_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/reveal"
)

// ids returns the IDs of records.
func ids(found []enroll.Record) []string {
	list := make([]string, len(found))
	for i, record := range found {
		list[i] = string(record.ID)
	}
	return list
}

// shelf fills a store with journeys r0 (the oldest) to r5, of which two began
// at the same moment.
func shelf(t *testing.T, store *records.Store) {
	t.Helper()
	for i, row := range []struct {
		journey enroll.Journey
		minute  int
		subject string
		outcome enroll.Outcome
	}{
		{enroll.AuthIDEnroll, 0, "anna", enroll.Enrolled},
		{enroll.SmartIDEnroll, 1, "anna", enroll.Unknown},
		{enroll.SmartIDEnroll, 2, "bert", enroll.Unknown},
		{enroll.SmartIDUnenroll, 2, "carl", enroll.Removed},
		{enroll.IProovPhotoEnroll, 4, "anna", enroll.Rejected},
		{enroll.AuthIDSelfie, 5, "anna", ""},
	} {
		o := opening(fmt.Sprintf("r%d", i))
		o.Journey, o.SubjectHash, o.At = row.journey, row.subject, began.Add(time.Duration(row.minute)*time.Minute)
		spec, err := row.journey.Spec()
		require.NoError(t, err)
		o.WorkflowID = string(spec.Provider) + "-" + row.subject
		o.Grounds = enroll.Grounds{Consent: "consent-" + string(o.Record), Upstream: "check-" + string(o.Record)}
		o.Reference = enroll.Secret("case-" + row.subject)
		_, err = store.BeginAndClaim(t.Context(), o, claim(string(o.Record)))
		require.NoError(t, err)
		if row.outcome != "" {
			_, err = store.Conclude(t.Context(), records.Conclusion{Opening: o, Result: result(row.outcome)})
			require.NoError(t, err)
		}
	}
	require.NoError(t, store.Resolve(t.Context(), "r2", enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "seen"}))
}

func TestFind(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			shelf(t, store)

			for _, row := range []struct {
				name     string
				filter   records.Filter
				expected []string
			}{
				{"gives_the_newest_first", records.Filter{}, []string{"r5", "r4", "r3", "r2", "r1", "r0"}},
				{"by_provider", records.Filter{Provider: enroll.AuthID}, []string{"r5", "r0"}},
				{"by_journey", records.Filter{Journey: enroll.SmartIDEnroll}, []string{"r2", "r1"}},
				{"by_outcome", records.Filter{Outcome: enroll.Unknown}, []string{"r2", "r1"}},
				{"by_subject", records.Filter{SubjectHash: "bert"}, []string{"r2"}},
				{"by_what_the_caller_calls_it", records.Filter{Reference: "case-anna"}, []string{"r5", "r4", "r1", "r0"}},
				{"by_what_nobody_has_settled", records.Filter{Unresolved: true}, []string{"r1"}},
				{"by_time", records.Filter{Since: began.Add(2 * time.Minute)}, []string{"r5", "r4", "r3", "r2"}},
				{"by_all_at_once", records.Filter{
					Provider: enroll.SmartID, Journey: enroll.SmartIDEnroll, Outcome: enroll.Unknown, SubjectHash: "anna",
					Unresolved: true, Since: began, Limit: 3,
				}, []string{"r1"}},
				{"by_what_is_not_there", records.Filter{SubjectHash: "nobody"}, []string{}},
				{"by_a_part_of_what_the_caller_calls_it", records.Filter{Reference: "case-"}, []string{}},
			} {
				t.Run(row.name, func(t *testing.T) {
					page, err := store.Find(t.Context(), row.filter)
					require.NoError(t, err)
					require.Equal(t, row.expected, ids(page.Records))
					require.Empty(t, page.Next)
				})
			}
			t.Run("gives_every_record_on_one_page", func(t *testing.T) {
				var pages [][]string
				filter := records.Filter{Limit: 2}
				for {
					page, err := store.Find(t.Context(), filter)
					require.NoError(t, err)
					pages = append(pages, ids(page.Records))
					if filter.After = page.Next; filter.After == "" {
						break
					}
				}
				require.Equal(t, [][]string{{"r5", "r4"}, {"r3", "r2"}, {"r1", "r0"}}, pages, "r3 and r2 began at the same moment")
			})
			t.Run("refuses_pages_that_cannot_be", func(t *testing.T) {
				for _, filter := range []records.Filter{{Limit: -1}, {Limit: 1001}, {After: "x"}, {After: "1"}} {
					_, err := store.Find(t.Context(), filter)
					require.ErrorContains(t, err, "allowed", "%+v", filter)
				}
			})
		})
	}
}

func TestLatest(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			shelf(t, store)
			record, err := store.Latest(t.Context(), "authid-anna")
			require.NoError(t, err)
			require.Equal(t, enroll.RecordID("r5"), record.ID)
			require.Len(t, record.Steps, 1)
			_, err = store.Latest(t.Context(), "authid-nobody")
			require.ErrorIs(t, err, records.ErrNotFound)
		})
	}
}

func TestExport(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			shelf(t, store)

			t.Run("holds_everything_of_one_subject", func(t *testing.T) {
				export, err := store.Export(t.Context(), enroll.AuthID, "anna")
				require.NoError(t, err)
				text, err := reveal.Marshal(export)
				require.NoError(t, err)
				var read records.Export
				require.NoError(t, json.Unmarshal(text, &read))
				require.Equal(t, export, read, "JSON carries all of it")
				require.Len(t, read.Records, 2)
				require.Equal(t, enroll.RecordID("r0"), read.Records[0].ID)
				require.Equal(t, enroll.Secret("anna@example.com"), read.Records[0].Subject)
				require.Equal(t, "AuthIDCreateOperation", read.Records[0].Steps[0].Name)
				require.Equal(t, enroll.Enrolled, read.Records[0].Result.Outcome)
				require.Equal(t, "concluded", read.Records[0].Audit[2].What)
				require.Equal(t, enroll.RecordID("r5"), read.Records[1].ID)
				require.NotContains(t, string(text), "bert")
			})
			t.Run("of_a_stranger_is_empty", func(t *testing.T) {
				export, err := store.Export(t.Context(), enroll.BioID, "anna")
				require.NoError(t, err)
				text, err := json.Marshal(export)
				require.NoError(t, err)
				require.JSONEq(t, `{"provider": "bioid", "subject_hash": "anna", "records": []}`, string(text))
			})
		})
	}
}

func TestSweep(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			shelf(t, store)
			for i := range 120 { // More than one batch.
				conclude(t, store, fmt.Sprintf("s%d", i), enroll.Rejected)
			}
			swept, err := store.Sweep(t.Context(), began.Add(3*time.Minute))
			require.NoError(t, err)
			require.Equal(t, 123, swept)
			page, err := store.Find(t.Context(), records.Filter{})
			require.NoError(t, err)
			require.Equal(t, []string{"r5", "r4", "r1"}, ids(page.Records), "r1 is unknown and nobody has settled it")
			_, err = store.Audit(t.Context(), "r0")
			require.ErrorIs(t, err, records.ErrNotFound)
			require.Len(t, whats(t, store, ""), 2, "one entry a batch")
			_, err = records.DB(store).ExecContext(t.Context(), "DELETE FROM audit")
			require.ErrorContains(t, err, "append-only", "the way is closed again")
		})
	}
}

func TestEmptyBefore(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			shelf(t, store)
			for i := range 120 { // More than one batch.
				conclude(t, store, fmt.Sprintf("s%d", i), enroll.Rejected)
			}
			// Every journey of the shelf concluded a minute after the first began.
			emptied, err := store.EmptyBefore(t.Context(), began.Add(time.Minute))
			require.NoError(t, err)
			require.Zero(t, emptied, "kept as long as the setting says")
			emptied, err = store.EmptyBefore(t.Context(), began.Add(2*time.Minute))
			require.NoError(t, err)
			require.Equal(t, 124, emptied)
			page, err := store.Find(t.Context(), records.Filter{SubjectHash: "anna"})
			require.NoError(t, err)
			named := map[string]bool{}
			for _, record := range page.Records {
				named[string(record.ID)] = record.Subject != ""
			}
			require.Equal(t, map[string]bool{
				"r0": false,
				"r1": true, // Unknown, and nobody has settled it.
				"r4": false,
				"r5": true, // Under way.
			}, named)
			require.Equal(t, "erased kept long enough", last(whats(t, store, "r0")))

			require.NoError(t, store.Resolve(t.Context(), "r1", enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "seen"}))
			emptied, err = store.EmptyBefore(t.Context(), began.Add(2*time.Minute))
			require.NoError(t, err)
			require.Equal(t, 1, emptied, "settled, it has nothing to wait for")

			long := began.Add(6 * time.Minute).Add(enroll.LongestJourney)
			emptied, err = store.EmptyBefore(t.Context(), long)
			require.NoError(t, err)
			require.Equal(t, 1, emptied, "a journey without an outcome that cannot be under way any more")
		})
	}
}

func TestSweepErasures(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			require.NoError(t, store.BeginErasure(t.Context(), erasureOf("e1", began)))
			require.NoError(t, store.BeginErasure(t.Context(), erasureOf("e2", began)))
			require.NoError(t, store.ConcludeErasure(t.Context(), "e1", []byte(`{}`)))
			swept, err := store.SweepErasures(t.Context(), time.Now().Add(-time.Hour))
			require.NoError(t, err)
			require.Zero(t, swept)
			swept, err = store.SweepErasures(t.Context(), time.Now().Add(time.Hour))
			require.NoError(t, err)
			require.Equal(t, 1, swept)
			left, err := store.Erasures(t.Context(), records.ErasureFilter{})
			require.NoError(t, err)
			require.Len(t, left, 1, "one under way stays")
			require.Equal(t, "e2", left[0].ID)
		})
	}
}
