package bioid

import (
	"net/http"
	"slices"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// call names an endpoint in the table.
type call string

// The calls.
const (
	callToken       call = "token"
	callUpload      call = "upload"
	callEnroll      call = "enroll"
	callResult      call = "result"
	callIsEnrolled  call = "is enrolled"
	callDeleteClass call = "delete class"
	callStatus      call = "status"
)

// The errors of an attempt.
//
// https://developer.bioid.com/ClassicBWS/BwsReference/WebApi/Enroll
const (
	errorLiveDetection = "LiveDetectionFailed"
	errorChallenge     = "ChallengeResponseFailed"
	errorTooFew        = "NotEnoughSamples"
	errorBusy          = "ExecutionOfJobTimedOut"
)

// meaningOf is what became of an attempt. Each attempt uses up one of the
// token's tries. Those failures that new samples can mend come with Again; for
// one that is not documented nobody knows, so it is never called a success and
// never tried again.
func meaningOf(success bool, code string) enroll.BioIDAttempt {
	if success {
		return enroll.BioIDAttempt{Verdict: enroll.Verdict{Outcome: enroll.Enrolled, ProviderCode: "Success"}, Used: true}
	}
	verdict := enroll.Verdict{Outcome: enroll.Rejected, ProviderCode: code, CanRetry: true}
	switch code {
	case errorLiveDetection:
		verdict.Reason = enroll.ReasonLivenessFailed
	case errorChallenge:
		verdict.Reason = enroll.ReasonChallengeFailed
	case errorTooFew:
		verdict.Reason = enroll.ReasonNotEnoughSamples
	case errorBusy: // Nobody was refused: the server was too busy to look.
		verdict.Outcome, verdict.Reason = enroll.Failed, enroll.ReasonProviderUnavailable
	default:
		verdict = enroll.Verdict{Outcome: enroll.Failed, Reason: enroll.ReasonUnexpectedAnswer, ProviderCode: code}
		return enroll.BioIDAttempt{Verdict: verdict, Used: true}
	}
	return enroll.BioIDAttempt{Verdict: verdict, Again: true, Used: true}
}

// row gives a meaning to a status that is not a success. One of kind and
// verdict is set.
type row struct {
	calls   []call
	status  int
	kind    enroll.Kind
	verdict enroll.Verdict
}

// table is what BioID's statuses mean, first match first. Enroll's 200, 400
// and 403 and the statuses without a failure are read where they arise. What
// matches no row gets the kind of its HTTP status: 429 and 5xx are worth
// repeating, and after Enroll, which is once only, a 5xx means that the answer
// is lost.
func table() []row {
	withToken := []call{callUpload, callEnroll}
	return []row{
		// A token that BioID does not take has ended.
		{calls: withToken, status: http.StatusUnauthorized, verdict: tokenEnded()},
		{calls: withToken, status: http.StatusForbidden, verdict: attemptsUsedUp()},
		{calls: []call{callUpload}, status: http.StatusBadRequest, verdict: sampleRefused()},
		{calls: []call{callUpload}, status: http.StatusRequestEntityTooLarge, verdict: sampleRefused()},

		// With the app's own credentials, a 401 speaks of these, and a 403 of
		// the class: another storage or partition, or another app's.
		{status: http.StatusUnauthorized, kind: enroll.KindDenied},
		{calls: []call{callToken, callIsEnrolled}, status: http.StatusForbidden, verdict: notAllowed()},
		{status: http.StatusForbidden, kind: enroll.KindDenied},
	}
}

func tokenEnded() enroll.Verdict {
	return enroll.Verdict{Outcome: enroll.Expired, Reason: enroll.ReasonTimeout, CanRetry: true}
}

func attemptsUsedUp() enroll.Verdict {
	return enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonAttemptsUsedUp, CanRetry: true}
}

func notAllowed() enroll.Verdict {
	return enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonNotAllowed}
}

func noSamples() enroll.Verdict {
	return enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonNotEnoughSamples, CanRetry: true}
}

func sampleRefused() enroll.Verdict {
	return enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonSampleRefused, CanRetry: true}
}

// problem is the error for a status that is not a success.
func problem(asked call, answer *rest.Answer) error {
	message := messageOf(answer)
	for _, r := range table() {
		switch {
		case r.status != answer.Status, len(r.calls) > 0 && !slices.Contains(r.calls, asked):
		case r.kind != "":
			return answer.FailureOf(r.kind, "", message)
		default:
			verdict := r.verdict
			verdict.Message = message
			return answer.Refusal(verdict)
		}
	}
	return answer.Failure("", message)
}

// messageOf reads the field that BioID typically sends with an error.
func messageOf(answer *rest.Answer) string {
	var body struct{ Message string }
	answer.Peek(&body)
	return body.Message
}
