package records_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

func TestClaim(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			store := f.open(t)
			// fresh begins a journey whose first call is claimed.
			fresh := func(t *testing.T, id string) {
				t.Helper()
				claimed, err := store.BeginAndClaim(t.Context(), opening(id), claim(id))
				require.NoError(t, err)
				require.Equal(t, records.Fresh, claimed.State)
				require.Equal(t, enroll.RecordID(id), claimed.Record.ID)
			}
			// state is what the next claimant is told.
			state := func(t *testing.T, id string) records.Claimed {
				t.Helper()
				next := claim(id)
				next.At = next.At.Add(time.Minute)
				claimed, err := store.Claim(t.Context(), next)
				require.NoError(t, err)
				return claimed
			}

			t.Run("is_in_doubt_until_it_is_settled", func(t *testing.T) {
				fresh(t, "a")
				require.Equal(t, records.InDoubt, state(t, "a").State)
				record, err := store.Get(t.Context(), "a")
				require.NoError(t, err)
				require.Equal(t, []enroll.RecordStep{{Name: "AuthIDCreateOperation", Ordinal: 1, State: enroll.StepClaimed, ClaimedAt: claim("a").At}}, record.Steps)
			})
			t.Run("gives_the_first_answer_again", func(t *testing.T) {
				fresh(t, "b")
				require.NoError(t, store.Answer(t.Context(), claim("b"), []byte("first"), map[string]enroll.Secret{"operation_id": "op-1"}))
				require.NoError(t, store.Answer(t.Context(), claim("b"), []byte("second"), map[string]enroll.Secret{"operation_id": "op-2"}))
				claimed := state(t, "b")
				require.Equal(t, records.Answered, claimed.State)
				require.Equal(t, []byte("first"), claimed.Answer)
				require.Equal(t, map[string]enroll.Secret{"operation_id": "op-1"}, claimed.Record.References)
				record, err := store.Get(t.Context(), "b")
				require.NoError(t, err)
				require.Equal(t, enroll.StepAnswered, record.Steps[0].State)
				require.False(t, record.Steps[0].AnsweredAt.IsZero())
				require.Equal(t, []string{"began run run-1", "claimed AuthIDCreateOperation 1", "answered AuthIDCreateOperation 1"}, whats(t, store, "b"))
			})
			t.Run("keeps_an_empty_answer", func(t *testing.T) {
				fresh(t, "empty")
				require.NoError(t, store.Answer(t.Context(), claim("empty"), nil, nil))
				claimed := state(t, "empty")
				require.Equal(t, records.Answered, claimed.State)
				require.Empty(t, claimed.Answer)
			})
			t.Run("is_fresh_again_after_a_release", func(t *testing.T) {
				fresh(t, "c")
				require.NoError(t, store.Release(t.Context(), claim("c"), "connection refused"))
				require.NoError(t, store.Release(t.Context(), claim("c"), "connection refused"))
				require.Equal(t, records.Fresh, state(t, "c").State)
				require.Equal(t, []string{
					"began run run-1", "claimed AuthIDCreateOperation 1",
					"released AuthIDCreateOperation 1: connection refused", "claimed AuthIDCreateOperation 1",
				}, whats(t, store, "c"))
			})
			t.Run("is_released_by_its_claimant_only", func(t *testing.T) {
				fresh(t, "d")
				otherRun, otherAttempt := claim("d"), claim("d")
				otherRun.RunID = "run-2"
				otherAttempt.At = otherAttempt.At.Add(time.Minute)
				require.ErrorIs(t, store.Release(t.Context(), otherRun, "never sent"), records.ErrNotClaimed)
				require.ErrorIs(t, store.Release(t.Context(), otherAttempt, "never sent"), records.ErrNotClaimed)
				require.Equal(t, records.InDoubt, state(t, "d").State)
			})
			t.Run("cannot_be_released_once_answered_or_lost", func(t *testing.T) {
				fresh(t, "e")
				require.NoError(t, store.Lost(t.Context(), claim("e")))
				require.ErrorIs(t, store.Release(t.Context(), claim("e"), "never sent"), records.ErrNotClaimed)
				require.NoError(t, store.Answer(t.Context(), claim("e"), []byte("found"), nil))
				require.ErrorIs(t, store.Release(t.Context(), claim("e"), "never sent"), records.ErrNotClaimed)
			})
			t.Run("is_in_doubt_when_lost_and_answered_when_found", func(t *testing.T) {
				fresh(t, "f")
				require.NoError(t, store.Lost(t.Context(), claim("f")))
				require.NoError(t, store.Lost(t.Context(), claim("f")))
				require.Equal(t, records.InDoubt, state(t, "f").State)
				require.NoError(t, store.Answer(t.Context(), claim("f"), []byte("found"), nil))
				require.NoError(t, store.Lost(t.Context(), claim("f")))
				require.Equal(t, records.Answered, state(t, "f").State)
			})
			t.Run("needs_a_claim_to_settle", func(t *testing.T) {
				_, err := store.Begin(t.Context(), opening("g"))
				require.NoError(t, err)
				require.ErrorIs(t, store.Answer(t.Context(), claim("g"), nil, nil), records.ErrNotClaimed)
				require.ErrorIs(t, store.Lost(t.Context(), claim("g")), records.ErrNotClaimed)
			})
			t.Run("needs_a_record", func(t *testing.T) {
				_, err := store.Claim(t.Context(), claim("nobody"))
				require.ErrorIs(t, err, records.ErrNotFound)
				require.ErrorIs(t, store.Answer(t.Context(), claim("nobody"), nil, nil), records.ErrNotFound)
			})
			t.Run("needs_its_parts", func(t *testing.T) {
				_, err := store.BeginAndClaim(t.Context(), opening("h"), records.Claim{Record: "h", RunID: "run-1"})
				require.ErrorContains(t, err, "a claim needs")
				_, err = store.BeginAndClaim(t.Context(), opening("h"), claim("a"))
				require.ErrorContains(t, err, "different journeys")
				_, err = store.Get(t.Context(), "h")
				require.ErrorIs(t, err, records.ErrNotFound, "neither may leave a record behind")
			})
			t.Run("counts_calls_of_one_step_apart", func(t *testing.T) {
				fresh(t, "i")
				second := claim("i")
				second.Ordinal, second.At = 2, second.At.Add(time.Hour)
				claimed, err := store.Claim(t.Context(), second)
				require.NoError(t, err)
				require.Equal(t, records.Fresh, claimed.State)
				record, err := store.Get(t.Context(), "i")
				require.NoError(t, err)
				require.Len(t, record.Steps, 2)
				require.Equal(t, 2, record.Steps[1].Ordinal)
			})
			t.Run("outlives_a_reset_and_notes_it", func(t *testing.T) {
				fresh(t, "j")
				reset := claim("j")
				reset.RunID = "run-2"
				claimed, err := store.Claim(t.Context(), reset)
				require.NoError(t, err)
				require.Equal(t, records.InDoubt, claimed.State)
				require.Equal(t, "run-2", claimed.Record.RunID)
				require.Contains(t, whats(t, store, "j"), "reset run run-2 took over from run-1")
			})
			t.Run("is_not_given_once_the_journey_has_concluded", func(t *testing.T) {
				fresh(t, "k")
				_, err := store.Conclude(t.Context(), records.Conclusion{Opening: opening("k"), Result: result(enroll.Unknown)})
				require.NoError(t, err)
				second := claim("k")
				second.Ordinal = 2
				claimed, err := store.Claim(t.Context(), second)
				require.NoError(t, err)
				require.Equal(t, records.Concluded, claimed.State)
				require.Equal(t, result(enroll.Unknown), *claimed.Record.Result)
			})
			t.Run("is_taken_back_when_it_failed_after_it_took_effect", func(t *testing.T) {
				records.LoseNextCommit(store)
				claimed, err := store.BeginAndClaim(t.Context(), opening("l"), claim("l"))
				require.ErrorContains(t, err, "connection lost")
				require.Empty(t, claimed, "nobody may take a failed claim for a fresh one")
				require.Equal(t, records.Fresh, state(t, "l").State)

				records.LoseNextCommit(store)
				second := claim("l")
				second.Ordinal = 2
				_, err = store.Claim(t.Context(), second)
				require.ErrorContains(t, err, "connection lost")
				claimed, err = store.Claim(t.Context(), second)
				require.NoError(t, err)
				require.Equal(t, records.Fresh, claimed.State)
			})
			t.Run("fails_and_leaves_nothing_when_there_is_no_time", func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				_, err := store.BeginAndClaim(ctx, opening("m"), claim("m"))
				require.ErrorIs(t, err, context.Canceled)
				_, err = store.Get(t.Context(), "m")
				require.ErrorIs(t, err, records.ErrNotFound)
			})
		})
	}
}

