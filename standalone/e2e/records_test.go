package e2e_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/simulator"
)

// olga is an operator.
var olga = client.By{Who: "olga", Why: "incident 7"}

// ended starts a live selfie that succeeds.
func (s *system) ended(t *testing.T, key, account string) client.Started {
	t.Helper()
	started := s.begin(t, key, selfie(account))
	s.complete(t, started)
	require.Equal(t, enroll.Captured, s.outcome(t, started).Outcome)
	return started
}

// forget deletes a run from Temporal, as the end of its retention does.
func (s *system) forget(t *testing.T, started client.Started) {
	t.Helper()
	_, err := s.Temporal().WorkflowService().DeleteWorkflowExecution(t.Context(), &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: sdk.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: started.ID, RunId: started.RunID},
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := s.Temporal().DescribeWorkflowExecution(t.Context(), started.ID, started.RunID)
		_, forgotten := errors.AsType[*serviceerror.NotFound](err)
		return forgotten
	}, time.Minute, 100*time.Millisecond)
}

func TestKey(t *testing.T) {
	t.Run("answers_the_same_after_a_newer_journey_of_the_subject", func(t *testing.T) {
		account := shared.account(t)
		first := shared.ended(t, "first", account)
		shared.ended(t, "second", account)
		require.Equal(t, first, shared.begin(t, "first", selfie(account)))
		other := selfie(account)
		other.Tag = "other"
		_, err := shared.Client().Start(t.Context(), "first", other)
		require.ErrorIs(t, err, client.ErrKeyReused)
		require.Equal(t, 2, shared.count(t, account, "authid.create_operation"))
	})
	t.Run("answers_with_the_outcome_when_temporal_has_forgotten_the_journey", func(t *testing.T) {
		account := shared.account(t)
		first := shared.ended(t, "first", account)
		outcome := shared.outcome(t, first)
		shared.forget(t, first)
		again, err := shared.Client().Start(t.Context(), "first", selfie(account))
		require.NoError(t, err)
		require.Nil(t, again.HandOver)
		require.Equal(t, first.RunID, again.RunID)
		require.Equal(t, outcome.Verdict, again.Result.Verdict)
		require.Equal(t, 1, shared.count(t, account, "authid.create_operation"))

		require.Equal(t, outcome.Verdict, shared.outcome(t, first).Verdict)
		concluded, err := shared.Client().Concluded(t.Context(), first.ID, "")
		require.NoError(t, err)
		require.True(t, concluded)
		shown, err := shared.Client().Show(t.Context(), first.ID, first.RunID)
		require.NoError(t, err)
		require.Equal(t, client.Forgotten, shown.Status)
		require.Equal(t, enroll.Captured, shown.Outcome)
		require.Equal(t, outcome.Verdict, shown.State.Result.Verdict)
	})
	t.Run("answers_when_the_server_kept_the_workflow_and_lost_its_begin", func(t *testing.T) {
		account := shared.account(t)
		_, err := shared.dying(t).Start(t.Context(), "key", enrollment(account))
		require.ErrorIs(t, err, errDied)
		_, err = shared.Client().Start(t.Context(), "other", enrollment(account))
		require.ErrorIs(t, err, client.ErrConflict, "the run is still that of its own key")

		started := shared.begin(t, "key", enrollment(account))
		require.Equal(t, started, shared.begin(t, "key", enrollment(account)))
		shared.complete(t, started)
		require.Equal(t, enroll.Enrolled, shared.outcome(t, started).Outcome)
		require.Equal(t, 1, shared.count(t, account, "authid.create_operation"))
	})
	t.Run("answers_when_the_workflow_without_its_begin_has_ended", func(t *testing.T) {
		user := subject()
		request := enroll.SmartIDEnrollment{User: user, Template: "template", PayLoad: "payload"}
		_, err := shared.dying(t).Start(t.Context(), "key", request)
		require.ErrorIs(t, err, errDied)
		result := shared.outcome(t, client.Started{ID: shared.JourneyID(enroll.SmartID, user)})
		started, err := shared.Client().Start(t.Context(), "key", request)
		require.NoError(t, err)
		require.Equal(t, result.Verdict, started.Result.Verdict)
		require.Equal(t, 1, shared.effects(t, user, "template_stored"))
	})
}

var errDied = errors.New("the server died")

// dying is a client whose server dies in every start, after it has written the
// workflow and before it has written the update.
func (s *system) dying(t *testing.T) *client.Client {
	t.Helper()
	known, err := keys.Load(s.KeyFile())
	require.NoError(t, err)
	c, err := client.New(client.Options{
		Temporal: &dyingServer{Client: s.Temporal()}, Keys: known, Sealed: s.Sealed(), Records: s.Records(),
	})
	require.NoError(t, err)
	return c
}

