package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

func bioIDInput(by enroll.PerformedBy, samples int) enroll.BioIDInput {
	in := enroll.BioIDInput{Envelope: envelope(), BCID: "bws.1.1", PerformedBy: by}
	for range samples {
		in.Samples = append(in.Samples, enroll.BioIDSampleRef{Data: "ref"})
	}
	return in
}

// openToken makes the steps until the hand-over succeed.
func openToken(b *bundle) { openTokenFor(b, enroll.BioIDClass{}) }

// openTokenFor is openToken for a class that may exist already.
func openTokenFor(b *bundle, class enroll.BioIDClass) {
	stub(b, enroll.BioIDIsEnrolled, always[enroll.BioIDIsEnrolledInput](class))
	stub(b, enroll.BioIDCreateToken, func(enroll.BioIDCreateTokenInput) (enroll.BioIDToken, error) {
		return enroll.BioIDToken{HandOver: enroll.HandOver{ExpiresAt: b.Now().Add(10 * time.Minute), BioID: &enroll.BioIDHandOver{Token: "token"}}}, nil
	})
}

// unread makes the provider's result tell that nothing was performed yet.
func unread(b *bundle) {
	stub(b, enroll.BioIDReadResult, func(in enroll.BioIDReadResultInput) (enroll.BioIDAttempt, error) {
		if in.Poll != nil {
			return enroll.BioIDAttempt{}, failure(enroll.KindPending, enroll.FailureDetails{}, time.Minute)
		}
		return enroll.BioIDAttempt{NotPerformed: true}, nil
	})
}

var (
	bioIDSuccess = enroll.BioIDAttempt{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}, Used: true}
	notLive      = enroll.BioIDAttempt{
		Verdict: enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonLivenessFailed}, Again: true, Used: true,
	}
	noSamples = enroll.BioIDAttempt{Verdict: enroll.Verdict{Outcome: enroll.Rejected}, NotPerformed: true, Again: true}
)

// inTurn gives the answers one after the other, and the last one for ever.
func inTurn[In, Out any](answers ...Out) func(In) (Out, error) {
	next := 0
	return func(In) (Out, error) {
		answer := answers[min(next, len(answers)-1)]
		next++
		return answer, nil
	}
}

func TestBioIDEnrollment_browser(t *testing.T) {
	uploaded := enroll.Hint{Samples: 4}
	t.Run("uploaded_samples_are_enrolled_at_once", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		unread(b)
		attempts := stub(b, enroll.BioIDEnrollSamples, always[enroll.BioIDEnrollSamplesInput](bioIDSuccess))
		b.hint(2*time.Second, enroll.SamplesUploaded, uploaded)
		require.Equal(t, enroll.Enrolled, b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 0)).Outcome)
		require.EqualValues(t, 1, attempts.Load())
	})
	t.Run("a_failed_liveness_goes_back_to_waiting", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		unread(b)
		attempts := stub(b, enroll.BioIDEnrollSamples, inTurn[enroll.BioIDEnrollSamplesInput](notLive, bioIDSuccess))
		b.hint(2*time.Second, enroll.SamplesUploaded, uploaded)
		b.hint(9*time.Second, enroll.SamplesUploaded, uploaded)
		require.Equal(t, enroll.Enrolled, b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 0)).Outcome)
		require.EqualValues(t, 2, attempts.Load())
	})
	t.Run("used_up_attempts_end_with_the_last_refusal", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		unread(b)
		attempts := stub(b, enroll.BioIDEnrollSamples, always[enroll.BioIDEnrollSamplesInput](notLive))
		for i := range 5 {
			b.hint(time.Duration(2+7*i)*time.Second, enroll.SamplesUploaded, uploaded)
		}
		result := b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 0))
		require.Equal(t, enroll.ReasonLivenessFailed, result.Reason)
		require.EqualValues(t, 3, attempts.Load())
	})
	t.Run("too_few_samples_are_recorded_and_not_acted_on", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		unread(b)
		attempts := stub(b, enroll.BioIDEnrollSamples, func(enroll.BioIDEnrollSamplesInput) (enroll.BioIDAttempt, error) {
			return noSamples, nil
		})
		b.hint(2*time.Second, enroll.SamplesUploaded, enroll.Hint{Samples: 1})
		result := b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 0))
		require.Equal(t, enroll.Expired, result.Outcome)
		require.EqualValues(t, 1, attempts.Load(), "only the attempt before the token's end")
		require.Equal(t, 1, b.state().Hints[enroll.SamplesUploaded])
	})
	t.Run("a_lost_hint_costs_nothing_but_time", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		unread(b)
		attempts := stub(b, enroll.BioIDEnrollSamples, always[enroll.BioIDEnrollSamplesInput](bioIDSuccess))
		require.Equal(t, enroll.Enrolled, b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 0)).Outcome)
		require.EqualValues(t, 1, attempts.Load())
	})
	t.Run("what_the_browser_performed_is_read", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		stub(b, enroll.BioIDReadResult, always[enroll.BioIDReadResultInput](bioIDSuccess))
		attempts := stub(b, enroll.BioIDEnrollSamples, always[enroll.BioIDEnrollSamplesInput](noSamples))
		b.hint(2*time.Second, enroll.SamplesUploaded, uploaded)
		require.Equal(t, enroll.Enrolled, b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByBrowser, 0)).Outcome)
		require.Zero(t, attempts.Load())
	})
	t.Run("a_lost_answer_is_learned_from_the_result", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		stub(b, enroll.BioIDReadResult, always[enroll.BioIDReadResultInput](bioIDSuccess))
		attempts := stub(b, enroll.BioIDEnrollSamples, fails[enroll.BioIDEnrollSamplesInput, enroll.BioIDAttempt](enroll.KindLost, enroll.FailureDetails{}))
		b.hint(2*time.Second, enroll.SamplesUploaded, uploaded)
		result := b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 0))
		require.Equal(t, enroll.Enrolled, result.Outcome)
		require.Equal(t, enroll.ReasonAfterLostAnswer, result.Reason)
		require.EqualValues(t, 1, attempts.Load())
	})
}

