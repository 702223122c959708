package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// watched takes the place of the watch in a journey's test and keeps what it
// was given.
func (b *bundle) watched() *[]enroll.WatchInput {
	var started []enroll.WatchInput
	b.OnWorkflow(enroll.WatchWorkflow, mock.Anything, mock.Anything).Return(
		func(_ workflow.Context, in enroll.WatchInput) (enroll.Watched, error) {
			started = append(started, in)
			return enroll.Watched{}, nil
		})
	return &started
}

// watch plays a watch to its end.
func (b *bundle) watch(in enroll.WatchInput) enroll.Watched {
	b.t.Helper()
	b.ExecuteWorkflow(enroll.WatchWorkflow, in)
	require.True(b.t, b.IsWorkflowCompleted())
	require.NoError(b.t, b.GetWorkflowError())
	var found enroll.Watched
	require.NoError(b.t, b.GetWorkflowResult(&found))
	return found
}

// leftOpen is a capture that its journey left open for half an hour.
func leftOpen(b *bundle, journey enroll.Journey) enroll.WatchInput {
	in := enroll.WatchInput{
		Journey: journey, Provider: enroll.AuthID, JourneyID: "authid-hash", EndedRun: "run",
		Until: b.Now().Add(30 * time.Minute), AfterEnd: enroll.RemoveLate, Pace: enroll.DefaultPace(),
		AuthID: &enroll.AuthIDLeftOpen{AccountNumber: "jane", OperationIDs: []string{"op-2", "op-1"}},
	}
	if journey == enroll.BioIDEnroll {
		in.Provider, in.AuthID, in.BioID = enroll.BioID, nil, &enroll.BioIDLeftOpen{BCID: "bws/1/42"}
	}
	return in
}

func TestLateCaptureWatch(t *testing.T) {
	accepted := always[enroll.AuthIDConfirmStatusInput](enroll.AuthIDStatus{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}})
	pending := fails[enroll.AuthIDConfirmStatusInput, enroll.AuthIDStatus](enroll.KindPending, enroll.FailureDetails{})
	enrolledMeanwhile := always[enroll.FindNewerInput](enroll.Newer{Enrolled: true})
	removal := always[enroll.AuthIDRemoveCredentialInput](enroll.Nothing{})
	for name, test := range map[string]struct {
		journey  enroll.Journey
		afterEnd enroll.AfterEnd
		status   func(enroll.AuthIDConfirmStatusInput) (enroll.AuthIDStatus, error)
		newer    func(enroll.FindNewerInput) (enroll.Newer, error)
		removal  func(enroll.AuthIDRemoveCredentialInput) (enroll.Nothing, error)
		want     enroll.Watched
		removals int64
	}{
		"finds_nothing_when_the_person_left_it":      {status: pending},
		"removes_what_the_person_completed":          {want: enroll.Watched{Completed: true, Removed: true}, removals: 1},
		"only_reports_when_the_setting_says_so":      {afterEnd: enroll.ReportLate, want: enroll.Watched{Completed: true, Kept: enroll.KeptBySetting}},
		"leaves_a_selfie_to_its_end_at_the_provider": {journey: enroll.AuthIDSelfie, want: enroll.Watched{Completed: true, Kept: enroll.KeptNothing}},
		"leaves_what_a_newer_journey_enrolled":       {newer: enrolledMeanwhile, want: enroll.Watched{Completed: true, Kept: enroll.KeptForNewer}},
		"says_what_it_could_not_learn": {
			status: fails[enroll.AuthIDConfirmStatusInput, enroll.AuthIDStatus](enroll.KindDenied, enroll.FailureDetails{}),
			want:   enroll.Watched{Reason: enroll.ReasonCredentialsRefused},
		},
		"says_what_it_could_not_remove": {
			removal:  fails[enroll.AuthIDRemoveCredentialInput, enroll.Nothing](enroll.KindInvalid, enroll.FailureDetails{}),
			want:     enroll.Watched{Completed: true, Reason: enroll.ReasonRequestRefused},
			removals: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := fresh(t)
			in := leftOpen(b, enroll.AuthIDEnroll)
			if test.journey != "" {
				in.Journey = test.journey
			}
			if test.afterEnd != "" {
				in.AfterEnd = test.afterEnd
			}
			asked := b.Now()
			stub(b, enroll.AuthIDConfirmStatus, func(ask enroll.AuthIDConfirmStatusInput) (enroll.AuthIDStatus, error) {
				require.Equal(t, in.AuthID.OperationIDs, ask.OperationIDs)
				asked = b.Now()
				return or(test.status, accepted)(ask)
			})
			stub(b, enroll.FindNewer, or(test.newer, always[enroll.FindNewerInput](enroll.Newer{})))
			removals := stub(b, enroll.AuthIDRemoveCredential, or(test.removal, removal))
			test.want.Journey, test.want.JourneyID, test.want.EndedRun = in.Journey, in.JourneyID, in.EndedRun
			require.Equal(t, test.want, b.watch(in))
			require.Equal(t, test.removals, removals.Load())
			require.False(t, asked.Before(in.Until), "it looks when the capture has ended, not before")
		})
	}
}

