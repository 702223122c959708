package activities_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
)

// unfenced is a journal for tests that are about something else: every call is
// the first, and nothing is kept.
type unfenced struct{}

func (unfenced) BeginAndClaim(context.Context, records.Opening, records.Claim) (records.Claimed, error) {
	return records.Claimed{State: records.Fresh}, nil
}

func (unfenced) Claim(context.Context, records.Claim) (records.Claimed, error) {
	return records.Claimed{State: records.Fresh}, nil
}

func (unfenced) Answer(context.Context, records.Claim, []byte, map[string]enroll.Secret) error {
	return nil
}
func (unfenced) Release(context.Context, records.Claim, string) error { return nil }
func (unfenced) Lost(context.Context, records.Claim) error            { return nil }
func (unfenced) Conclude(_ context.Context, c records.Conclusion) (enroll.Result, error) {
	return c.Result, nil
}
func (unfenced) CleanedUp(context.Context, enroll.RecordID, enroll.Result) error { return nil }
func (unfenced) Watched(context.Context, enroll.RecordID, enroll.Watched) error  { return nil }

// journal is a real store of records.
func journal(t *testing.T) *records.Store {
	t.Helper()
	store, err := records.Open(t.Context(), "sqlite:"+t.TempDir()+"/records.db", keys.New())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// opening is that of the journey under test.
func opening(journey enroll.Journey) enroll.Opening {
	return enroll.Opening{
		Record: "record-1", Journey: journey, SubjectHash: "hash", Digest: "digest", Subject: "jane", BeganAt: time.Unix(1_800_000_000, 0).UTC(),
	}
}

// smartIDAt is the steps at a SmartID that answers in turn, and counts.
func smartIDAt(t *testing.T, store *records.Store, answers ...http.HandlerFunc) (*activities.SmartID, *atomic.Int64) {
	t.Helper()
	var calls atomic.Int64
	steps := smartIDSteps(t, captured(), func(w http.ResponseWriter, r *http.Request) {
		n := int(calls.Add(1))
		answers[min(n, len(answers))-1](w, r)
	})
	return steps.With(store), &calls
}

// begun is a store in which an iProov journey has begun.
func begun(t *testing.T) *records.Store {
	t.Helper()
	store := journal(t)
	o := opening(enroll.IProovPhotoEnroll)
	_, err := store.Begin(t.Context(), records.Opening{
		Record: o.Record, Journey: o.Journey, WorkflowID: "default-test-workflow-id", RunID: "default-test-run-id",
		SubjectHash: o.SubjectHash, Digest: o.Digest, Subject: o.Subject, At: o.BeganAt,
	})
	require.NoError(t, err)
	return store
}

func kindOf(t *testing.T, err error) enroll.Kind {
	t.Helper()
	failure, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok, "%v", err)
	return enroll.Kind(failure.Type())
}

func TestFence_of_a_call_that_may_be_made_only_once(t *testing.T) {
	t.Parallel()
	in := enroll.IProovValidateInput{Entry: enroll.Entry{Record: "record-1", Ordinal: 1}, UserID: "u", Token: "token", Client: "c"}
	validate := func(t *testing.T, store *records.Store, in enroll.IProovValidateInput, answer http.HandlerFunc) (enroll.IProovValidation, error) {
		t.Helper()
		return perform(t, iproovSteps(t, nil, answer).With(store), enroll.IProovValidate, in)
	}
	passed := replies(http.StatusOK, `{"passed":true,"token":"token","type":"verify"}`)

	t.Run("gives_a_known_answer_again_and_makes_no_call", func(t *testing.T) {
		t.Parallel()
		store := begun(t)
		first, err := validate(t, store, in, passed)
		require.NoError(t, err)
		require.Equal(t, enroll.Enrolled, first.Verdict.Outcome)
		var calls atomic.Int64
		again, err := validate(t, store, in, hangsUp(&calls))
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Zero(t, calls.Load())
	})
	t.Run("is_in_doubt_after_a_lost_answer_and_not_made_again", func(t *testing.T) {
		t.Parallel()
		store := begun(t)
		var calls atomic.Int64
		for range 2 {
			_, err := validate(t, store, in, hangsUp(&calls))
			require.Equal(t, enroll.KindLost, kindOf(t, err))
		}
		require.EqualValues(t, 1, calls.Load())
	})
	t.Run("is_in_doubt_after_its_worker_died", func(t *testing.T) {
		t.Parallel()
		store := begun(t)
		_, err := store.Claim(t.Context(), records.Claim{Record: "record-1", Step: string(enroll.IProovValidate), Ordinal: 1, RunID: "dead", At: time.Now()})
		require.NoError(t, err)
		var calls atomic.Int64
		_, err = validate(t, store, in, hangsUp(&calls))
		require.Equal(t, enroll.KindLost, kindOf(t, err))
		require.Zero(t, calls.Load())
	})
	t.Run("may_be_made_again_when_the_provider_did_nothing", func(t *testing.T) {
		t.Parallel()
		store := begun(t)
		pending, err := validate(t, store, in, replies(http.StatusBadRequest, `{"error":"invalid_token"}`))
		require.NoError(t, err)
		require.True(t, pending.Pending)
		got, err := validate(t, store, in, passed)
		require.NoError(t, err)
		require.Equal(t, enroll.Enrolled, got.Verdict.Outcome)
	})
	t.Run("is_not_made_for_a_journey_that_has_its_outcome", func(t *testing.T) {
		t.Parallel()
		store := begun(t)
		o := opening(enroll.IProovPhotoEnroll)
		_, err := store.Conclude(t.Context(), records.Conclusion{
			Opening: records.Opening{
				Record: o.Record, Journey: o.Journey, WorkflowID: "default-test-workflow-id", RunID: "first",
				SubjectHash: o.SubjectHash, Digest: o.Digest, Subject: o.Subject, At: o.BeganAt,
			},
			Result: enroll.Result{Journey: o.Journey, Verdict: enroll.Verdict{Outcome: enroll.Enrolled}, RunID: "first"},
		})
		require.NoError(t, err)
		var calls atomic.Int64
		_, err = validate(t, store, in, hangsUp(&calls))
		require.Equal(t, enroll.KindConcluded, kindOf(t, err))
		_, err = perform(t, iproovSteps(t, nil, hangsUp(&calls)).With(store), enroll.IProovEnrolToken,
			enroll.IProovEnrolTokenInput{Opening: o, UserID: "u", AssuranceType: "genuine_presence"})
		require.Equal(t, enroll.KindConcluded, kindOf(t, err))
		require.Zero(t, calls.Load())
	})
	t.Run("is_not_made_when_the_records_cannot_be_written", func(t *testing.T) {
		t.Parallel()
		store := begun(t)
		require.NoError(t, store.Close())
		var calls atomic.Int64
		_, err := validate(t, store, in, hangsUp(&calls))
		require.Equal(t, enroll.KindUnrecorded, kindOf(t, err))
		require.Zero(t, calls.Load())
	})
}

