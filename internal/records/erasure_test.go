package records_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// anna is the subject of the erasures of these tests.
func anna() []records.SubjectKey {
	return []records.SubjectKey{{Provider: enroll.AuthID, Hash: "anna"}, {Provider: enroll.IProov, Hash: "anna-too"}}
}

// erasureOf returns the opening of an erasure, of anna unless told otherwise.
func erasureOf(id string, at time.Time, subjects ...records.SubjectKey) records.ErasureOpening {
	if len(subjects) == 0 {
		subjects = anna()
	}
	o := records.ErasureOpening{ID: id, Digest: "digest-" + id, Who: "olga", Why: "why-of-" + id, At: at}
	for _, subject := range subjects {
		o.Subjects = append(o.Subjects, records.NamedSubject{SubjectKey: subject, Name: enroll.Secret("name-of-" + subject.Hash)})
	}
	return o
}

// ofAnna returns the opening of one of her journeys at authID.
func ofAnna(id string) records.Opening {
	o := opening(id)
	o.SubjectHash = "anna"
	return o
}

func TestErasure(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			store := f.open(t)
			require.NoError(t, store.BeginErasure(t.Context(), erasureOf("e1", began)))
			repeated := erasureOf("e1", began.Add(time.Hour))
			repeated.Who, repeated.Why = "oleg", "another reason"
			require.NoError(t, store.BeginErasure(t.Context(), repeated), "it may be repeated")

			t.Run("is_known_while_it_is_under_way", func(t *testing.T) {
				found, err := store.Erasure(t.Context(), "e1")
				require.NoError(t, err)
				require.Equal(t, records.Erasure{ID: "e1", BeganAt: began, Who: "olga", Why: "why-of-e1", Subjects: anna()}, found)
				id, ok, err := store.Erasing(t.Context(), enroll.IProov, "anna-too")
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, "e1", id)
				standing, err := store.Standing(t.Context(), "new", enroll.AuthID, "anna")
				require.NoError(t, err)
				require.Equal(t, records.Standing{Erasure: "e1"}, standing)
			})
			t.Run("tells_the_names_of_its_subjects_and_keeps_them_sealed", func(t *testing.T) {
				for _, subject := range anna() {
					name, err := store.ErasureName(t.Context(), "e1", subject)
					require.NoError(t, err)
					require.Equal(t, "name-of-"+subject.Hash, name.Reveal())
				}
				_, err := store.ErasureName(t.Context(), "e1", records.SubjectKey{Provider: enroll.BioID, Hash: "anna"})
				require.ErrorIs(t, err, records.ErrNotFound)
				require.NotContains(t, f.dump(t, store), "name-of-")
			})
			t.Run("keeps_who_asked_and_why_sealed", func(t *testing.T) {
				require.NotContains(t, f.dump(t, store), "why-of-")
				require.NotContains(t, f.dump(t, store), "olga")
			})
			t.Run("tells_the_trail_who_asked_and_not_why", func(t *testing.T) {
				entries, err := store.Audit(t.Context(), "")
				require.NoError(t, err)
				require.Len(t, entries, 1)
				require.Equal(t, []string{"erasure_began", "olga", "e1"}, []string{entries[0].What, entries[0].Who, entries[0].Detail})
			})
			t.Run("refuses_its_id_for_another_request", func(t *testing.T) {
				other := erasureOf("e1", began)
				other.Digest = "another"
				require.ErrorIs(t, store.BeginErasure(t.Context(), other), records.ErrOtherRequest)
			})
			t.Run("keeps_journeys_of_its_subjects_from_beginning", func(t *testing.T) {
				_, err := store.Begin(t.Context(), ofAnna("late"))
				require.ErrorIs(t, err, records.ErrErasing)
				_, err = store.BeginAndClaim(t.Context(), ofAnna("late"), claim("late"))
				require.ErrorIs(t, err, records.ErrErasing)
				_, err = store.Get(t.Context(), "late")
				require.ErrorIs(t, err, records.ErrNotFound)
				_, err = store.Begin(t.Context(), opening("somebody-else"))
				require.NoError(t, err)
			})
			t.Run("leaves_nothing_personal_of_a_journey_that_it_refused", func(t *testing.T) {
				_, err := store.Conclude(t.Context(), records.Conclusion{Opening: ofAnna("refused"), Result: result(enroll.Failed)})
				require.NoError(t, err)
				record, err := store.Get(t.Context(), "refused")
				require.NoError(t, err)
				require.Empty(t, record.Subject)
				require.Empty(t, record.Result.UserID)
				require.Equal(t, enroll.Failed, record.Result.Outcome)
			})
			t.Run("of_another_person_leaves_the_subject_under_way", func(t *testing.T) {
				require.NoError(t, store.BeginErasure(t.Context(), erasureOf("e2", began.Add(time.Minute), anna()[0])))
				require.NoError(t, store.ConcludeErasure(t.Context(), "e2", []byte(`{}`)))
				_, ok, err := store.Erasing(t.Context(), enroll.AuthID, "anna")
				require.NoError(t, err)
				require.True(t, ok, "the first one goes on")
			})
			t.Run("ends_with_the_first_statement", func(t *testing.T) {
				require.NoError(t, store.ConcludeErasure(t.Context(), "e1", []byte(`{"removed": "secret-statement"}`)))
				require.NoError(t, store.ConcludeErasure(t.Context(), "e1", []byte(`{"removed": "twice"}`)))
				require.NoError(t, store.BeginErasure(t.Context(), erasureOf("e1", began)), "a late repetition bars nobody")
				found, err := store.Erasure(t.Context(), "e1")
				require.NoError(t, err)
				require.JSONEq(t, `{"removed": "secret-statement"}`, string(found.Statement))
				require.False(t, found.ConcludedAt.IsZero())
				require.Empty(t, found.Subjects)
				_, err = store.ErasureName(t.Context(), "e1", anna()[0])
				require.ErrorIs(t, err, records.ErrNotFound, "the names are forgotten")
				_, ok, err := store.Erasing(t.Context(), enroll.AuthID, "anna")
				require.NoError(t, err)
				require.False(t, ok)
				_, err = store.Begin(t.Context(), ofAnna("afterwards"))
				require.NoError(t, err)
				require.NotContains(t, f.dump(t, store), "secret-statement")
			})
			t.Run("is_listed_the_newest_first", func(t *testing.T) {
				require.NoError(t, store.BeginErasure(t.Context(), erasureOf("e3", began.Add(time.Hour))))
				all, err := store.Erasures(t.Context(), records.ErasureFilter{})
				require.NoError(t, err)
				require.Equal(t, []string{"e3", "e2", "e1"}, []string{all[0].ID, all[1].ID, all[2].ID})
				pending, err := store.Erasures(t.Context(), records.ErasureFilter{Pending: true})
				require.NoError(t, err)
				require.Len(t, pending, 1)
				require.Equal(t, "e3", pending[0].ID)
				require.Equal(t, []string{
					"erasure_began e1", "erasure_began e2", "erasure_concluded e2", "erasure_concluded e1", "erasure_began e3",
				}, whats(t, store, ""))
			})
			t.Run("has_to_have_begun", func(t *testing.T) {
				require.ErrorIs(t, store.ConcludeErasure(t.Context(), "none", nil), records.ErrNotFound)
				_, err := store.Erasure(t.Context(), "none")
				require.ErrorIs(t, err, records.ErrNotFound)
				require.ErrorContains(t, store.BeginErasure(t.Context(), records.ErasureOpening{ID: "e4", Digest: "d", At: began}), "needs an ID, a digest, a subject and a time")
				require.ErrorContains(t, store.BeginErasure(t.Context(), erasureOf("e4", began, records.SubjectKey{Provider: "acme", Hash: "x"})), "acme")
				tooLong := erasureOf("e4", began)
				tooLong.Why = strings.Repeat("x", enroll.MaxWhy+1)
				var input *enroll.InputError
				require.ErrorAs(t, store.BeginErasure(t.Context(), tooLong), &input)
				_, err = store.Erasure(t.Context(), "e4")
				require.ErrorIs(t, err, records.ErrNotFound)
			})
		})
	}
}

