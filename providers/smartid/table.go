package smartid

import (
	"net/http"
	"slices"

	"github.com/bioenroll/bioenroll/enroll"
)

// row says what one code means.
type row struct {
	code int
	// words are the vendor's meaning of the code.
	words string
	// first is what the answer means when no earlier call can have had an
	// effect.
	first meaning
	// repeated is what it means otherwise; as first when it is nil.
	repeated *meaning
}

// meaning is a kind of error or, without one, a verdict.
type meaning struct {
	kind    enroll.Kind
	verdict enroll.Verdict
}

// enrollTable is every published code of enroll.
//
// https://smartidsuite.ai/en/developers/kyc/enroll
func enrollTable() []row {
	// The template of an earlier call may have been enrolled while this one
	// became too old, and no further call can tell.
	lost := &meaning{verdict: enroll.Verdict{Outcome: enroll.Unknown, Reason: enroll.ReasonLostAnswer}}
	return slices.Concat([]row{
		{code: http.StatusOK, words: "Enrollment successful", first: verdict(enroll.Enrolled, "", false)},
		{code: 403, words: "User cannot be null or empty", first: verdict(enroll.Rejected, enroll.ReasonRequestRefused, false)},
		{code: 407, words: "Template validation failed", first: captureAgain()},
		{
			code: 408, words: "User already enrolled (send OverWrite=true to replace)",
			first: verdict(enroll.AlreadyEnrolled, enroll.ReasonCredentialExists, false),
			// Whose template is there, the earlier call's or an older one,
			// nobody can tell: never a success. Replacing it settles that.
			repeated: &meaning{verdict: enroll.Verdict{
				Outcome:  enroll.AlreadyEnrolled,
				Reason:   enroll.ReasonAfterLostAnswer,
				CanRetry: true,
			}},
		},
		{code: 412, words: "Template format invalid", first: captureAgain(), repeated: lost},
		{code: 425, words: "Timestamp invalid / template expired", first: captureAgain(), repeated: lost},
		{code: 426, words: "Timestamp invalid / template expired", first: captureAgain(), repeated: lost},
	}, sharedTable())
}

// unenrollTable is every published code of unenroll.
//
// https://smartidsuite.ai/en/developers/kyc/enroll
func unenrollTable() []row {
	removed := verdict(enroll.Removed, enroll.ReasonAfterLostAnswer, false)
	return slices.Concat([]row{
		{code: http.StatusOK, words: "Un-enroll successful", first: verdict(enroll.Removed, "", false)},
		{code: 403, words: "User cannot be null or empty", first: verdict(enroll.Rejected, enroll.ReasonRequestRefused, false)},
		{code: 406, words: "User not found", first: verdict(enroll.Rejected, enroll.ReasonNotEnrolled, false), repeated: &removed},
		{code: 410, words: "User channel not found", first: verdict(enroll.Rejected, enroll.ReasonChannelNotFound, false)},
	}, sharedTable())
}

// sharedTable is what every call may answer. 500 and 701 are published; they
// are definite answers, also to a call that may be sent only once. 401 and 429
// are not published and mean what they mean in HTTP.
func sharedTable() []row {
	return []row{
		{code: 500, words: "Internal error", first: meaning{kind: enroll.KindUnavailable}},
		{code: 701, words: "Service call error", first: meaning{kind: enroll.KindUnavailable}},
		{code: http.StatusUnauthorized, words: "the API key is refused", first: meaning{kind: enroll.KindDenied}},
		{code: http.StatusTooManyRequests, words: "too many requests", first: meaning{kind: enroll.KindThrottled}},
	}
}

func verdict(outcome enroll.Outcome, reason enroll.Reason, canRetry bool) meaning {
	return meaning{verdict: enroll.Verdict{Outcome: outcome, Reason: reason, CanRetry: canRetry}}
}

// captureAgain is a template that is not good, or not any more: a new journey
// with a fresh capture can end differently.
func captureAgain() meaning { return verdict(enroll.Rejected, enroll.ReasonCaptureAgain, true) }

// meaning returns what the answer means, given whether an earlier call may
// have had its effect.
func (r row) meaning(repeated bool) meaning {
	if repeated && r.repeated != nil {
		return *r.repeated
	}
	return r.first
}
