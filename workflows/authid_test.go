package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

func authIDInput() enroll.AuthIDInput {
	return enroll.AuthIDInput{Envelope: envelope(), AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: "account", TimeoutSeconds: 3600}}
}

// openAccount makes the steps until the hand-over succeed.
func openAccount(b *bundle) {
	stub(b, enroll.AuthIDReadAccount, always[enroll.AuthIDReadAccountInput](enroll.AuthIDAccount{}))
	stub(b, enroll.AuthIDCreateOperation, func(in enroll.AuthIDCreateOperationInput) (enroll.AuthIDOperation, error) {
		require.NotEmpty(b.t, in.Tag)
		return enroll.AuthIDOperation{HandOver: enroll.HandOver{
			ExpiresAt: b.Now().Add(time.Duration(in.TimeoutSeconds) * time.Second),
			AuthID:    &enroll.AuthIDHandOver{OperationID: "op", OneTimeSecret: "secret", CaptureURL: "https://id/?i=op&s=secret"},
		}}, nil
	})
}

func TestAuthIDEnrollment(t *testing.T) {
	accepted := enroll.AuthIDStatus{Verdict: enroll.Verdict{Outcome: enroll.Enrolled, ProviderCode: "1"}}
	pending := failure(enroll.KindPending, enroll.FailureDetails{}, 5*time.Second)

	t.Run("a_hint_is_confirmed_at_once", func(t *testing.T) {
		b := setup(t)
		openAccount(b)
		confirms := stub(b, enroll.AuthIDConfirmStatus, always[enroll.AuthIDConfirmStatusInput](accepted))
		b.hint(3*time.Second, enroll.FinalPage, enroll.Hint{})
		began := b.Now()
		result := b.run(enroll.AuthIDEnroll, authIDInput())
		require.Equal(t, enroll.Enrolled, result.Outcome)
		require.EqualValues(t, 1, confirms.Load())
		require.NotNil(t, b.reply.HandOver)
		require.Less(t, result.ConcludedAt.Sub(began), 4*time.Second)
	})
	t.Run("a_hint_without_an_end_is_no_verdict", func(t *testing.T) {
		b := setup(t)
		openAccount(b)
		confirms := stub(b, enroll.AuthIDConfirmStatus, func(enroll.AuthIDConfirmStatusInput) (enroll.AuthIDStatus, error) {
			return enroll.AuthIDStatus{}, pending
		})
		b.hint(3*time.Second, enroll.FinalPage, enroll.Hint{})
		result := b.run(enroll.AuthIDEnroll, authIDInput())
		require.Equal(t, enroll.Expired, result.Outcome)
		require.Equal(t, enroll.ReasonTimeout, result.Reason)
		require.Greater(t, confirms.Load(), int64(5))
	})
	t.Run("the_backup_poll_finishes_it_when_no_hint_comes", func(t *testing.T) {
		b := setup(t)
		openAccount(b)
		began := b.Now()
		polls := stub(b, enroll.AuthIDConfirmStatus, func(in enroll.AuthIDConfirmStatusInput) (enroll.AuthIDStatus, error) {
			require.NotNil(t, in.Poll)
			if b.Now().Sub(began) < 10*time.Minute {
				return enroll.AuthIDStatus{}, failure(enroll.KindPending, enroll.FailureDetails{}, time.Minute)
			}
			return accepted, nil
		})
		result := b.run(enroll.AuthIDEnroll, authIDInput())
		require.Equal(t, enroll.Enrolled, result.Outcome)
		require.EqualValues(t, 11, polls.Load())
	})
	t.Run("a_failing_poll_never_fails_the_journey", func(t *testing.T) {
		b := setup(t)
		openAccount(b)
		calls := 0
		stub(b, enroll.AuthIDConfirmStatus, func(enroll.AuthIDConfirmStatusInput) (enroll.AuthIDStatus, error) {
			if calls++; calls < 3 {
				return enroll.AuthIDStatus{}, failure(enroll.KindDenied, enroll.FailureDetails{Code: "401"}, 0)
			}
			return accepted, nil
		})
		result := b.run(enroll.AuthIDEnroll, authIDInput())
		require.Equal(t, enroll.Enrolled, result.Outcome)
	})
	t.Run("an_undocumented_status_ends_unknown_at_the_deadline", func(t *testing.T) {
		b := setup(t)
		openAccount(b)
		stub(b, enroll.AuthIDConfirmStatus, func(enroll.AuthIDConfirmStatusInput) (enroll.AuthIDStatus, error) {
			return enroll.AuthIDStatus{}, failure(enroll.KindPending, enroll.FailureDetails{Code: "status 9"}, time.Minute)
		})
		result := b.run(enroll.AuthIDEnroll, authIDInput())
		require.Equal(t, enroll.Unknown, result.Outcome)
		require.Equal(t, enroll.ReasonUnknownStatus, result.Reason)
		require.Equal(t, "status 9", result.ProviderCode)
	})
	t.Run("a_flood_of_hints_costs_few_confirms", func(t *testing.T) {
		b := setup(t)
		openAccount(b)
		hinted := 0
		stub(b, enroll.AuthIDConfirmStatus, func(in enroll.AuthIDConfirmStatusInput) (enroll.AuthIDStatus, error) {
			if in.Poll == nil {
				hinted++
				return enroll.AuthIDStatus{}, failure(enroll.KindPending, enroll.FailureDetails{}, time.Second)
			}
			return enroll.AuthIDStatus{}, failure(enroll.KindPending, enroll.FailureDetails{}, time.Minute)
		})
		in := authIDInput()
		in.TimeoutSeconds = 120
		for i := range 500 {
			b.hint(time.Duration(i)*200*time.Millisecond, []enroll.HintName{enroll.FinalPage, enroll.Webhook}[i%2], enroll.Hint{})
		}
		result := b.run(enroll.AuthIDEnroll, in)
		require.Equal(t, enroll.Expired, result.Outcome)
		require.Less(t, hinted, 25)
		require.Equal(t, map[enroll.HintName]int{enroll.FinalPage: 250, enroll.Webhook: 250}, b.state().Hints)
	})
}

