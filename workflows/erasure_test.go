package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

type (
	eraseStep = func(enroll.ErasureStepInput) (enroll.Erased, error)
	erasing   struct {
		*bundle
		// order lists the steps as they ran, as "provider: step".
		order []string
		kept  []enroll.ErasureStatement
	}
)

// steps of an erasure by what they remove.
func eraseSteps() map[enroll.RemovalOf]enroll.Activity[enroll.ErasureStepInput, enroll.Erased] {
	return map[enroll.RemovalOf]enroll.Activity[enroll.ErasureStepInput, enroll.Erased]{
		enroll.RemovedJourneys: enroll.AwaitJourneysEnded, enroll.RemovedEnrollment: enroll.EraseAtProvider,
		enroll.RemovedHistories: enroll.EraseHistories, enroll.RemovedSealed: enroll.EraseSealed, enroll.RemovedRecords: enroll.EraseRecords,
	}
}

// setupErasure is an environment in which every step removes one thing, unless
// it is replaced.
func setupErasure(t *testing.T, replaced map[enroll.RemovalOf]eraseStep) *erasing {
	t.Helper()
	e := &erasing{bundle: fresh(t)}
	e.OnRequestCancelExternalWorkflow(mock.Anything, mock.Anything, mock.Anything).Return(nil)
	for what, name := range eraseSteps() {
		step, ok := replaced[what]
		if !ok {
			step = always[enroll.ErasureStepInput](enroll.Erased{Count: 1})
		}
		stub(e.bundle, name, func(in enroll.ErasureStepInput) (enroll.Erased, error) {
			e.order = append(e.order, string(in.Provider)+": "+string(what))
			return step(in)
		})
	}
	stub(e.bundle, enroll.ConcludeErasure, func(statement enroll.ErasureStatement) (enroll.Nothing, error) {
		e.kept = append(e.kept, statement)
		return enroll.Nothing{}, nil
	})
	return e
}

// erase plays an erasure to its end.
func (e *erasing) erase(providers ...enroll.Provider) enroll.ErasureStatement {
	e.t.Helper()
	in := enroll.ErasureInput{ID: "erasure-1", Who: "ops", Why: "asked to"}
	for _, provider := range providers {
		in.Subjects = append(in.Subjects, enroll.ErasureSubject{Provider: provider, SubjectHash: "hash"})
	}
	e.ExecuteWorkflow(enroll.ErasureWorkflow, in)
	require.True(e.t, e.IsWorkflowCompleted())
	require.NoError(e.t, e.GetWorkflowError())
	var statement enroll.ErasureStatement
	require.NoError(e.t, e.GetWorkflowResult(&statement))
	require.Equal(e.t, []enroll.ErasureStatement{statement}, e.kept, "the statement that was returned is kept")
	return statement
}

