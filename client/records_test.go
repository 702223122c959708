package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/seal"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// marked is what a start says of itself in the workflow's memo.
type marked struct {
	Record enroll.RecordID `json:"record"`
	Digest string          `json:"digest"`
}

// cluster is a server that knows one run: the one that was started last.
type cluster struct {
	sdk.Client
	payloads converter.DataConverter
	// id and mark are those of the start, status that of its run. The zero
	// status means that the server has forgotten it.
	id     string
	mark   marked
	status enumspb.WorkflowExecutionStatus
	// lost: starts reach the server and their begin does not, so that every
	// start meets a conflict.
	lost bool
	// unasked: the run closed without having been asked.
	unasked  bool
	result   enroll.Result
	starts   int
	canceled []string
	// refuses is the ID of a journey that cannot be canceled.
	refuses string
}

func (c *cluster) NewWithStartWorkflowOperation(options sdk.StartWorkflowOptions, _ any, _ ...any) sdk.WithStartWorkflowOperation {
	if c.id == "" {
		raw, err := json.Marshal(options.Memo["start"])
		if err != nil || json.Unmarshal(raw, &c.mark) != nil {
			panic("a memo that is no JSON")
		}
		c.id, c.status = options.ID, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	return operation{}
}

func (c *cluster) UpdateWithStartWorkflow(context.Context, sdk.UpdateWithStartWorkflowOptions) (sdk.WorkflowUpdateHandle, error) {
	c.starts++
	if c.lost {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("exists", "", "")
	}
	return begun{c}, nil
}

func (c *cluster) UpdateWorkflow(context.Context, sdk.UpdateWorkflowOptions) (sdk.WorkflowUpdateHandle, error) {
	if c.unasked || c.status == 0 {
		return nil, serviceerror.NewNotFound("closed or forgotten")
	}
	return begun{c}, nil
}

func (c *cluster) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if c.status == 0 || id != c.id {
		return nil, serviceerror.NewNotFound("nobody")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: c.info()}, nil
}

// info is what the server knows of the run.
func (c *cluster) info() *workflowpb.WorkflowExecutionInfo {
	place := converter.WorkflowSerializationContext{WorkflowID: c.id}
	memo, err := converter.WithDataConverterSerializationContext(c.payloads, place).ToPayload(c.mark)
	if err != nil {
		panic(err)
	}
	return &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: c.id, RunId: "run"}, Status: c.status,
		Memo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{"start": memo}},
	}
}

func (c *cluster) ListWorkflow(context.Context, *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	var listed []*workflowpb.WorkflowExecutionInfo
	for range 3 {
		listed = append(listed, c.info())
	}
	return &workflowservice.ListWorkflowExecutionsResponse{Executions: listed}, nil
}

func (c *cluster) CancelWorkflow(_ context.Context, id, _ string) error {
	if c.canceled = append(c.canceled, id); len(c.canceled) == 2 && c.refuses == id {
		return errors.New("connection lost")
	}
	return nil
}

func (c *cluster) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return nil, errors.New("no worker")
}

func (c *cluster) GetWorkflow(context.Context, string, string) sdk.WorkflowRun { return closed{c: c} }

// begun is the update of a run that answers.
type begun struct{ *cluster }

func (begun) WorkflowID() string { return "" }
func (begun) RunID() string      { return "run" }
func (begun) UpdateID() string   { return "" }

func (b begun) Get(_ context.Context, into any) error {
	reply, ok := into.(*enroll.BeginReply)
	if !ok {
		return errors.New("not the reply of begin")
	}
	*reply = enroll.BeginReply{Digest: b.mark.Digest, HandOver: &enroll.HandOver{}}
	return nil
}

// closed is a run whose result is known, if it has one.
type closed struct {
	sdk.WorkflowRun
	c *cluster
}

func (r closed) Get(_ context.Context, into any) error {
	result, ok := into.(*enroll.Result)
	if !ok || r.c.result.Outcome == "" {
		return serviceerror.NewNotFound("nobody")
	}
	*result = r.c.result
	return nil
}

// kept is a client with records, and the cluster behind it.
type kept struct {
	*client.Client
	*cluster
	records *records.Store
	sealed  *seal.Store
	keys    *keys.Keys
	// called is what the caller calls the journey.
	called enroll.Secret
}