// TestErasureRace lets journeys begin while an erasure does. Whatever the
// order, no record may appear that was not there when BeginErasure returned.
func TestErasureRace(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			stores := []*records.Store{f.open(t), f.open(t)}
			errs := make([]error, 40)
			var group sync.WaitGroup
			for i := range errs {
				group.Go(func() { _, errs[i] = stores[i%2].Begin(t.Context(), ofAnna(fmt.Sprintf("r%d", i))) })
			}
			require.NoError(t, f.open(t).BeginErasure(t.Context(), erasureOf("e1", began)))
			before, err := stores[0].RecordsOf(t.Context(), enroll.AuthID, "anna")
			require.NoError(t, err)
			group.Wait()
			after, err := stores[0].RecordsOf(t.Context(), enroll.AuthID, "anna")
			require.NoError(t, err)
			require.Equal(t, before, after)
			refused := 0
			for _, err := range errs {
				if err != nil {
					require.ErrorIs(t, err, records.ErrErasing)
					refused++
				}
			}
			require.Len(t, after, len(errs)-refused)
		})
	}
}

func TestPendingErasures(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			var old []string
			for i := range 130 { // More than are returned at once.
				id := fmt.Sprintf("old-%03d", i)
				old = append(old, id)
				require.NoError(t, store.BeginErasure(t.Context(), erasureOf(id, began)))
			}
			require.NoError(t, store.BeginErasure(t.Context(), erasureOf("new", began.Add(time.Hour))))
			require.NoError(t, store.ConcludeErasure(t.Context(), old[7], []byte(`{}`)))

			var found []string
			for after := ""; ; after = found[len(found)-1] {
				page, err := store.PendingErasures(t.Context(), began.Add(time.Minute), after)
				require.NoError(t, err)
				if len(page) == 0 {
					break
				}
				found = append(found, page...)
			}
			require.Equal(t, slices.Delete(old, 7, 8), found, "each once, in order, without what is new or over")
		})
	}
}