func TestFence_of_a_call_that_can_tell_of_an_earlier_one(t *testing.T) {
	t.Parallel()
	in := enroll.SmartIDForwardEnrollInput{Opening: opening(enroll.SmartIDEnroll), User: "u", Template: templateRef, PayLoad: payLoadRef}
	exists, done := replies(408, `{"code":408}`), replies(200, `{"code":200}`)

	t.Run("is_told_after_a_lost_answer", func(t *testing.T) {
		t.Parallel()
		store := journal(t)
		var cut atomic.Int64
		steps, calls := smartIDAt(t, store, hangsUp(&cut), exists)
		_, err := perform(t, steps, enroll.SmartIDForwardEnroll, in)
		require.Error(t, err)
		got, err := perform(t, steps, enroll.SmartIDForwardEnroll, in)
		require.NoError(t, err)
		require.Equal(t, enroll.AlreadyEnrolled, got.Verdict.Outcome)
		require.Equal(t, enroll.ReasonAfterLostAnswer, got.Verdict.Reason)
		require.EqualValues(t, 2, calls.Load())
	})
	t.Run("is_not_made_again_after_an_answer", func(t *testing.T) {
		t.Parallel()
		store := journal(t)
		steps, calls := smartIDAt(t, store, done, exists)
		for range 2 {
			got, err := perform(t, steps, enroll.SmartIDForwardEnroll, in)
			require.NoError(t, err)
			require.Equal(t, enroll.Enrolled, got.Verdict.Outcome)
		}
		require.EqualValues(t, 1, calls.Load())
	})
	t.Run("is_not_told_of_a_call_that_was_never_sent", func(t *testing.T) {
		t.Parallel()
		store := journal(t)
		steps, calls := smartIDAt(t, store, exists)
		gone := smartIDSteps(t, drawer{}, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
		_, err := perform(t, gone.With(store), enroll.SmartIDForwardEnroll, in)
		require.Equal(t, enroll.KindInputGone, kindOf(t, err))
		got, err := perform(t, steps, enroll.SmartIDForwardEnroll, in)
		require.NoError(t, err)
		require.NotEqual(t, enroll.ReasonAfterLostAnswer, got.Verdict.Reason)
		require.EqualValues(t, 1, calls.Load())
	})
}

func TestFence_of_an_operation_that_may_be_created_again(t *testing.T) {
	t.Parallel()
	in := enroll.AuthIDCreateOperationInput{
		Entry: enroll.Entry{Record: "record-1", Ordinal: 1}, Journey: enroll.AuthIDEnroll, AccountNumber: "jane-1", TimeoutSeconds: 60,
	}
	create := func(t *testing.T, store *records.Store, answer http.HandlerFunc) (enroll.AuthIDOperation, error) {
		t.Helper()
		return perform(t, authIDSteps(t, answer).With(store), enroll.AuthIDCreateOperation, in)
	}
	t.Run("gives_the_first_one_again", func(t *testing.T) {
		t.Parallel()
		store := begun(t)
		first, err := create(t, store, replies(200, `{"OperationId":"op-1","OneTimeSecret":"s-1"}`))
		require.NoError(t, err)
		again, err := create(t, store, replies(200, `{"OperationId":"op-2","OneTimeSecret":"s-2"}`))
		require.NoError(t, err)
		require.Equal(t, first.AuthID, again.AuthID)
		record, err := store.Get(t.Context(), "record-1")
		require.NoError(t, err)
		require.Equal(t, "op-1", record.References["operation_id"].Reveal())
	})
	t.Run("creates_another_after_a_lost_answer", func(t *testing.T) {
		t.Parallel()
		store := begun(t)
		var calls atomic.Int64
		_, err := create(t, store, hangsUp(&calls))
		require.Error(t, err)
		second, err := create(t, store, replies(200, `{"OperationId":"op-2","OneTimeSecret":"s-2"}`))
		require.NoError(t, err)
		require.Equal(t, "op-2", second.AuthID.OperationID)
	})
}
