package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

func smartIDInput() enroll.SmartIDEnrollInput {
	return enroll.SmartIDEnrollInput{Envelope: envelope(), User: "user", Template: "template", PayLoad: "payload"}
}

func TestSmartIDEnrollment(t *testing.T) {
	enrolled := enroll.SmartIDAnswer{Verdict: enroll.Verdict{Outcome: enroll.Enrolled, ProviderCode: "200"}}
	lost := fails[enroll.SmartIDForwardEnrollInput, enroll.SmartIDAnswer](enroll.KindLost, enroll.FailureDetails{})
	down := fails[enroll.SmartIDForwardEnrollInput, enroll.SmartIDAnswer](enroll.KindUnavailable, enroll.FailureDetails{Code: "701"})

	conclude := func(b *bundle) interface{ Load() int64 } {
		return stub(b, enroll.Conclude, asGiven)
	}
	t.Run("begin_answers_with_the_outcome_and_the_input_is_deleted", func(t *testing.T) {
		b := setup(t)
		deleted := conclude(b)
		calls := stub(b, enroll.SmartIDForwardEnroll, always[enroll.SmartIDForwardEnrollInput](enrolled))
		require.Equal(t, enroll.Enrolled, b.run(enroll.SmartIDEnroll, smartIDInput()).Outcome)
		require.Equal(t, enroll.Enrolled, b.reply.Result.Outcome)
		require.EqualValues(t, 1, calls.Load())
		require.EqualValues(t, 1, deleted.Load())
	})
	t.Run("a_lost_answer_is_sought_with_patience_and_then_unknown", func(t *testing.T) {
		b := setup(t)
		deleted := conclude(b)
		calls := stub(b, enroll.SmartIDForwardEnroll, lost)
		require.Equal(t, enroll.Unknown, b.run(enroll.SmartIDEnroll, smartIDInput()).Outcome)
		require.Greater(t, calls.Load(), int64(3))
		require.Less(t, calls.Load(), int64(12))
		require.EqualValues(t, 1, deleted.Load())
	})
	t.Run("a_lost_answer_is_settled_by_the_answer_to_a_repeated_call", func(t *testing.T) {
		b := setup(t)
		conclude(b)
		calls := 0
		stub(b, enroll.SmartIDForwardEnroll, func(in enroll.SmartIDForwardEnrollInput) (enroll.SmartIDAnswer, error) {
			if calls++; calls == 1 {
				return lost(in)
			}
			require.True(t, in.Repeated)
			return enroll.SmartIDAnswer{Verdict: enroll.Verdict{Outcome: enroll.AlreadyEnrolled, Reason: enroll.ReasonAfterLostAnswer}}, nil
		})
		require.Equal(t, enroll.AlreadyEnrolled, b.run(enroll.SmartIDEnroll, smartIDInput()).Outcome)
	})
	t.Run("an_internal_error_is_repeated_until_the_budget_ends", func(t *testing.T) {
		b := setup(t)
		conclude(b)
		calls := stub(b, enroll.SmartIDForwardEnroll, down)
		result := b.run(enroll.SmartIDEnroll, smartIDInput())
		require.Equal(t, enroll.ReasonProviderUnavailable, result.Reason)
		require.Equal(t, "701", result.ProviderCode)
		require.Greater(t, calls.Load(), int64(2))
	})
	t.Run("a_repeated_call_says_so", func(t *testing.T) {
		b := setup(t)
		conclude(b)
		calls := 0
		stub(b, enroll.SmartIDForwardEnroll, func(in enroll.SmartIDForwardEnrollInput) (enroll.SmartIDAnswer, error) {
			if calls++; calls == 1 {
				require.False(t, in.Repeated)
				return down(in)
			}
			require.True(t, in.Repeated)
			return enrolled, nil
		})
		b.run(enroll.SmartIDEnroll, smartIDInput())
		require.Equal(t, 2, calls)
	})
	t.Run("a_call_that_was_not_sent_is_not_a_repetition", func(t *testing.T) {
		b := setup(t)
		conclude(b)
		calls := 0
		stub(b, enroll.SmartIDForwardEnroll, func(in enroll.SmartIDForwardEnrollInput) (enroll.SmartIDAnswer, error) {
			require.False(t, in.Repeated)
			if calls++; calls == 1 {
				return enroll.SmartIDAnswer{}, failure(enroll.KindUnavailable, enroll.FailureDetails{NotSent: true}, 0)
			}
			return enrolled, nil
		})
		b.run(enroll.SmartIDEnroll, smartIDInput())
	})
	t.Run("missing_sealed_bytes_fail_it", func(t *testing.T) {
		b := setup(t)
		conclude(b)
		stub(b, enroll.SmartIDForwardEnroll, fails[enroll.SmartIDForwardEnrollInput, enroll.SmartIDAnswer](enroll.KindInputGone, enroll.FailureDetails{}))
		require.Equal(t, enroll.ReasonInputGone, b.run(enroll.SmartIDEnroll, smartIDInput()).Reason)
	})
}