func TestBioIDEnrollment_samples(t *testing.T) {
	upload := func(b *bundle) {
		stub(b, enroll.BioIDUploadSamples, always[enroll.BioIDUploadSamplesInput](enroll.BioIDUpload{Accepted: 2}))
	}
	t.Run("ours_are_uploaded_enrolled_and_deleted", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		upload(b)
		stub(b, enroll.BioIDEnrollSamples, always[enroll.BioIDEnrollSamplesInput](bioIDSuccess))
		deleted := stub(b, enroll.Conclude, asGiven)
		require.Equal(t, enroll.Enrolled, b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 2)).Outcome)
		require.EqualValues(t, 1, deleted.Load())
		require.Equal(t, enroll.Enrolled, b.reply.Result.Outcome)
	})
	t.Run("that_are_not_live_are_not_sent_again", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		upload(b)
		attempts := stub(b, enroll.BioIDEnrollSamples, always[enroll.BioIDEnrollSamplesInput](notLive))
		stub(b, enroll.Conclude, asGiven)
		require.Equal(t, enroll.ReasonLivenessFailed, b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 2)).Reason)
		require.EqualValues(t, 1, attempts.Load())
	})
	t.Run("are_sent_again_when_the_provider_was_busy", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		upload(b)
		busy := enroll.BioIDAttempt{Verdict: enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonProviderUnavailable}, Again: true, Used: true}
		attempts := stub(b, enroll.BioIDEnrollSamples, inTurn[enroll.BioIDEnrollSamplesInput](busy, bioIDSuccess))
		stub(b, enroll.Conclude, asGiven)
		require.Equal(t, enroll.Enrolled, b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 2)).Outcome)
		require.EqualValues(t, 2, attempts.Load())
	})
	t.Run("are_sent_again_once_with_a_new_token_when_the_token_has_ended", func(t *testing.T) {
		b := setup(t)
		openToken(b)
		upload(b)
		ended := enroll.BioIDAttempt{Verdict: enroll.Verdict{Outcome: enroll.Expired, Reason: enroll.ReasonTimeout}}
		attempts := stub(b, enroll.BioIDEnrollSamples, always[enroll.BioIDEnrollSamplesInput](ended))
		stub(b, enroll.Conclude, asGiven)
		require.Equal(t, enroll.Expired, b.run(enroll.BioIDEnroll, bioIDInput(enroll.ByUs, 2)).Outcome)
		require.EqualValues(t, 2, attempts.Load())
	})
}

func TestBioIDEnrollment_keeps_a_failure_that_it_read_when_the_token_has_ended(t *testing.T) {
	b := setup(t)
	openToken(b)
	in := bioIDInput(enroll.ByBrowser, 0)
	in.TimeoutSeconds = 600
	stub(b, enroll.BioIDReadResult, func(in enroll.BioIDReadResultInput) (enroll.BioIDAttempt, error) {
		if in.Poll != nil {
			return enroll.BioIDAttempt{}, failure(enroll.KindPending, enroll.FailureDetails{}, time.Minute)
		}
		return notLive, nil
	})
	stub(b, enroll.BioIDEnrollSamples, always[enroll.BioIDEnrollSamplesInput](enroll.BioIDAttempt{Verdict: enroll.Verdict{Outcome: enroll.Expired}}))
	require.Equal(t, enroll.ReasonLivenessFailed, b.run(enroll.BioIDEnroll, in).Reason)
}
