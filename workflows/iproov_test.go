package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

func iproovInput() enroll.IProovInput {
	return enroll.IProovInput{
		Envelope: envelope(), UserID: "user", Image: "ref", Source: enroll.SourceEID, AssuranceType: enroll.Liveness,
		Client: "from the start", TimeoutSeconds: 900,
	}
}

// openPhoto makes the steps until the hand-over succeed, and counts removals.
func openPhoto(b *bundle) (removed, deleted interface{ Load() int64 }) {
	stub(b, enroll.IProovEnrolToken, always[enroll.IProovEnrolTokenInput](enroll.IProovToken{Token: "enrol"}))
	stub(b, enroll.IProovEnrolImage, always[enroll.IProovEnrolImageInput](enroll.IProovImage{}))
	stub(b, enroll.IProovVerifyToken, always[enroll.IProovVerifyTokenInput](enroll.IProovToken{Token: "verify"}))
	stub(b, enroll.IProovInvalidateToken, always[enroll.IProovInvalidateTokenInput](enroll.Nothing{}))
	return stub(b, enroll.IProovRemoveUser, always[enroll.IProovRemoveUserInput](enroll.IProovUserRemoved{Existed: true})),
		stub(b, enroll.Conclude, asGiven)
}

func TestIProovPhotoEnrollment(t *testing.T) {
	passed := enroll.IProovValidation{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}
	pending := enroll.IProovValidation{Pending: true}

	t.Run("a_hint_leads_to_one_validate", func(t *testing.T) {
		b := setup(t)
		removed, deleted := openPhoto(b)
		validates := stub(b, enroll.IProovValidate, func(in enroll.IProovValidateInput) (enroll.IProovValidation, error) {
			require.Equal(t, "from the hint", in.Client)
			return passed, nil
		})
		b.hint(5*time.Second, enroll.SDKFinished, enroll.Hint{Client: "from the hint"})
		result := b.run(enroll.IProovPhotoEnroll, iproovInput())
		require.Equal(t, enroll.Enrolled, result.Outcome)
		require.Equal(t, "user", result.UserID)
		require.Equal(t, enroll.Liveness, result.AssuranceType)
		require.EqualValues(t, 1, validates.Load())
		require.Zero(t, removed.Load())
		require.EqualValues(t, 1, deleted.Load())
	})
	t.Run("without_a_hint_validate_is_called_at_its_moments_and_at_the_deadline", func(t *testing.T) {
		b := setup(t)
		removed, deleted := openPhoto(b)
		began := b.Now()
		var at []time.Duration
		stub(b, enroll.IProovValidate, func(enroll.IProovValidateInput) (enroll.IProovValidation, error) {
			at = append(at, b.Now().Sub(began).Round(time.Second))
			return pending, nil
		})
		result := b.run(enroll.IProovPhotoEnroll, iproovInput())
		require.Equal(t, enroll.Expired, result.Outcome)
		require.Equal(t, []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute}, at)
		require.Equal(t, []enroll.CleanUp{{What: "token", Done: true}, {What: "user", Done: true}}, result.CleanUp)
		require.EqualValues(t, 1, removed.Load())
		require.EqualValues(t, 1, deleted.Load())
	})
	t.Run("a_hint_that_comes_too_early_is_followed_briskly", func(t *testing.T) {
		b := setup(t)
		openPhoto(b)
		validates := stub(b, enroll.IProovValidate, inTurn[enroll.IProovValidateInput](pending, pending, passed))
		b.hint(5*time.Second, enroll.FinalPage, enroll.Hint{})
		result := b.run(enroll.IProovPhotoEnroll, iproovInput())
		require.Equal(t, enroll.Enrolled, result.Outcome)
		require.EqualValues(t, 3, validates.Load())
	})
	t.Run("a_lost_answer_to_validate_is_unknown_and_never_repeated", func(t *testing.T) {
		b := setup(t)
		openPhoto(b)
		validates := stub(b, enroll.IProovValidate, fails[enroll.IProovValidateInput, enroll.IProovValidation](enroll.KindLost, enroll.FailureDetails{}))
		b.hint(5*time.Second, enroll.SDKFinished, enroll.Hint{})
		result := b.run(enroll.IProovPhotoEnroll, iproovInput())
		require.Equal(t, enroll.Unknown, result.Outcome)
		require.Equal(t, enroll.ReasonLostAnswer, result.Reason)
		require.EqualValues(t, 1, validates.Load())
	})
	t.Run("a_failure_code_of_the_sdk_is_shown_and_is_no_verdict", func(t *testing.T) {
		b := setup(t)
		openPhoto(b)
		stub(b, enroll.IProovValidate, always[enroll.IProovValidateInput](passed))
		b.hint(5*time.Second, enroll.SDKFinished, enroll.Hint{Code: "too_dark"})
		require.Equal(t, enroll.Enrolled, b.run(enroll.IProovPhotoEnroll, iproovInput()).Outcome)
		require.Equal(t, "too_dark", b.state().LastHintCode)
	})
}

func TestIProovPhotoEnrollment_begin(t *testing.T) {
	t.Run("a_user_from_before_is_never_removed", func(t *testing.T) {
		b := setup(t)
		removed, deleted := openPhoto(b)
		stub(b, enroll.IProovEnrolToken, always[enroll.IProovEnrolTokenInput](enroll.IProovToken{Refused: &enroll.Verdict{Outcome: enroll.AlreadyEnrolled}}))
		require.Equal(t, enroll.AlreadyEnrolled, b.run(enroll.IProovPhotoEnroll, iproovInput()).Outcome)
		require.Zero(t, removed.Load())
		require.EqualValues(t, 1, deleted.Load())
	})
	t.Run("a_refused_image_leaves_no_user_to_remove", func(t *testing.T) {
		b := setup(t)
		removed, _ := openPhoto(b)
		stub(b, enroll.IProovEnrolImage, always[enroll.IProovEnrolImageInput](enroll.IProovImage{Refused: &enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonImageRefused}}))
		require.Equal(t, enroll.ReasonImageRefused, b.run(enroll.IProovPhotoEnroll, iproovInput()).Reason)
		require.Zero(t, removed.Load())
	})
	t.Run("a_lost_answer_to_the_image_is_unknown_and_the_user_is_removed", func(t *testing.T) {
		b := setup(t)
		removed, _ := openPhoto(b)
		images := stub(b, enroll.IProovEnrolImage, fails[enroll.IProovEnrolImageInput, enroll.IProovImage](enroll.KindLost, enroll.FailureDetails{}))
		require.Equal(t, enroll.Unknown, b.run(enroll.IProovPhotoEnroll, iproovInput()).Outcome)
		require.EqualValues(t, 1, images.Load())
		require.EqualValues(t, 1, removed.Load())
	})
	t.Run("clean_up_that_fails_is_reported", func(t *testing.T) {
		b := setup(t)
		openPhoto(b)
		stub(b, enroll.IProovVerifyToken, always[enroll.IProovVerifyTokenInput](enroll.IProovToken{Refused: &enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonUserInactive}}))
		stub(b, enroll.IProovRemoveUser, fails[enroll.IProovRemoveUserInput, enroll.IProovUserRemoved](enroll.KindDenied, enroll.FailureDetails{}))
		result := b.run(enroll.IProovPhotoEnroll, iproovInput())
		require.Equal(t, []enroll.CleanUp{{What: "user", Reason: enroll.ReasonCredentialsRefused}}, result.CleanUp)
	})
}
