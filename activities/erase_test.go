package activities_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/providers/smartid"
)

// archive is a namespace with executions, which it deletes one look later.
type archive struct {
	runs    map[string]enumspb.WorkflowExecutionStatus
	deleted []string
	queries []string
	fail    error
}

func (a *archive) ListWorkflow(_ context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	a.queries = append(a.queries, request.GetQuery())
	var answer workflowservice.ListWorkflowExecutionsResponse
	for run, status := range a.runs {
		if strings.Contains(request.GetQuery(), "Running") && status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			continue
		}
		answer.Executions = append(answer.Executions, &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{RunId: run}, Status: status})
	}
	for _, run := range a.deleted {
		delete(a.runs, run)
	}
	return &answer, a.fail
}

func (a *archive) DeleteHistory(_ context.Context, execution *commonpb.WorkflowExecution) error {
	if _, ok := a.runs[execution.GetRunId()]; !ok {
		return serviceerror.NewNotFound("gone")
	}
	a.deleted = append(a.deleted, execution.GetRunId())
	return a.fail
}

// shredder destroys what is in it.
type shredder map[enroll.RecordID]bool

func (s shredder) Destroy(_ context.Context, journey enroll.RecordID) (bool, error) {
	existed, ok := s[journey]
	if !ok {
		return false, errors.New("disk full")
	}
	s[journey] = false
	return existed, nil
}

// erasable is a store with one erasure under way, of one subject with a journey
// that ended and one that was terminated.
func erasable(t *testing.T) *records.Store {
	t.Helper()
	store, err := records.Open(t.Context(), "sqlite:"+t.TempDir()+"/records.db", keys.New())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	now := time.Now()
	for _, id := range []enroll.RecordID{"ended", "terminated"} {
		opening := records.Opening{
			Record: id, Journey: enroll.SmartIDEnroll, WorkflowID: "smartid-hash", RunID: "run-" + string(id), SubjectHash: "hash",
			Digest: "digest", Subject: "jane", At: now,
		}
		_, err := store.Begin(t.Context(), opening)
		require.NoError(t, err)
		if id == "ended" {
			_, err = store.Conclude(t.Context(), records.Conclusion{Opening: opening, Result: enroll.Result{
				Journey: enroll.SmartIDEnroll, Verdict: enroll.Verdict{Outcome: enroll.Enrolled}, ConcludedAt: now,
			}})
			require.NoError(t, err)
		}
	}
	require.NoError(t, store.BeginErasure(t.Context(), records.ErasureOpening{
		ID: "erasure-1", Digest: "digest", Who: "olga", Why: "ticket", At: now,
		Subjects: []records.NamedSubject{{SubjectKey: records.SubjectKey{Provider: enroll.SmartID, Hash: "hash"}, Name: "jane"}},
	}))
	return store
}

func eraseInput() enroll.ErasureStepInput {
	return enroll.ErasureStepInput{Erasure: "erasure-1", ErasureSubject: enroll.ErasureSubject{Provider: enroll.SmartID, SubjectHash: "hash"}}
}