// dyingServer starts workflows without their update.
type dyingServer struct {
	sdk.Client
	start func(context.Context) error
}

func (d *dyingServer) NewWithStartWorkflowOperation(options sdk.StartWorkflowOptions, workflow any, args ...any) sdk.WithStartWorkflowOperation {
	d.start = func(ctx context.Context) error {
		_, err := d.ExecuteWorkflow(ctx, options, workflow, args...)
		return err
	}
	return d.Client.NewWithStartWorkflowOperation(options, workflow, args...)
}

func (d *dyingServer) UpdateWithStartWorkflow(ctx context.Context, _ sdk.UpdateWithStartWorkflowOptions) (sdk.WorkflowUpdateHandle, error) {
	return nil, errors.Join(d.start(ctx), sdk.NewWorkflowUpdateServiceTimeoutOrCanceledError(errDied))
}

func TestHold(t *testing.T) {
	s := own(t, t.TempDir())
	defer func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) }()
	account := s.account(t)
	first := s.begin(t, "first", enrollment(account))
	require.NoError(t, s.Client().Hold(t.Context(), enroll.AuthID, olga))

	_, err := s.Client().Start(t.Context(), "second", enrollment(s.account(t)))
	require.ErrorIs(t, err, client.ErrHeld)
	require.ErrorContains(t, err, "olga")
	require.ErrorContains(t, err, "incident 7")
	require.Equal(t, first, s.begin(t, "first", enrollment(account)), "a key that was used before answers as ever")
	s.complete(t, first)
	require.Equal(t, enroll.Enrolled, s.outcome(t, first).Outcome, "journeys under way go on")
	_, err = s.Client().Start(t.Context(), "second", enroll.SmartIDUnenrollment{User: subject()})
	require.NoError(t, err, "other providers are not held")

	require.NoError(t, s.Client().Release(t.Context(), enroll.AuthID, olga))
	s.begin(t, "second", enrollment(s.account(t)))
}

func TestResolve_settles_an_unknown_outcome(t *testing.T) {
	account := subject()
	request := bySMS(t, account)
	shared.strike(t, simulator.Fault{Match: simulator.FaultMatch{Endpoint: "authid.create_operation", Subject: account}, Kind: "reset_after", Times: 1})
	started, err := shared.Client().Start(t.Context(), "key", request)
	require.NoError(t, err)
	require.Equal(t, enroll.Unknown, shared.outcome(t, started).Outcome)
	record, err := shared.Client().RecordOf(t.Context(), started.ID, started.RunID)
	require.NoError(t, err)
	page, err := shared.Client().Records(t.Context(), client.RecordFilter{Unresolved: true, SubjectHash: record.SubjectHash})
	require.NoError(t, err)
	require.Len(t, page.Records, 1)

	resolution := enroll.Resolution{Outcome: enroll.Removed, Who: "olga", Why: "asked authID"}
	var refused *enroll.InputError
	require.ErrorAs(t, shared.Client().Resolve(t.Context(), record.ID, resolution), &refused)
	require.Contains(t, refused.Fields[0].Allowed, "enrolled")
	resolution.Outcome = enroll.Enrolled
	require.NoError(t, shared.Client().Resolve(t.Context(), record.ID, resolution))
	shown, err := shared.Client().Show(t.Context(), started.ID, started.RunID)
	require.NoError(t, err)
	require.Equal(t, record.ID, shown.Record)
	require.Equal(t, enroll.Enrolled, shown.Resolution.Outcome)
	require.Equal(t, enroll.Unknown, shown.Outcome, "the recorded outcome never changes")
	page, err = shared.Client().Records(t.Context(), client.RecordFilter{Unresolved: true, SubjectHash: record.SubjectHash})
	require.NoError(t, err)
	require.Empty(t, page.Records)
}