func keeping(t *testing.T) *kept {
	t.Helper()
	k, err := keys.LoadOrCreate(t.TempDir() + "/keys.json")
	require.NoError(t, err)
	sealed, err := seal.OpenFolder(t.Context(), t.TempDir(), k)
	require.NoError(t, err)
	store, err := records.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "records.db"), k)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	payloads, _, err := codec.Converters(k)
	require.NoError(t, err)
	server := &cluster{payloads: payloads}
	c, err := client.New(client.Options{Temporal: server, Keys: k, Sealed: sealed, Records: store})
	require.NoError(t, err)
	return &kept{Client: c, cluster: server, records: store, sealed: sealed, keys: k}
}

// opening is what the worker records of the run.
func (k *kept) opening() records.Opening {
	return records.Opening{
		Record: k.mark.Record, Journey: enroll.IProovPhotoEnroll, WorkflowID: k.id, RunID: "run", SubjectHash: k.id[len("iproov-"):],
		Digest: k.mark.Digest, Subject: "person", Reference: k.called, At: noon,
	}
}

// begin starts a journey and records it, as its worker does.
func (k *kept) begin(t *testing.T) client.Started {
	t.Helper()
	started, err := k.Start(t.Context(), "key", photo("person"))
	require.NoError(t, err)
	claim := records.Claim{Record: k.mark.Record, Step: string(enroll.IProovEnrolToken), Ordinal: 1, RunID: "run", At: noon}
	_, err = k.records.BeginAndClaim(t.Context(), k.opening(), claim)
	require.NoError(t, err)
	require.NoError(t, k.records.Answer(t.Context(), claim, nil, map[string]enroll.Secret{"token": "provider-token"}))
	return started
}

// conclude records the outcome.
func (k *kept) conclude(t *testing.T, outcome enroll.Outcome) {
	t.Helper()
	_, err := k.records.Conclude(t.Context(), records.Conclusion{Opening: k.opening(), Result: enroll.Result{
		Journey: enroll.IProovPhotoEnroll, Verdict: enroll.Verdict{Outcome: outcome}, ConcludedAt: noon, RunID: "run",
		UserID: "person", Selfie: &enroll.SelfieReference{TempID: "selfie"},
	}})
	require.NoError(t, err)
}

// trail is what the audit trail of a record says that operators did.
func (k *kept) trail(t *testing.T, id enroll.RecordID) []string {
	t.Helper()
	entries, err := k.Audit(t.Context(), id)
	require.NoError(t, err)
	var told []string
	for _, entry := range entries {
		if entry.Who != "" {
			told = append(told, entry.What+" by "+entry.Who+": "+entry.Detail)
		}
	}
	return told
}

var olga = client.By{Who: "olga", Why: "incident 7"}

func TestStart_with_a_record(t *testing.T) {
	t.Parallel()
	t.Run("answers_as_its_run_did", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		first := k.begin(t)
		again, err := k.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, 1, k.starts, "the run is asked, and nothing is started")
	})
	t.Run("answers_with_the_outcome_when_the_server_has_forgotten_the_run", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		k.begin(t)
		k.conclude(t, enroll.Enrolled)
		k.status = 0
		again, err := k.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.Nil(t, again.HandOver)
		require.Equal(t, enroll.Enrolled, again.Result.Outcome)
		require.Equal(t, 1, k.starts)
	})
	t.Run("starts_again_when_the_run_ended_without_an_outcome", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		k.begin(t)
		k.status = 0
		_, err := k.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.Equal(t, 2, k.starts, "the journey goes on in another run, with the same record")
	})
	t.Run("refuses_the_key_with_another_request", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		k.begin(t)
		k.status = 0 // Nobody but the record knows.
		another, renamed := photo("person"), photo("person")
		another.Source, renamed.Reference = enroll.SourceSelfie, "order-17"
		for _, other := range []client.Request{another, renamed} {
			_, err := k.Start(t.Context(), "key", other)
			require.ErrorIs(t, err, client.ErrKeyReused)
		}
		require.Equal(t, 1, k.starts)
	})
	t.Run("starts_nothing_when_the_records_cannot_be_read", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		require.NoError(t, k.records.Close())
		_, err := k.Start(t.Context(), "key", photo("person"))
		require.ErrorContains(t, err, "records")
		require.Zero(t, k.starts)
		refs, err := k.sealed.Refs(t.Context())
		require.NoError(t, err)
		require.Empty(t, refs)
	})
}

