package enroll

import (
	"fmt"
	"strings"
	"time"
)

// Kind says what the caller of a provider may do after a failure to learn an
// answer. The text of a kind is also the type of the Temporal failure, so that
// an operator reads it in the UI.
type Kind string

// The kinds of error.
const (
	// KindUnavailable: no connection, a time-out, or a server error. Repeat.
	KindUnavailable Kind = "ProviderUnavailable"
	// KindThrottled: too many requests. Repeat after RetryAfter.
	KindThrottled Kind = "ProviderThrottled"
	// KindUnexpected: an answer that cannot be read or has no known meaning.
	// Repeating may help; it never becomes a success.
	KindUnexpected Kind = "UnexpectedAnswer"
	// KindDenied: our credentials are refused. An operator has to act.
	KindDenied Kind = "CredentialsRefused"
	// KindInvalid: the provider calls the request invalid. Repeating is
	// useless.
	KindInvalid Kind = "RequestRefused"
	// KindLost: a call that may be made only once was sent and its answer was
	// lost: the effect may have happened. Never repeat it blindly.
	KindLost Kind = "AnswerLost"
	// KindInputGone: the sealed bytes of the input are not there any more.
	KindInputGone Kind = "InputGone"
	// KindUnrecorded: the records could not be written, so no call was made.
	// Repeat.
	KindUnrecorded Kind = "RecordsUnavailable"
	// KindUnsealed: sealed bytes could not be read or deleted, so that no call was
	// made, or only part of one was sent. Repeat.
	KindUnsealed Kind = "SealedStoreUnavailable"
	// KindConcluded is not a failure: the journey has its outcome already, in
	// its record, so that nothing is asked any more. It happens to a run that
	// an operator reset.
	KindConcluded Kind = "AlreadyConcluded"
	// KindPending is not a failure: the person has not finished. It is the
	// answer of a backup poll that asks the server to repeat it later.
	KindPending Kind = "StillPending"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{KindUnavailable, KindThrottled, KindUnexpected, KindDenied, KindInvalid, KindLost, KindInputGone, KindUnrecorded, KindUnsealed, KindConcluded, KindPending}
}

// Retryable reports whether repeating the same call can help.
func (k Kind) Retryable() bool {
	switch k {
	case KindUnavailable, KindThrottled, KindUnexpected, KindUnrecorded, KindUnsealed, KindPending:
		return true
	case KindDenied, KindInvalid, KindLost, KindInputGone, KindConcluded:
		return false
	}
	return false
}

// Error is a failure to learn a provider's answer. Its text goes into logs, so
// it holds no secret, no subject, no address with a token, and no word of the
// provider but its code.
type Error struct {
	// Op names the call, such as "authid: create operation".
	Op string
	// Kind says what the caller may do.
	Kind Kind
	// Code is the provider's own code or the HTTP status.
	Code string
	// Message says more, in our own words.
	Message string
	// Said is the provider's own text, redacted. What it may hold beyond what we
	// know to hide is the provider's choice, so Error leaves it out.
	Said string
	// RetryAfter is how long the provider asks to wait; zero when it did not.
	RetryAfter time.Duration
	// NotSent reports that the request surely never left: repeating it cannot
	// do anything twice.
	NotSent bool
	// Err is the cause, where there is one.
	Err error
}

// FailureDetails travels with a failure of a step from the worker to the
// workflow: what a story may need to know beyond the kind.
type FailureDetails struct {
	// Code is the provider's own code or the HTTP status.
	Code string `json:"code,omitempty"`
	// NotSent reports that the request surely never left.
	NotSent bool `json:"not_sent,omitempty"`
	// Said is the provider's own text, redacted, for operators.
	Said string `json:"said,omitempty"`
}

// Error tells the operation, the kind and the provider's code.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": ")
	b.WriteString(string(e.Kind))
	if e.Code != "" {
		fmt.Fprintf(&b, " (%s)", e.Code)
	}
	if e.Message != "" {
		b.WriteString(": ")
		b.WriteString(e.Message)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Refusal is a provider's definite "no". Provider clients return it as an
// error because the call did not give what was asked for; activities turn it
// into a value, because a refusal is an outcome of the journey.
type Refusal struct { //nolint:errname // a refusal is an outcome; it is an error only on its way out of a provider client
	// Op names the call.
	Op string
	// Verdict is what the refusal means for the journey.
	Verdict Verdict
}

// Error tells the operation and the verdict.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s: %s %s (%s)", r.Op, r.Verdict.Outcome, r.Verdict.Reason, r.Verdict.ProviderCode)
}

// FieldError is one field of a request that is not acceptable.
type FieldError struct {
	// Field is the field's name as the caller writes it.
	Field string `json:"field"`
	// Given describes the value; subjects and secrets are described, never
	// repeated.
	Given string `json:"given"`
	// Allowed says what would have been accepted.
	Allowed string `json:"allowed"`
}

// InputError lists every field of a request that is not acceptable. Nothing
// was started.
type InputError struct {
	Journey Journey      `json:"journey"`
	Fields  []FieldError `json:"fields"`
}

// Error names each field, what was given and what is allowed.
func (e *InputError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = fmt.Sprintf("%s: given %s, allowed: %s", f.Field, f.Given, f.Allowed)
	}
	what := "input not acceptable: " + strings.Join(parts, "; ")
	if e.Journey == "" {
		return what // An operator's action that is about no journey.
	}
	return string(e.Journey) + ": " + what
}
