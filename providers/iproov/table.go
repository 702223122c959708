package iproov

import (
	"errors"
	"net/http"
	"slices"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// call names an endpoint, in the table and in errors.
type call string

const (
	callEnrol        call = "iproov: enrol token"
	callImage        call = "iproov: enrol image"
	callVerify       call = "iproov: verify token"
	callValidate     call = "iproov: validate"
	callInvalidate   call = "iproov: invalidate token"
	callAccess       call = "iproov: access token"
	callReadUser     call = "iproov: read user"
	callRemoveUser   call = "iproov: remove user"
	callAvailability call = "iproov: availability"
)

// iProov's error constants that the client itself acts on.
const (
	codeAccessRefused = "invalid_oauth"
	codeQuotaExceeded = "token_quota_exceeded"
	codeNoUser        = "no_user"
)

// anyCode stands for every error constant. The body must still be iProov's
// error body: a 404 of a proxy says nothing about a token.
const anyCode = "*"

// row says what one error answer means. Exactly one of kind, verdict and
// settled is set.
type row struct {
	// calls lists the endpoints that the row is about; empty for all.
	calls []call
	// statuses are the HTTP statuses under which the constant is documented.
	statuses []int
	// code is the error constant.
	code string

	// kind makes the answer an error.
	kind enroll.Kind
	// verdict makes the answer a refusal.
	verdict enroll.Verdict
	// settled: what the call was to bring about is the case already.
	settled bool
}

// errSettled is what a settled row becomes; the calls that have one turn it
// into their success.
var errSettled = errors.New("settled already")

// table is every error constant of iProov's API description 2.13.0, the
// deprecated ones included. The first row that fits decides, so rows about a
// single call stand before the general ones.
//
// https://docs.iproov.com
func table() []row {
	return slices.Concat(callRows(), refusalRows(), requestRows(), credentialRows(), serviceRows())
}

// callRows are constants that mean something of their own for one call.
func callRows() []row {
	bad := []int{http.StatusBadRequest}
	return []row{
		// Too early and already used look the same: no result to give, and
		// none was taken by this question.
		{calls: []call{callValidate}, statuses: bad, code: "invalid_token", kind: enroll.KindPending},
		// Documented without a meaning. Assumed: the token is unknown or has
		// expired, so that nobody can finish with it any more.
		{
			calls: []call{callValidate}, statuses: []int{http.StatusNotFound}, code: anyCode,
			verdict: enroll.Verdict{Outcome: enroll.Expired, Reason: enroll.ReasonTimeout, CanRetry: true},
		},
		{calls: []call{callInvalidate}, statuses: bad, code: "invalid_token", settled: true},
		// The user endpoints say it this way when there is no such user.
		{calls: []call{callRemoveUser}, statuses: bad, code: "invalid_user_id", settled: true},
		{calls: []call{callRemoveUser}, statuses: bad, code: codeNoUser, settled: true},
		{calls: []call{callReadUser}, statuses: bad, code: "invalid_user_id", verdict: userNotFound()},
		{calls: []call{callReadUser}, statuses: bad, code: codeNoUser, verdict: userNotFound()},
	}
}

// refusalRows are definite answers about the person, the photo or the setting.
// Only the calls that lead to an enrollment have them: for taking something
// back they would mean nothing.
func refusalRows() []row {
	claims := []call{callEnrol, callImage, callVerify, callValidate}
	bad := []int{http.StatusBadRequest}
	rejected := func(reason enroll.Reason, canRetry bool) enroll.Verdict {
		return enroll.Verdict{Outcome: enroll.Rejected, Reason: reason, CanRetry: canRetry}
	}
	exists := enroll.Verdict{Outcome: enroll.AlreadyEnrolled, Reason: enroll.ReasonCredentialExists}
	return []row{
		{calls: claims, statuses: bad, code: "already_enrolled", verdict: exists},
		{calls: claims, statuses: bad, code: codeNoUser, verdict: userNotFound()},
		{calls: claims, statuses: bad, code: "inactive_user", verdict: rejected(enroll.ReasonUserInactive, false)},
		{calls: claims, statuses: bad, code: "invalid_enrol_image", verdict: rejected(enroll.ReasonImageRefused, true)},
		{
			calls: []call{callEnrol, callVerify}, statuses: []int{http.StatusForbidden}, code: "invalid_assurance_type",
			verdict: rejected(enroll.ReasonAssuranceTypeRefused, false),
		},
	}
}

// requestRows are requests that iProov calls wrong: repeating them is useless.
func requestRows() []row {
	codes := []string{
		"invalid_user_id", "invalid_token", "invalid_validation", "invalid_reason", "invalid_risk_appetite", "invalid_source",
		"invalid_request", "missing_data", "unsupported_grant_type",
		"invalid_agent", "invalid_ip", // Deprecated.
	}
	rows := make([]row, len(codes))
	for i, code := range codes {
		rows[i] = row{statuses: []int{http.StatusBadRequest}, code: code, kind: enroll.KindInvalid}
	}
	return rows
}

// credentialRows are refusals of our own keys. A region that does not know the
// key answers the same way as for a wrong key.
func credentialRows() []row {
	unauthorized := []int{http.StatusUnauthorized, http.StatusForbidden}
	bad := []int{http.StatusBadRequest}
	return []row{
		{statuses: append(unauthorized, http.StatusBadRequest), code: "invalid_key", kind: enroll.KindDenied},
		{statuses: unauthorized, code: codeAccessRefused, kind: enroll.KindDenied},
		{statuses: bad, code: "invalid_client", kind: enroll.KindDenied},
		{statuses: bad, code: "invalid_grant", kind: enroll.KindDenied},
		{statuses: bad, code: "invalid_scope", kind: enroll.KindDenied},
		// Only seen here when a fresh access token is used up as well: other
		// users of the same credentials are at work, and waiting helps.
		{statuses: unauthorized, code: codeQuotaExceeded, kind: enroll.KindThrottled},
	}
}

// serviceRows are about the service itself.
func serviceRows() []row {
	return []row{
		{statuses: []int{http.StatusTooManyRequests}, code: "too_many_requests", kind: enroll.KindThrottled},
		// A once-only call that failed inside the service may have had its
		// effect.
		{calls: []call{callImage, callValidate}, statuses: []int{http.StatusInternalServerError}, code: "server_error", kind: enroll.KindLost},
		{statuses: []int{http.StatusInternalServerError}, code: "server_error", kind: enroll.KindUnavailable},
	}
}

func userNotFound() enroll.Verdict {
	return enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonUserNotFound, CanRetry: true}
}

// fits reports whether the row is about such an answer.
func (r row) fits(c call, status int, code string) bool {
	return (len(r.calls) == 0 || slices.Contains(r.calls, c)) &&
		slices.Contains(r.statuses, status) &&
		(r.code == code || r.code == anyCode && code != "")
}

// problem is iProov's error body.
type problem struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// refuse tells what an answer other than 200 means. An answer outside the
// table, or without iProov's error body, means what its HTTP status means.
func refuse(c call, answer *rest.Answer) error {
	var p problem
	if !answer.Peek(&p) {
		p = problem{}
	}
	rows := table()
	i := slices.IndexFunc(rows, func(r row) bool { return r.fits(c, answer.Status, p.Code) })
	if i < 0 {
		return answer.Failure(p.Code, p.Description)
	}
	switch r := rows[i]; {
	case r.settled:
		return errSettled
	case r.kind != "":
		return answer.FailureOf(r.kind, p.Code, p.Description)
	default:
		r.verdict.ProviderCode, r.verdict.Message = p.Code, p.Description
		return answer.Refusal(r.verdict)
	}
}
