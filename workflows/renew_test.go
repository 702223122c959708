package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/bioenroll/bioenroll/enroll"
)

// renewal is what became of one renew update.
type renewal struct {
	reply    *enroll.RenewReply
	rejected error
}

// renew asks for a new hand-over when the journey is so old.
func (b *bundle) renew(d time.Duration, key string) *renewal {
	var r renewal
	b.after(d, func() {
		b.UpdateWorkflow(enroll.RenewUpdate, key, &testsuite.TestUpdateCallback{
			OnAccept: func() {},
			OnReject: func(err error) { r.rejected = err },
			OnComplete: func(reply any, err error) {
				if got, ok := reply.(enroll.RenewReply); ok && err == nil {
					r.reply = &got
				}
			},
		})
	})
	return &r
}

func TestRenew_iproov(t *testing.T) {
	pending := enroll.IProovValidation{Pending: true}
	passed := enroll.IProovValidation{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}
	tokens := func(b *bundle) {
		stub(b, enroll.IProovVerifyToken, inTurn[enroll.IProovVerifyTokenInput](enroll.IProovToken{Token: "first"}, enroll.IProovToken{Token: "second"}))
	}
	t.Run("replaces_the_token_and_starts_the_backup_again", func(t *testing.T) {
		b := setup(t)
		openPhoto(b)
		tokens(b)
		invalidated := stub(b, enroll.IProovInvalidateToken, func(in enroll.IProovInvalidateTokenInput) (enroll.Nothing, error) {
			require.Equal(t, enroll.Secret("first"), in.Token)
			return enroll.Nothing{}, nil
		})
		began := b.Now()
		var at []time.Duration
		stub(b, enroll.IProovValidate, func(in enroll.IProovValidateInput) (enroll.IProovValidation, error) {
			at = append(at, b.Now().Sub(began).Round(time.Second))
			if in.Token == "second" && len(at) > 4 {
				return passed, nil
			}
			return pending, nil
		})
		r := b.renew(100*time.Second, "again")
		require.Equal(t, enroll.Enrolled, b.run(enroll.IProovPhotoEnroll, iproovInput()).Outcome)
		require.Equal(t, enroll.Secret("second"), r.reply.HandOver.IProov.Token)
		require.Equal(t, 4, r.reply.Left)
		require.EqualValues(t, 1, invalidated.Load())
		require.Equal(t, []time.Duration{30 * time.Second, 60 * time.Second, 100 * time.Second, 130 * time.Second, 160 * time.Second}, at)
	})
	t.Run("ends_the_journey_when_the_person_had_finished", func(t *testing.T) {
		b := setup(t)
		openPhoto(b)
		stub(b, enroll.IProovValidate, always[enroll.IProovValidateInput](passed))
		r := b.renew(10*time.Second, "again")
		require.Equal(t, enroll.Enrolled, b.run(enroll.IProovPhotoEnroll, iproovInput()).Outcome)
		require.Equal(t, enroll.Enrolled, r.reply.Result.Outcome)
	})
	t.Run("has_a_budget", func(t *testing.T) {
		b := setup(t)
		openPhoto(b)
		stub(b, enroll.IProovValidate, always[enroll.IProovValidateInput](pending))
		in := iproovInput()
		in.Pace.Renewals = 1
		first, second := b.renew(10*time.Second, "one"), b.renew(20*time.Second, "two")
		b.run(enroll.IProovPhotoEnroll, in)
		require.NotNil(t, first.reply.HandOver)
		require.Nil(t, second.reply)
		require.ErrorContains(t, second.rejected, "too often")
	})
	t.Run("that_the_provider_refuses_leaves_the_journey_waiting", func(t *testing.T) {
		b := setup(t)
		openPhoto(b)
		stub(b, enroll.IProovValidate, inTurn[enroll.IProovValidateInput](pending, passed))
		stub(b, enroll.IProovVerifyToken, inTurn[enroll.IProovVerifyTokenInput](enroll.IProovToken{Token: "first"},
			enroll.IProovToken{Refused: &enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonUserInactive}}))
		r := b.renew(10*time.Second, "again")
		require.Equal(t, enroll.Enrolled, b.run(enroll.IProovPhotoEnroll, iproovInput()).Outcome)
		require.Equal(t, enroll.ReasonUserInactive, r.reply.Refused.Reason)
	})
}

func TestRenew_bioid(t *testing.T) {
	t.Run("outlives_the_token_when_the_journey_has_time_of_its_own", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		unread(b)
		expired := enroll.BioIDAttempt{Verdict: enroll.Verdict{Outcome: enroll.Expired, Reason: enroll.ReasonTimeout}}
		stub(b, enroll.BioIDEnrollSamples, inTurn[enroll.BioIDEnrollSamplesInput](noSamples, expired, bioIDSuccess))
		in := bioIDInput(enroll.ByUs, 0)
		in.TimeoutSeconds = 3600
		b.hint(11*time.Minute, enroll.SamplesUploaded, enroll.Hint{Samples: 4})
		r := b.renew(12*time.Minute, "again")
		b.hint(13*time.Minute, enroll.SamplesUploaded, enroll.Hint{Samples: 4})
		require.Equal(t, enroll.Enrolled, b.run(enroll.BioIDEnroll, in).Outcome)
		require.NotNil(t, r.reply.HandOver)
	})
	t.Run("extends_a_journey_that_lives_as_long_as_its_token", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		unread(b)
		stub(b, enroll.BioIDEnrollSamples, always[enroll.BioIDEnrollSamplesInput](noSamples))
		began := b.Now()
		b.renew(9*time.Minute, "again")
		result := b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 0))
		require.Equal(t, enroll.Expired, result.Outcome)
		require.InDelta(t, 19*time.Minute, result.ConcludedAt.Sub(began), float64(time.Minute))
	})
}

func TestRenew_authid(t *testing.T) {
	t.Run("confirms_every_operation_and_polls_the_newest", func(t *testing.T) {
		b := setup(t)
		openAccount(b)
		made := 0
		stub(b, enroll.AuthIDCreateOperation, func(in enroll.AuthIDCreateOperationInput) (enroll.AuthIDOperation, error) {
			made++
			return enroll.AuthIDOperation{HandOver: enroll.HandOver{
				ExpiresAt: b.Now().Add(time.Duration(in.TimeoutSeconds) * time.Second),
				AuthID:    &enroll.AuthIDHandOver{OperationID: []string{"first", "second"}[made-1]},
			}}, nil
		})
		var last, polled []string
		stub(b, enroll.AuthIDConfirmStatus, func(in enroll.AuthIDConfirmStatusInput) (enroll.AuthIDStatus, error) {
			last = in.OperationIDs
			if in.Poll != nil {
				polled = in.OperationIDs
			}
			return enroll.AuthIDStatus{}, failure(enroll.KindPending, enroll.FailureDetails{}, time.Minute)
		})
		began := b.Now()
		r := b.renew(30*time.Minute, "again")
		result := b.run(enroll.AuthIDEnroll, authIDInput())
		require.Equal(t, "second", r.reply.HandOver.AuthID.OperationID)
		require.Equal(t, []string{"second"}, polled)
		require.Equal(t, []string{"second", "first"}, last)
		require.Equal(t, enroll.Expired, result.Outcome)
		require.InDelta(t, time.Hour, result.ConcludedAt.Sub(began), float64(time.Minute), "the journey's deadline stays")
	})
}
