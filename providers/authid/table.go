package authid

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// call names an endpoint in the table.
type call string

// The calls.
const (
	callToken        call = "token"
	callRefresh      call = "refresh"
	callReadAccount  call = "read account"
	callCreateEnroll call = "create enrollment"
	callCreateSelfie call = "create live selfie"
	callStatus       call = "status"
	callResult       call = "result"
	callSelfie       call = "selfie reference"
	callAttach       call = "attach credential"
	callRemove       call = "remove credential"
)

// The error constants that are known, in the field ID of an error body.
const (
	idNotAuthenticated = "E_USER_NOT_AUTHENTICATED"
	idAccountExists    = "E_ACCOUNT_ALREADY_EXISTS"
	idCredentialExists = "E_ACCOUNT_BIOCREDENTIAL_ALREADY_EXISTS" //nolint:gosec // the name of an error
)

// row gives a meaning to answers that are not a success. A field that is not
// set matches everything. One of kind and verdict is set.
type row struct {
	calls   []call
	status  int
	id      string
	says    []string // The message holds one of these, in lower case.
	kind    enroll.Kind
	verdict enroll.Verdict
}

// table is what authID's refusals mean, first match first. Only three
// constants are published; the status codes of refusals and the words in their
// messages are assumptions, taken from what public clients of authID rely on.
// What matches no row gets the kind of its HTTP status.
func table() []row {
	var (
		create        = []call{callCreateEnroll, callCreateSelfie}
		ofOperation   = []call{callStatus, callResult, callSelfie}
		alreadyThere  = enroll.Verdict{Outcome: enroll.AlreadyEnrolled, Reason: enroll.ReasonCredentialExists}
		noAccount     = enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonAccountNotFound}
		noContact     = enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonContactMissing}
		selfiePurged  = enroll.Verdict{Outcome: enroll.Expired, Reason: enroll.ReasonTimeout, CanRetry: true}
		contactWords  = []string{"phone", "email", "e-mail"}
		alreadyExists = []string{"already exist", "already has"}
	)
	return []row{
		{status: http.StatusUnauthorized, kind: enroll.KindDenied},
		{id: idNotAuthenticated, kind: enroll.KindDenied},
		{status: http.StatusTooManyRequests, kind: enroll.KindThrottled},

		{calls: []call{callCreateEnroll, callAttach}, id: idCredentialExists, verdict: alreadyThere},
		{id: idAccountExists, kind: enroll.KindInvalid},
		{calls: create, status: http.StatusBadRequest, says: contactWords, verdict: noContact},
		{calls: create, status: http.StatusConflict, says: contactWords, verdict: noContact},
		{calls: []call{callCreateEnroll, callAttach}, status: http.StatusConflict, verdict: alreadyThere},
		{calls: []call{callCreateEnroll, callAttach}, status: http.StatusBadRequest, says: alreadyExists, verdict: alreadyThere},
		{calls: create, status: http.StatusNotFound, says: []string{"account"}, verdict: noAccount},

		{calls: []call{callAttach}, status: http.StatusNotFound, verdict: selfiePurged},
		{calls: []call{callAttach}, status: http.StatusBadRequest, says: []string{"expired", "purged", "temp"}, verdict: selfiePurged},

		// authID gave us the identifier, so it has to know it: asking again is
		// the right thing to do.
		{calls: ofOperation, status: http.StatusNotFound, kind: enroll.KindUnexpected},
	}
}

// matches reports whether the row speaks of the answer.
func (r row) matches(asked call, status int, id, message string) bool {
	holds := func(word string) bool { return strings.Contains(strings.ToLower(message), word) }
	return (len(r.calls) == 0 || slices.Contains(r.calls, asked)) &&
		(r.status == 0 || r.status == status) &&
		(r.id == "" || r.id == id) &&
		(len(r.says) == 0 || slices.ContainsFunc(r.says, holds))
}

// problem is the error for an answer that is not a success.
func problem(asked call, answer *rest.Answer) error {
	var body struct{ ID, Code, Message string }
	answer.Peek(&body)
	code := body.ID
	if code == "" {
		code = body.Code
	}
	for _, r := range table() {
		switch {
		case !r.matches(asked, answer.Status, body.ID, body.Message):
		case r.kind != "":
			return answer.FailureOf(r.kind, code, body.Message)
		default:
			verdict := r.verdict
			verdict.ProviderCode, verdict.Message = code, body.Message
			return answer.Refusal(verdict)
		}
	}
	return answer.Failure(code, body.Message)
}

// meaningOf is what a status means for the journey, and whether it is an end.
// A status outside the documentation is none.
func meaningOf(status int, journey enroll.Journey, message string) (enroll.Verdict, bool) {
	verdict := enroll.Verdict{ProviderCode: strconv.Itoa(status), Message: message}
	switch status {
	case StatusAccepted:
		verdict.Outcome = enroll.Enrolled
		if journey == enroll.AuthIDSelfie {
			verdict.Outcome = enroll.Captured
		}
	case StatusRejected:
		verdict.Outcome, verdict.Reason, verdict.CanRetry = enroll.Rejected, whyRejected(message), true
	case StatusExpired:
		verdict.Outcome, verdict.Reason, verdict.CanRetry = enroll.Expired, enroll.ReasonTimeout, true
	case StatusError:
		verdict.Outcome, verdict.Reason, verdict.CanRetry = enroll.Failed, enroll.ReasonProviderError, true
	case StatusCanceled:
		verdict.Outcome, verdict.Reason, verdict.CanRetry = enroll.Canceled, enroll.ReasonCanceledByProvider, true
	default:
		return enroll.Verdict{}, false
	}
	return verdict, true
}

// whyRejected reads the reason from the text: biometry failed, liveness
// failed, or both. Without either the person declined, or failed in a way not
// told.
func whyRejected(message string) enroll.Reason {
	message = strings.ToLower(message)
	biometry, liveness := strings.Contains(message, "biometry"), strings.Contains(message, "liveness")
	switch {
	case biometry && liveness:
		return enroll.ReasonBiometryAndLivenessFailed
	case biometry:
		return enroll.ReasonBiometryFailed
	case liveness:
		return enroll.ReasonLivenessFailed
	}
	return enroll.ReasonDeclined
}