func TestStart_during_a_hold(t *testing.T) {
	t.Parallel()
	t.Run("refuses_a_new_key_and_says_who_and_why", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		require.NoError(t, k.Hold(t.Context(), enroll.IProov, olga))
		_, err := k.Start(t.Context(), "key", photo("person"))
		require.ErrorIs(t, err, client.ErrHeld)
		held, ok := errors.AsType[*client.HeldError](err)
		require.True(t, ok)
		require.Equal(t, "incident 7", held.Hold.Why)
		require.ErrorContains(t, err, "iproov, by olga since")
		require.Zero(t, k.starts)
		refs, err := k.sealed.Refs(t.Context())
		require.NoError(t, err)
		require.Empty(t, refs)

		require.NoError(t, k.Release(t.Context(), enroll.IProov, olga))
		holds, err := k.Held(t.Context())
		require.NoError(t, err)
		require.Empty(t, holds)
		_, err = k.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
	})
	t.Run("answers_a_used_key_also_before_it_has_a_record", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		first, err := k.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.NoError(t, k.Hold(t.Context(), enroll.IProov, olga))
		again, err := k.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.Equal(t, first, again)
	})
}

func TestStart_that_meets_a_run_without_begin(t *testing.T) {
	t.Parallel()
	t.Run("asks_the_run_when_it_is_its_own", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		k.lost = true
		started, err := k.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.NotNil(t, started.HandOver)
	})
	t.Run("returns_the_outcome_when_the_run_has_ended_meanwhile", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		k.lost, k.unasked, k.result = true, true, enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Expired}}
		started, err := k.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.Equal(t, enroll.Expired, started.Result.Outcome)
	})
	t.Run("is_a_conflict_when_it_is_somebody_elses", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		_, err := k.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		k.lost = true
		_, err = k.Start(t.Context(), "other", photo("person"))
		require.ErrorIs(t, err, client.ErrConflict)
	})
}

func TestRecords(t *testing.T) {
	k := keeping(t)
	k.begin(t)
	k.conclude(t, enroll.Unknown)
	id := k.mark.Record

	t.Run("hide_who_it_is_until_it_is_revealed", func(t *testing.T) {
		byID, err := k.Record(t.Context(), id)
		require.NoError(t, err)
		byJourney, err := k.RecordOf(t.Context(), k.id, "")
		require.NoError(t, err)
		byRun, err := k.RecordOf(t.Context(), k.id, "run")
		require.NoError(t, err)
		page, err := k.Records(t.Context(), client.RecordFilter{Unresolved: true})
		require.NoError(t, err)
		for _, hidden := range append(page.Records, byID, byJourney, byRun) {
			require.Equal(t, id, hidden.ID)
			require.Equal(t, enroll.Redacted, hidden.Subject.Reveal())
			require.Equal(t, enroll.Redacted, hidden.References["token"].Reveal())
			require.Equal(t, enroll.Redacted, hidden.Result.UserID)
			require.Equal(t, enroll.Redacted, hidden.Result.Selfie.TempID)
		}
		_, err = k.Reveal(t.Context(), id, client.By{Who: "olga"})
		require.ErrorContains(t, err, "why")
		revealed, err := k.Reveal(t.Context(), id, olga)
		require.NoError(t, err)
		require.Equal(t, "person", revealed.Subject.Reveal())
		require.Equal(t, "person", revealed.Result.UserID)
		require.Equal(t, "selfie", revealed.Result.Selfie.TempID)
		require.Equal(t, "provider-token", revealed.References["token"].Reveal())
		require.Equal(t, []string{"revealed by olga: incident 7"}, k.trail(t, id))
	})
	t.Run("settle_an_unknown_outcome_once", func(t *testing.T) {
		resolution := enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "asked"}
		require.NoError(t, k.Resolve(t.Context(), id, resolution))
		require.NoError(t, k.Resolve(t.Context(), id, resolution))
		resolution.Outcome = enroll.Rejected
		require.ErrorIs(t, k.Resolve(t.Context(), id, resolution), client.ErrResolved)
		shown, err := k.Show(t.Context(), k.id, "")
		require.NoError(t, err)
		require.Equal(t, id, shown.Record)
	})
	t.Run("are_shown_when_the_server_has_forgotten_the_journey", func(t *testing.T) {
		status := k.status
		k.status = 0
		defer func() { k.status = status }()
		shown, err := k.Show(t.Context(), k.id, "")
		require.NoError(t, err)
		require.Equal(t, client.Forgotten, shown.Status)
		require.Equal(t, enroll.Redacted, shown.State.Result.UserID)
		require.Equal(t, enroll.Unknown, shown.Outcome)
		require.Equal(t, enroll.Enrolled, shown.Resolution.Outcome)
		result, err := k.Wait(t.Context(), k.id, "run")
		require.NoError(t, err)
		require.Equal(t, enroll.Unknown, result.Outcome)
		concluded, err := k.Concluded(t.Context(), k.id, "run")
		require.NoError(t, err)
		require.True(t, concluded)
		late, err := k.Hint(t.Context(), k.id, "", enroll.FinalPage, enroll.Hint{})
		require.NoError(t, err)
		require.True(t, late)
		require.ErrorIs(t, k.Cancel(t.Context(), k.id, ""), client.ErrConcluded)
	})
	t.Run("are_exported_and_the_trail_tells", func(t *testing.T) {
		exported, err := k.Export(t.Context(), enroll.IProov, "person", olga)
		require.NoError(t, err)
		require.Len(t, exported.Records, 1)
		require.Equal(t, "person", exported.Records[0].Subject.Reveal())
		require.Contains(t, k.trail(t, id), "exported by olga: incident 7")
		_, err = k.Export(t.Context(), enroll.IProov, "nobody", client.By{})
		require.ErrorContains(t, err, "who")
	})
	t.Run("are_not_there_for_what_never_was", func(t *testing.T) {
		_, err := k.Record(t.Context(), "nobody")
		require.ErrorIs(t, err, client.ErrNotFound)
		_, err = k.RecordOf(t.Context(), k.id, "another")
		require.ErrorIs(t, err, client.ErrNotFound)
		_, err = k.Audit(t.Context(), "nobody")
		require.ErrorIs(t, err, client.ErrNotFound)
		require.ErrorIs(t, k.Resolve(t.Context(), "nobody", enroll.Resolution{}), client.ErrNotFound)
	})
}