func TestLateCaptureWatch_patience(t *testing.T) {
	t.Run("waits_for_a_newer_journey_to_end_before_it_removes", func(t *testing.T) {
		b := fresh(t)
		stub(b, enroll.AuthIDConfirmStatus, always[enroll.AuthIDConfirmStatusInput](enroll.AuthIDStatus{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}))
		asked := 0
		stub(b, enroll.FindNewer, func(enroll.FindNewerInput) (enroll.Newer, error) {
			if asked++; asked < 8 {
				return enroll.Newer{}, failure(enroll.KindPending, enroll.FailureDetails{}, 0)
			}
			return enroll.Newer{}, nil
		})
		stub(b, enroll.AuthIDRemoveCredential, always[enroll.AuthIDRemoveCredentialInput](enroll.Nothing{}))
		require.True(t, b.watch(leftOpen(b, enroll.AuthIDEnroll)).Removed)
		require.Equal(t, 8, asked)
	})
	t.Run("outlasts_an_outage_of_hours", func(t *testing.T) {
		b := fresh(t)
		in := leftOpen(b, enroll.BioIDEnroll)
		stub(b, enroll.BioIDIsEnrolled, func(enroll.BioIDIsEnrolledInput) (enroll.BioIDClass, error) {
			if b.Now().Before(in.Until.Add(6 * time.Hour)) {
				return enroll.BioIDClass{}, failure(enroll.KindUnavailable, enroll.FailureDetails{}, 0)
			}
			return enroll.BioIDClass{Enrolled: true}, nil
		})
		stub(b, enroll.FindNewer, always[enroll.FindNewerInput](enroll.Newer{}))
		deletes := stub(b, enroll.BioIDDeleteClass, always[enroll.BioIDDeleteClassInput](enroll.Nothing{}))
		require.True(t, b.watch(in).Removed)
		require.EqualValues(t, 1, deletes.Load())
	})
	t.Run("ends_when_an_operator_cancels_it", func(t *testing.T) {
		b := fresh(t)
		b.after(time.Minute, b.CancelWorkflow)
		require.Equal(t, enroll.ReasonCanceledByRequest, b.watch(leftOpen(b, enroll.AuthIDEnroll)).Reason)
	})
}

// or is the first function that is given.
func or[In, Out any](given, otherwise func(In) (Out, error)) func(In) (Out, error) {
	if given != nil {
		return given
	}
	return otherwise
}

func TestWatch_is_started_only_for_what_the_provider_goes_on_with(t *testing.T) {
	cancelBioID := func(t *testing.T, class enroll.BioIDClass) (enroll.Result, []enroll.WatchInput) {
		t.Helper()
		b := setup(t)
		started := b.watched()
		openTokenFor(b, class)
		stub(b, enroll.BioIDReadResult, always[enroll.BioIDReadResultInput](enroll.BioIDAttempt{NotPerformed: true}))
		b.after(3*time.Second, b.CancelWorkflow)
		return b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByBrowser, 0)), *started
	}
	t.Run("a_token_whose_class_did_not_exist", func(t *testing.T) {
		result, started := cancelBioID(t, enroll.BioIDClass{})
		require.Len(t, started, 1)
		require.Equal(t, bioIDInput(enroll.ByBrowser, 0).BCID, started[0].BioID.BCID)
		require.Equal(t, *result.OpenUntil, started[0].Until)
		require.NotEmpty(t, result.WatchID)
	})
	t.Run("not_for_a_class_from_before", func(t *testing.T) {
		result, started := cancelBioID(t, enroll.BioIDClass{Enrolled: true})
		require.Empty(t, started)
		require.NotNil(t, result.OpenUntil)
		require.Empty(t, result.WatchID)
	})
	t.Run("not_for_an_operation_that_has_ended", func(t *testing.T) {
		b := setup(t)
		started := b.watched()
		openAccount(b)
		stub(b, enroll.AuthIDConfirmStatus, always[enroll.AuthIDConfirmStatusInput](enroll.AuthIDStatus{Verdict: enroll.Verdict{Outcome: enroll.Rejected}}))
		b.hint(time.Second, enroll.FinalPage, enroll.Hint{})
		require.Nil(t, b.run(enroll.AuthIDEnroll, authIDInput()).OpenUntil)
		require.Empty(t, *started)
	})
	t.Run("an_older_operation_when_the_newest_was_rejected", func(t *testing.T) {
		b := setup(t)
		started := b.watched()
		openAccount(b)
		stub(b, enroll.AuthIDConfirmStatus, always[enroll.AuthIDConfirmStatusInput](enroll.AuthIDStatus{Verdict: enroll.Verdict{Outcome: enroll.Rejected}}))
		b.renew(time.Second, "again")
		b.hint(2*time.Second, enroll.FinalPage, enroll.Hint{})
		require.NotNil(t, b.run(enroll.AuthIDEnroll, authIDInput()).OpenUntil)
		require.Len(t, *started, 1)
		require.Len(t, (*started)[0].AuthID.OperationIDs, 2)
	})
}

func TestWatch_is_started_also_when_the_conclusion_was_held_up(t *testing.T) {
	b := setup(t)
	started := b.watched()
	openAccount(b)
	stub(b, enroll.AuthIDConfirmStatus, fails[enroll.AuthIDConfirmStatusInput, enroll.AuthIDStatus](enroll.KindPending, enroll.FailureDetails{}))
	held := 0
	stub(b, enroll.Conclude, func(in enroll.ConcludeInput) (enroll.Result, error) {
		if held++; held < 100 { // The records are down until long after the operation's end.
			return enroll.Result{}, failure(enroll.KindUnrecorded, enroll.FailureDetails{}, 0)
		}
		return in.Result, nil
	})
	b.after(2*time.Second, b.CancelWorkflow)
	result := b.run(enroll.AuthIDEnroll, authIDInput())
	require.Equal(t, enroll.Canceled, result.Outcome)
	require.Len(t, *started, 1)
}
