package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/workflows"
)

// housekeeping plays a run in which each step gives its answer.
func housekeeping(t *testing.T, resumed func(enroll.Nothing) (enroll.Resumed, error), sealed, emptied, deleted func(enroll.Nothing) (enroll.Swept, error)) *bundle {
	t.Helper()
	b := fresh(t)
	stub(b, enroll.ResumeErasures, resumed)
	stub(b, enroll.SweepSealed, sealed)
	stub(b, enroll.EmptyRecords, emptied)
	stub(b, enroll.SweepRecords, deleted)
	b.ExecuteWorkflow(enroll.HousekeepingWorkflow)
	require.True(t, b.IsWorkflowCompleted())
	return b
}

func TestHousekeeping(t *testing.T) {
	swept := func(count int) enroll.Swept {
		return enroll.Swept{Before: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Count: count}
	}
	removes := func(count int) func(enroll.Nothing) (enroll.Swept, error) {
		return always[enroll.Nothing](swept(count))
	}

	resumes := always[enroll.Nothing](enroll.Resumed{Count: 4})

	t.Run("tells_what_it_removed", func(t *testing.T) {
		b := housekeeping(t, resumes, removes(1), removes(2), removes(3))
		require.NoError(t, b.GetWorkflowError())
		var done enroll.Housekept
		require.NoError(t, b.GetWorkflowResult(&done))
		require.Equal(t, enroll.Housekept{Resumed: enroll.Resumed{Count: 4}, Sealed: swept(1), Emptied: swept(2), Deleted: swept(3)}, done)
	})
	t.Run("shows_an_operator_what_it_removed", func(t *testing.T) {
		require.Equal(t, "- Erasures started that had no workflow: 4.\n"+
			"- Sealed bytes destroyed: 1, older than 2026-11-01T00:00:00Z.\n"+
			"- Records and statements of erasures deleted: 3, older than 2026-11-01T00:00:00Z.\n"+
			"- Records emptied of everything personal: by setting none.",
			workflows.Housekept(enroll.Housekept{Resumed: enroll.Resumed{Count: 4}, Sealed: swept(1), Deleted: swept(3)}))
	})
	t.Run("repeats_what_cannot_be_removed_at_once", func(t *testing.T) {
		failed := false
		onSecond := func(enroll.Nothing) (enroll.Swept, error) {
			if !failed {
				failed = true
				return enroll.Swept{}, failure(enroll.KindUnrecorded, enroll.FailureDetails{}, 0)
			}
			return swept(2), nil
		}
		b := housekeeping(t, resumes, removes(1), onSecond, removes(3))
		require.NoError(t, b.GetWorkflowError())
	})
	t.Run("removes_the_rest_when_one_thing_cannot_be_removed_and_says_so", func(t *testing.T) {
		var removed []string
		removing := func(what string) func(enroll.Nothing) (enroll.Swept, error) {
			return func(enroll.Nothing) (enroll.Swept, error) {
				removed = append(removed, what)
				return swept(1), nil
			}
		}
		b := housekeeping(t, resumes, fails[enroll.Nothing, enroll.Swept](enroll.KindUnsealed, enroll.FailureDetails{}), removing("emptied"), removing("deleted"))
		require.Equal(t, []string{"deleted", "emptied"}, removed)
		var said *temporal.ApplicationError
		require.ErrorAs(t, b.GetWorkflowError(), &said)
		require.Equal(t, enroll.HousekeepingIncomplete, said.Type())
		require.ErrorContains(t, said, "not everything could be done")
	})
	t.Run("removes_what_is_due_also_when_an_erasure_cannot_be_started", func(t *testing.T) {
		cannot := fails[enroll.Nothing, enroll.Resumed](enroll.KindUnrecorded, enroll.FailureDetails{})
		removed := 0
		removing := func(enroll.Nothing) (enroll.Swept, error) {
			removed++
			return swept(1), nil
		}
		b := housekeeping(t, cannot, removing, removing, removing)
		require.Equal(t, 3, removed)
		require.ErrorContains(t, b.GetWorkflowError(), "not everything could be done")
	})
}