func TestCancelBy(t *testing.T) {
	t.Parallel()
	t.Run("writes_who_and_why_first", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		started := k.begin(t)
		require.Error(t, k.CancelBy(t.Context(), started.ID, "", client.By{Who: "olga"}))
		require.Empty(t, k.canceled, "nothing happens that the trail does not tell")
		require.NoError(t, k.CancelBy(t.Context(), started.ID, "", olga))
		require.Equal(t, []string{started.ID}, k.canceled)
		require.Equal(t, []string{"cancel_requested by olga: incident 7"}, k.trail(t, k.mark.Record))
	})
	t.Run("and_renewing_take_no_reason_that_is_too_long_or_has_control_characters", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		started := k.begin(t)
		for _, why := range []string{strings.Repeat("x", enroll.MaxWhy+1), "incident\x00"} {
			var input *enroll.InputError
			require.ErrorAs(t, k.CancelBy(t.Context(), started.ID, "", client.By{Who: "olga", Why: why}), &input)
			require.Equal(t, "why", input.Fields[0].Field)
			_, err := k.RenewBy(t.Context(), started.ID, "", "key", client.By{Who: "olga", Why: why})
			require.ErrorAs(t, err, &input)
		}
		require.Empty(t, k.canceled)
	})
	t.Run("tells_the_general_trail_while_there_is_no_record", func(t *testing.T) {
		t.Parallel()
		k := keeping(t)
		started, err := k.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.NoError(t, k.CancelBy(t.Context(), started.ID, "", olga))
		require.Equal(t, []string{"cancel_requested by olga: " + started.ID + ": incident 7"}, k.trail(t, ""))
	})
}

func TestCancelAll(t *testing.T) {
	t.Parallel()
	k := keeping(t)
	started := k.begin(t)
	k.refuses = started.ID // Its second cancel fails.
	var failed []bool
	tried, err := k.CancelAll(t.Context(), client.Filter{Provider: enroll.IProov}, olga, func(step client.Step) { failed = append(failed, step.Err != nil) })
	require.NoError(t, err)
	require.Equal(t, 3, tried)
	require.Equal(t, []bool{false, true, false}, failed, "one that fails does not stop the others")
	_, err = k.CancelAll(t.Context(), client.Filter{}, client.By{}, func(client.Step) { t.Error("nothing is canceled without a reason") })
	require.ErrorContains(t, err, "who")
}

func TestClient_without_records(t *testing.T) {
	t.Parallel()
	b := setup(t, enroll.BeginReply{HandOver: &enroll.HandOver{}}, nil)
	_, err := b.Start(t.Context(), "key", photo("person"))
	require.NoError(t, err, "journeys start as ever")
	_, err = b.Records(t.Context(), client.RecordFilter{})
	require.ErrorIs(t, err, client.ErrNoRecords)
	require.ErrorIs(t, b.Hold(t.Context(), enroll.AuthID, olga), client.ErrNoRecords)
}