func TestClaimIsFreshForOne(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			// Two stores queue for their locks as two processes do.
			stores := []*records.Store{f.open(t), f.open(t)}
			const claimants = 50
			states := make([]records.ClaimState, claimants)
			errs := make([]error, claimants)
			var group sync.WaitGroup
			for i := range claimants {
				group.Go(func() {
					var claimed records.Claimed
					claimed, errs[i] = stores[i%len(stores)].BeginAndClaim(t.Context(), opening("a"), claim("a"))
					states[i] = claimed.State
				})
			}
			group.Wait()
			counted := map[records.ClaimState]int{}
			for i := range claimants {
				require.NoError(t, errs[i])
				counted[states[i]]++
			}
			require.Equal(t, map[records.ClaimState]int{records.Fresh: 1, records.InDoubt: claimants - 1}, counted)
		})
	}
}

func TestConcurrentWriters(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			stores := []*records.Store{f.open(t), f.open(t)}
			_, err := stores[0].Begin(t.Context(), opening("a"))
			require.NoError(t, err)
			const writers = 20

			t.Run("lose_no_reference", func(t *testing.T) {
				errs := make([]error, writers)
				var group sync.WaitGroup
				for i := range writers {
					group.Go(func() {
						name := fmt.Sprintf("token_%d", i)
						c := claim("a")
						c.Ordinal = i + 1
						if _, errs[i] = stores[i%len(stores)].Claim(t.Context(), c); errs[i] == nil {
							errs[i] = stores[i%len(stores)].Answer(t.Context(), c, nil, map[string]enroll.Secret{name: "x"})
						}
					})
				}
				group.Wait()
				require.NoError(t, errors.Join(errs...))
				record, err := stores[0].Get(t.Context(), "a")
				require.NoError(t, err)
				require.Len(t, record.References, writers)
			})
			t.Run("conclude_once", func(t *testing.T) {
				results := make([]enroll.Result, writers)
				errs := make([]error, writers)
				var group sync.WaitGroup
				for i := range writers {
					group.Go(func() {
						outcome := enroll.Outcomes()[i%len(enroll.Outcomes())]
						results[i], errs[i] = stores[i%len(stores)].Conclude(t.Context(), records.Conclusion{Opening: opening("a"), Result: result(outcome)})
					})
				}
				group.Wait()
				require.NoError(t, errors.Join(errs...))
				for _, got := range results {
					require.Equal(t, results[0], got)
				}
			})
		})
	}
}