func TestErasure(t *testing.T) {
	t.Parallel()
	t.Run("removes_every_subject_and_says_when", func(t *testing.T) {
		t.Parallel()
		e := setupErasure(t, nil)
		began := e.Now()
		statement := e.erase(enroll.AuthID, enroll.IProov)
		require.True(t, statement.Complete)
		require.Empty(t, statement.Left())
		require.Equal(t, "ops", statement.Who)
		require.Len(t, statement.Subjects, 2)
		for _, subject := range statement.Subjects {
			require.Len(t, subject.Removals, len(enroll.Removals()))
			for _, removal := range subject.Removals {
				require.Equal(t, 1, removal.Count)
				require.False(t, removal.At.Before(began.Truncate(time.Second)))
			}
		}
	})
	t.Run("lets_journeys_end_first_and_empties_the_records_last", func(t *testing.T) {
		t.Parallel()
		e := setupErasure(t, nil)
		e.erase(enroll.BioID)
		at := func(what enroll.RemovalOf) int { return slices.Index(e.order, "bioid: "+string(what)) }
		require.Zero(t, at(enroll.RemovedJourneys))
		require.Less(t, at(enroll.RemovedHistories), at(enroll.RemovedRecords))
		require.Less(t, at(enroll.RemovedSealed), at(enroll.RemovedRecords))
	})
	t.Run("waits_for_a_capture_that_was_left_open", func(t *testing.T) {
		t.Parallel()
		asked := 0
		e := setupErasure(t, map[enroll.RemovalOf]eraseStep{enroll.RemovedJourneys: func(enroll.ErasureStepInput) (enroll.Erased, error) {
			if asked++; asked < 15 {
				return enroll.Erased{}, failure(enroll.KindPending, enroll.FailureDetails{}, 0)
			}
			return enroll.Erased{}, nil
		}})
		require.True(t, e.erase(enroll.AuthID).Complete)
		require.Equal(t, 15, asked)
	})
	t.Run("keeps_trying_what_fails_while_the_rest_goes_on", func(t *testing.T) {
		t.Parallel()
		denied := 0
		e := setupErasure(t, map[enroll.RemovalOf]eraseStep{enroll.RemovedEnrollment: func(enroll.ErasureStepInput) (enroll.Erased, error) {
			if denied++; denied < 4 {
				return enroll.Erased{}, failure(enroll.KindDenied, enroll.FailureDetails{Code: "401"}, 0)
			}
			return enroll.Erased{Count: 1}, nil
		}})
		var meanwhile enroll.ErasureStatement
		e.after(2*time.Minute, func() { meanwhile = e.statement() })
		statement := e.erase(enroll.SmartID)
		require.Equal(t, []string{"smartid: enrollment_at_provider"}, meanwhile.Left(), "what is left can be seen")
		require.Equal(t, enroll.ReasonCredentialsRefused, meanwhile.Subjects[0].Removals[1].Left)
		require.True(t, statement.Complete)
		require.Equal(t, 3, statement.Subjects[0].Removals[1].Tries)
		require.Empty(t, statement.Subjects[0].Removals[1].Left)
	})
	t.Run("ends_after_a_month_and_says_what_is_left", func(t *testing.T) {
		t.Parallel()
		e := setupErasure(t, map[enroll.RemovalOf]eraseStep{
			enroll.RemovedEnrollment: fails[enroll.ErasureStepInput, enroll.Erased](enroll.KindInvalid, enroll.FailureDetails{}),
		})
		statement := e.erase(enroll.IProov)
		require.False(t, statement.Complete)
		require.Equal(t, []string{"iproov: enrollment_at_provider"}, statement.Left())
		require.Equal(t, enroll.ReasonRequestRefused, statement.Subjects[0].Removals[1].Left)
		took := statement.ConcludedAt.Sub(statement.RequestedAt)
		require.Greater(t, took, 29*24*time.Hour)
		require.LessOrEqual(t, took, 30*24*time.Hour)
		require.Less(t, len(e.order), 200, "rounds are few enough for one history")
	})
	t.Run("ends_when_an_operator_cancels_and_says_what_is_left", func(t *testing.T) {
		t.Parallel()
		e := setupErasure(t, map[enroll.RemovalOf]eraseStep{
			enroll.RemovedEnrollment: fails[enroll.ErasureStepInput, enroll.Erased](enroll.KindDenied, enroll.FailureDetails{}),
		})
		e.after(10*time.Minute, e.CancelWorkflow)
		statement := e.erase(enroll.AuthID)
		require.False(t, statement.Complete)
		require.Equal(t, []string{"authid: enrollment_at_provider"}, statement.Left())
		require.Less(t, statement.ConcludedAt.Sub(statement.RequestedAt), time.Hour)
	})
	t.Run("needs_no_journey_to_cancel", func(t *testing.T) {
		t.Parallel()
		e := &erasing{bundle: fresh(t)}
		for _, name := range eraseSteps() {
			stub(e.bundle, name, always[enroll.ErasureStepInput](enroll.Erased{}))
		}
		e.OnRequestCancelExternalWorkflow(mock.Anything, mock.Anything, mock.Anything).Return(failure(enroll.KindInvalid, enroll.FailureDetails{}, 0))
		stub(e.bundle, enroll.ConcludeErasure, func(statement enroll.ErasureStatement) (enroll.Nothing, error) {
			e.kept = append(e.kept, statement)
			return enroll.Nothing{}, nil
		})
		require.True(t, e.erase(enroll.SmartID).Complete)
	})
}

// statement asks the erasure how far it has come.
func (e *erasing) statement() enroll.ErasureStatement {
	e.t.Helper()
	value, err := e.QueryWorkflow(enroll.ErasureQuery)
	require.NoError(e.t, err)
	var statement enroll.ErasureStatement
	require.NoError(e.t, value.Get(&statement))
	return statement
}