func TestEraser(t *testing.T) {
	t.Parallel()
	const closed, running = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	t.Run("awaits_the_end_of_journeys_and_watches", func(t *testing.T) {
		t.Parallel()
		namespace := &archive{runs: map[string]enumspb.WorkflowExecutionStatus{"journey": closed, "watch": running}}
		_, err := perform(t, activities.NewEraser(erasable(t), shredder{}, namespace), enroll.AwaitJourneysEnded, eraseInput())
		requireFailure(t, err, enroll.KindPending)
		require.Contains(t, namespace.queries[0], "STARTS_WITH 'smartid-hash'")
		namespace.runs["watch"] = closed
		_, err = perform(t, activities.NewEraser(erasable(t), shredder{}, namespace), enroll.AwaitJourneysEnded, eraseInput())
		require.NoError(t, err)
	})
	t.Run("deletes_histories_until_the_server_lists_none", func(t *testing.T) {
		t.Parallel()
		namespace := &archive{runs: map[string]enumspb.WorkflowExecutionStatus{"one": closed, "two": closed}}
		erased, err := perform(t, activities.NewEraser(erasable(t), shredder{}, namespace), enroll.EraseHistories, eraseInput())
		require.NoError(t, err)
		require.Equal(t, 2, erased.Count)
		require.ElementsMatch(t, []string{"one", "two"}, namespace.deleted)
	})
	t.Run("tells_of_a_server_that_does_not_delete", func(t *testing.T) {
		t.Parallel()
		namespace := &archive{runs: map[string]enumspb.WorkflowExecutionStatus{"one": closed}, fail: serviceerror.NewPermissionDenied("no", "")}
		_, err := perform(t, activities.NewEraser(erasable(t), shredder{}, namespace), enroll.EraseHistories, eraseInput())
		require.ErrorContains(t, err, "erase histories")
	})
	t.Run("destroys_what_every_journey_sealed", func(t *testing.T) {
		t.Parallel()
		sealed := shredder{"ended": true, "terminated": false}
		erased, err := perform(t, activities.NewEraser(erasable(t), sealed, &archive{}), enroll.EraseSealed, eraseInput())
		require.NoError(t, err)
		require.Equal(t, 1, erased.Count)
		require.False(t, sealed["ended"])
	})
	t.Run("says_when_sealed_bytes_cannot_be_destroyed", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, activities.NewEraser(erasable(t), shredder{"ended": true}, &archive{}), enroll.EraseSealed, eraseInput())
		require.ErrorContains(t, err, "erase sealed bytes")
	})
	t.Run("empties_every_record_once", func(t *testing.T) {
		t.Parallel()
		store := erasable(t)
		steps := activities.NewEraser(store, shredder{}, &archive{})
		erased, err := perform(t, steps, enroll.EraseRecords, eraseInput())
		require.NoError(t, err)
		require.Equal(t, 2, erased.Count, "also that of a journey that was terminated")
		erased, err = perform(t, steps, enroll.EraseRecords, eraseInput())
		require.NoError(t, err)
		require.Zero(t, erased.Count)
		record, err := store.Get(t.Context(), "ended")
		require.NoError(t, err)
		require.Empty(t, record.Subject)
	})
	t.Run("keeps_the_statement_and_forgets_the_name", func(t *testing.T) {
		t.Parallel()
		store := erasable(t)
		statement := enroll.ErasureStatement{ID: "erasure-1", Who: "ops", Complete: true}
		for range 2 {
			_, err := perform(t, activities.NewEraser(store, shredder{}, &archive{}), enroll.ConcludeErasure, statement)
			require.NoError(t, err)
		}
		kept, err := store.Erasure(t.Context(), "erasure-1")
		require.NoError(t, err)
		require.Contains(t, string(kept.Statement), `"who":"ops"`)
		_, err = store.ErasureName(t.Context(), "erasure-1", records.SubjectKey{Provider: enroll.SmartID, Hash: "hash"})
		require.ErrorIs(t, err, records.ErrNotFound)
	})
}

func TestProviderEraser(t *testing.T) {
	t.Parallel()
	t.Run("removes_the_named_subject", func(t *testing.T) {
		t.Parallel()
		var asked string
		erased, err := perform(t, activities.NewProviderEraser(func(_ context.Context, subject string, repeated bool) (bool, error) {
			asked = subject
			require.False(t, repeated)
			return true, nil
		}, erasable(t)), enroll.EraseAtProvider, eraseInput())
		require.NoError(t, err)
		require.Equal(t, "jane", asked)
		require.Equal(t, 1, erased.Count)
	})
	t.Run("of_a_subject_that_is_not_there_succeeds", func(t *testing.T) {
		t.Parallel()
		erased, err := perform(t, activities.NewProviderEraser(func(context.Context, string, bool) (bool, error) { return false, nil }, erasable(t)),
			enroll.EraseAtProvider, eraseInput())
		require.NoError(t, err)
		require.Zero(t, erased.Count)
	})
	t.Run("fails_with_the_kind_of_the_providers_error", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, activities.NewProviderEraser(func(context.Context, string, bool) (bool, error) {
			return false, &enroll.Error{Op: "op", Kind: enroll.KindDenied, Code: "401"}
		}, erasable(t)), enroll.EraseAtProvider, eraseInput())
		requireFailure(t, err, enroll.KindDenied)
	})
	t.Run("calls_nobody_without_the_name", func(t *testing.T) {
		t.Parallel()
		in := eraseInput()
		in.Erasure = "another"
		_, err := perform(t, activities.NewProviderEraser(func(context.Context, string, bool) (bool, error) {
			t.Error("the provider was asked")
			return false, nil
		}, erasable(t)), enroll.EraseAtProvider, in)
		failed, ok := errors.AsType[*temporal.ApplicationError](err)
		require.True(t, ok)
		require.Equal(t, string(enroll.KindUnrecorded), failed.Type())
	})
}

func TestRemoveAtSmartID(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code    string
		existed bool
		failed  bool
	}{
		"reports_a_removal":                    {code: "200", existed: true},
		"takes_no_enrollment_for_done":         {code: "406"},
		"takes_another_refusal_for_no_removal": {code: "410", failed: true},
		"passes_trouble_on":                    {code: "500", failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(replies(200, `{"code":`+test.code+`}`))
			t.Cleanup(server.Close)
			client, err := smartid.New(smartid.Config{BaseURL: server.URL, APIKey: "key-value"}, rest.WithAllowHTTP(true))
			require.NoError(t, err)
			existed, err := activities.RemoveAtSmartID(client)(t.Context(), "jane", false)
			require.Equal(t, test.existed, existed)
			require.Equal(t, test.failed, err != nil)
		})
	}
}