func TestSmartIDUnenrollment(t *testing.T) {
	t.Run("removes_and_answers_begin", func(t *testing.T) {
		b := setup(t)
		stub(b, enroll.SmartIDForwardUnenroll, always[enroll.SmartIDForwardUnenrollInput](enroll.SmartIDAnswer{Verdict: enroll.Verdict{Outcome: enroll.Removed}}))
		require.Equal(t, enroll.Removed, b.run(enroll.SmartIDUnenroll, enroll.SmartIDUnenrollInput{Envelope: envelope(), User: "user"}).Outcome)
	})
	t.Run("is_repeated_after_a_lost_answer", func(t *testing.T) {
		b := setup(t)
		calls := 0
		stub(b, enroll.SmartIDForwardUnenroll, func(in enroll.SmartIDForwardUnenrollInput) (enroll.SmartIDAnswer, error) {
			if calls++; calls == 1 {
				return enroll.SmartIDAnswer{}, failure(enroll.KindUnavailable, enroll.FailureDetails{}, 0)
			}
			require.True(t, in.Repeated)
			return enroll.SmartIDAnswer{Verdict: enroll.Verdict{Outcome: enroll.Removed, Reason: enroll.ReasonAfterLostAnswer}}, nil
		})
		require.Equal(t, enroll.Removed, b.run(enroll.SmartIDUnenroll, enroll.SmartIDUnenrollInput{Envelope: envelope(), User: "user"}).Outcome)
		require.Equal(t, 2, calls)
	})
}

func TestSmartIDEnrollment_reset(t *testing.T) {
	enrolled := enroll.SmartIDAnswer{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}
	in := smartIDInput()
	in.Reset = true
	for name, test := range map[string]struct {
		removal    enroll.Verdict
		want       enroll.Outcome
		unenrolled bool
		enrolls    int64
	}{
		"removes_and_enrolls":              {enroll.Verdict{Outcome: enroll.Removed}, enroll.Enrolled, true, 1},
		"enrolls_when_there_was_nothing":   {enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonNotEnrolled}, enroll.Enrolled, false, 1},
		"ends_when_the_removal_is_refused": {enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonChannelNotFound}, enroll.Rejected, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			stub(b, enroll.Conclude, asGiven)
			stub(b, enroll.SmartIDForwardUnenroll, always[enroll.SmartIDForwardUnenrollInput](enroll.SmartIDAnswer{Verdict: test.removal}))
			enrolls := stub(b, enroll.SmartIDForwardEnroll, always[enroll.SmartIDForwardEnrollInput](enrolled))
			result := b.run(enroll.SmartIDEnroll, in)
			require.Equal(t, test.want, result.Outcome)
			require.Equal(t, test.unenrolled, result.Unenrolled)
			require.Equal(t, test.enrolls, enrolls.Load())
		})
	}
}

func TestSmartIDUnenrollment_an_answer_that_cannot_be_read_is_asked_for_again(t *testing.T) {
	b := setup(t)
	calls := 0
	stub(b, enroll.SmartIDForwardUnenroll, func(in enroll.SmartIDForwardUnenrollInput) (enroll.SmartIDAnswer, error) {
		if calls++; calls == 1 {
			return enroll.SmartIDAnswer{}, failure(enroll.KindUnexpected, enroll.FailureDetails{}, 0)
		}
		require.True(t, in.Repeated, "the first may have had its effect")
		return enroll.SmartIDAnswer{Verdict: enroll.Verdict{Outcome: enroll.Removed, Reason: enroll.ReasonAfterLostAnswer}}, nil
	})
	result := b.run(enroll.SmartIDUnenroll, enroll.SmartIDUnenrollInput{Envelope: envelope(), User: "user"})
	require.Equal(t, enroll.Removed, result.Outcome)
}