func TestAuthIDEnrollment_begin(t *testing.T) {
	t.Run("a_missing_account_creates_nothing", func(t *testing.T) {
		b := setup(t)
		refusal := &enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonAccountNotFound}
		stub(b, enroll.AuthIDReadAccount, always[enroll.AuthIDReadAccountInput](enroll.AuthIDAccount{Refused: refusal}))
		creates := stub(b, enroll.AuthIDCreateOperation, always[enroll.AuthIDCreateOperationInput](enroll.AuthIDOperation{}))
		result := b.run(enroll.AuthIDEnroll, authIDInput())
		require.Equal(t, *refusal, result.Verdict)
		require.Equal(t, enroll.ReasonAccountNotFound, b.reply.Result.Reason)
		require.Zero(t, creates.Load())
	})
	t.Run("a_provider_that_is_down_fails_within_the_budget", func(t *testing.T) {
		b := setup(t)
		stub(b, enroll.AuthIDReadAccount, fails[enroll.AuthIDReadAccountInput, enroll.AuthIDAccount](enroll.KindUnavailable, enroll.FailureDetails{Code: "503"}))
		began := b.Now()
		result := b.run(enroll.AuthIDEnroll, authIDInput())
		require.Equal(t, enroll.Failed, result.Outcome)
		require.Equal(t, enroll.ReasonProviderUnavailable, result.Reason)
		require.True(t, result.CanRetry)
		require.LessOrEqual(t, result.ConcludedAt.Sub(began), 16*time.Second)
	})
	t.Run("a_lost_answer_to_an_out_of_band_create_is_unknown_and_never_repeated", func(t *testing.T) {
		b := setup(t)
		stub(b, enroll.AuthIDReadAccount, always[enroll.AuthIDReadAccountInput](enroll.AuthIDAccount{}))
		creates := stub(b, enroll.AuthIDCreateOperation, fails[enroll.AuthIDCreateOperationInput, enroll.AuthIDOperation](enroll.KindLost, enroll.FailureDetails{}))
		in := authIDInput()
		in.TransportType = enroll.TransportSMS
		result := b.run(enroll.AuthIDEnroll, in)
		require.Equal(t, enroll.Unknown, result.Outcome)
		require.EqualValues(t, 1, creates.Load())
	})
}

func TestAuthIDEnrollment_cancel(t *testing.T) {
	t.Run("asks_once_more_and_tells_until_when_the_capture_stays_open", func(t *testing.T) {
		b := setup(t)
		openAccount(b)
		started := b.watched()
		confirms := stub(b, enroll.AuthIDConfirmStatus, fails[enroll.AuthIDConfirmStatusInput, enroll.AuthIDStatus](enroll.KindPending, enroll.FailureDetails{}))
		b.after(2*time.Second, b.CancelWorkflow)
		result := b.run(enroll.AuthIDEnroll, authIDInput())
		require.Equal(t, enroll.Canceled, result.Outcome)
		require.EqualValues(t, 1, confirms.Load())
		require.NotNil(t, result.OpenUntil)
		require.Len(t, *started, 1)
		require.Equal(t, *result.OpenUntil, (*started)[0].Until)
	})
	t.Run("a_person_who_finished_first_wins", func(t *testing.T) {
		b := setup(t)
		openAccount(b)
		stub(b, enroll.AuthIDConfirmStatus, always[enroll.AuthIDConfirmStatusInput](enroll.AuthIDStatus{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}))
		b.after(2*time.Second, b.CancelWorkflow)
		require.Equal(t, enroll.Enrolled, b.run(enroll.AuthIDEnroll, authIDInput()).Outcome)
	})
}

func TestAuthIDLiveSelfie(t *testing.T) {
	captured := enroll.AuthIDStatus{
		Verdict: enroll.Verdict{Outcome: enroll.Captured}, Selfie: &enroll.SelfieReference{TempID: "temp"},
	}
	for name, test := range map[string]struct {
		attach   bool
		refused  *enroll.Verdict
		attached bool
	}{
		"carries_the_reference":                    {},
		"attaches_the_selfie_when_asked":           {attach: true, attached: true},
		"stays_captured_when_attaching_is_refused": {attach: true, refused: &enroll.Verdict{Outcome: enroll.AlreadyEnrolled}},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			openAccount(b)
			stub(b, enroll.AuthIDConfirmStatus, always[enroll.AuthIDConfirmStatusInput](captured))
			attaches := stub(b, enroll.AuthIDAttachCredential, always[enroll.AuthIDAttachCredentialInput](enroll.AuthIDAttachment{Refused: test.refused}))
			in := authIDInput()
			in.AttachCredential = test.attach
			result := b.run(enroll.AuthIDSelfie, in)
			require.Equal(t, enroll.Captured, result.Outcome)
			require.Equal(t, "temp", result.Selfie.TempID)
			require.Equal(t, test.attached, result.Selfie.Attached)
			require.Equal(t, test.refused, result.Selfie.AttachRefused)
			require.Equal(t, test.attach, attaches.Load() == 1)
		})
	}
}