func TestReset_is_followed_by_the_key_and_by_whoever_waits(t *testing.T) {
	account := shared.account(t)
	started := shared.begin(t, "key", enrollment(account))
	reset, err := shared.Temporal().ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: sdk.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: started.ID, RunId: started.RunID},
		Reason: "test", RequestId: "reset-" + account, WorkflowTaskFinishEventId: 4,
	})
	require.NoError(t, err)
	concluded, err := shared.Client().Concluded(t.Context(), started.ID, started.RunID)
	require.NoError(t, err)
	require.False(t, concluded, "it goes on in another run")
	require.Eventually(t, func() bool {
		shown, err := shared.Client().Show(t.Context(), started.ID, reset.GetRunId())
		return err == nil && shown.State != nil && shown.State.Phase == enroll.Waiting
	}, time.Minute, 100*time.Millisecond)
	handed, err := shared.Client().HandOver(t.Context(), started.ID, started.RunID)
	require.NoError(t, err)
	again := shared.begin(t, "key", enrollment(account))
	require.Equal(t, handed, again.HandOver, "the key brings the hand-over that can be used now")
	require.Equal(t, started.RunID, again.RunID, "the journey keeps the run that it is known by")
	shown, err := shared.Client().Show(t.Context(), started.ID, started.RunID)
	require.NoError(t, err)
	require.Equal(t, reset.GetRunId(), shown.RunID)
	require.Equal(t, enroll.Waiting, shown.State.Phase, "as it stands now, also by its first run")
	shared.complete(t, again)
	require.Equal(t, enroll.Enrolled, shared.outcome(t, started).Outcome)
	require.Equal(t, enroll.Enrolled, shared.outcome(t, client.Started{ID: started.ID, RunID: reset.GetRunId()}).Outcome)
}

func TestStarter_operates(t *testing.T) {
	s := own(t, t.TempDir())
	defer func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) }()
	why := args("--who", "olga", "--why", "incident 7")
	by := func(words ...string) []string { return append(words, why...) }

	t.Run("settles_an_unknown_outcome", func(t *testing.T) {
		started, err := s.Client().Start(t.Context(), "key", bySMS(t, "magic-enroll-sms-lost"))
		require.NoError(t, err)
		require.Equal(t, enroll.Unknown, s.outcome(t, started).Outcome)
		record := field(t, s.tells(t, "record", started.ID), "record")
		require.Contains(t, s.tells(t, "records", "--unresolved"), record)
		end := s.starter(t, by("resolve", record, "--outcome", "removed")...)
		require.Equal(t, 2, end.code)
		require.Contains(t, end.stderr, "allowed: enrolled, already_enrolled")
		require.Equal(t, "enrolled", field(t, s.tells(t, by("resolve", record, "--outcome", "enrolled")...), "resolved as"))
		require.NotContains(t, s.tells(t, "records", "--unresolved"), record)
		require.Equal(t, "olga", field(t, s.tells(t, "show", started.ID), "resolved by"))
	})
	t.Run("reveals_and_exports_with_a_trail", func(t *testing.T) {
		account := s.account(t)
		started := s.ended(t, "key", account)
		require.NotContains(t, s.tells(t, "record", started.ID), account)
		require.Equal(t, account, field(t, s.tells(t, by("record", started.ID, "--reveal")...), "subject"))
		var exported client.Export
		s.ask(t, 0, by("export", "authid", account), &exported)
		require.Len(t, exported.Records, 1)
		told := s.tells(t, "record", started.ID, "--audit")
		require.Contains(t, told, "revealed by olga: incident 7")
		require.Contains(t, told, "exported by olga: incident 7")
	})
	t.Run("holds_new_journeys_and_cancels_those_that_wait", func(t *testing.T) {
		waiting := []client.Started{s.begin(t, "one", photo(subject())), s.begin(t, "two", photo(subject()))}
		s.tells(t, by("hold", "iproov")...)
		require.Contains(t, s.tells(t, "holds"), "incident 7")
		end := s.starter(t, "start", "iproov.photo-enroll", "--image", file(t, string(simulator.SampleImage(simulator.SampleLive))), "--source", "selfie")
		require.Equal(t, 4, end.code)
		require.Contains(t, end.stderr, "olga")
		for _, started := range waiting {
			s.listed(t, started.ID) // The index knows it.
		}
		told := s.tells(t, by("cancel", "--all", "--provider", "iproov", "--phase", "waiting", "--yes")...)
		require.Contains(t, told, "2 canceled, 0 had concluded already, 0 failed.")
		for _, started := range waiting {
			require.Equal(t, enroll.Canceled, s.outcome(t, started).Outcome)
			require.Contains(t, s.tells(t, "record", started.ID, "--audit"), "cancel_requested by olga: incident 7")
		}
		s.tells(t, by("release", "iproov")...)
		require.Contains(t, s.tells(t, "holds"), "No holds.")
	})
	t.Run("renews_those_that_wait", func(t *testing.T) {
		started := s.begin(t, "key", photo(subject()))
		s.listed(t, started.ID)
		told := s.tells(t, by("renew", "--all", "--provider", "iproov", "--phase", "waiting", "--yes")...)
		require.Contains(t, told, "1 renewed")
		handed, err := s.Client().HandOver(t.Context(), started.ID, started.RunID)
		require.NoError(t, err)
		require.NotEqual(t, started.HandOver.IProov.Token, handed.IProov.Token)
		require.NotContains(t, told, handed.IProov.Token.Reveal())
	})
}
