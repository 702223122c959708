package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Answer is what a provider answered: a status, and a body that was read
// whole. It is up to the provider's client to say what it means.
type Answer struct {
	// Status is the HTTP status, any number of three digits.
	Status int
	// Skew is how far the provider's clock is ahead of ours, to the second,
	// by its Date header; zero when it sent none.
	Skew time.Duration

	op     string
	once   bool
	body   []byte
	hidden *redactor
	wait   time.Duration
}

// Empty reports whether the body holds nothing: no bytes, white space, or the
// JSON value null.
func (a *Answer) Empty() bool {
	trimmed := bytes.TrimSpace(a.body)
	return len(trimmed) == 0 || string(trimmed) == "null"
}

// Text returns the body as it came.
func (a *Answer) Text() string { return string(a.body) }

// Decode reads the body, which must be exactly one JSON value of the target's
// shape. Fields that the target does not know are ignored, because providers
// add fields; whether those it needs are there is the caller's to check. The
// error is that of Unexpected.
func (a *Answer) Decode(target any) error {
	err := json.Unmarshal(a.body, target)
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return a.Unexpected("", fmt.Sprintf("field %s holds another type than documented", wrong.Field))
	}
	return a.Unexpected("", "the answer is not the JSON value that is documented")
}

// Peek reads the body like Decode and reports whether that worked. It is for
// bodies of errors, whose status alone says enough.
func (a *Answer) Peek(target any) bool { return json.Unmarshal(a.body, target) == nil }

// Message makes the provider's own text fit for an operator: secrets, subjects
// and whatever is longer than a word hidden, control characters stripped, 200
// characters at most. Still it is for those only who may read the journey: it
// belongs in no log.
func (a *Answer) Message(text string) string { return a.hidden.said(text) }

// Code returns a provider's code, and the HTTP status where there is none or
// something else has its place: a code is up to 64 letters, digits and
// _ . : = - without a secret or a subject in it.
func (a *Answer) Code(code string) string {
	if code = a.hidden.code(code); code == "" {
		return strconv.Itoa(a.Status)
	}
	return code
}

// Failure is the error for an answer that the provider's own table gives no
// meaning: the kind follows from the HTTP status.
//
//	401                     KindDenied
//	429                     KindThrottled, with Retry-After
//	408, 5xx                KindUnavailable, with Retry-After
//	any other 4xx           KindInvalid
//	anything else           KindUnexpected
//
// For a once-only call KindUnavailable and KindUnexpected become KindLost: the
// effect may have happened.
func (a *Answer) Failure(code, message string) error {
	kind := kindOf(a.Status)
	if a.once && (kind == enroll.KindUnavailable || kind == enroll.KindUnexpected) {
		kind = enroll.KindLost
	}
	return a.FailureOf(kind, code, message)
}

// FailureOf is the error for an answer that the provider's own table ties to
// a kind, also for a once-only call. The message is the provider's own.
func (a *Answer) FailureOf(kind enroll.Kind, code, message string) error {
	failed := &enroll.Error{Op: a.op, Kind: kind, Code: a.Code(code), Said: a.Message(message)}
	if kind == enroll.KindThrottled || kind == enroll.KindUnavailable {
		failed.RetryAfter = a.wait
	}
	return failed
}

// Unexpected is the error for an answer that cannot be read or contradicts
// what was asked: KindUnexpected, and KindLost for a once-only call. The
// message is ours and holds nothing of the answer.
func (a *Answer) Unexpected(code, message string) error {
	kind := enroll.KindUnexpected
	if a.once {
		kind = enroll.KindLost
	}
	return &enroll.Error{Op: a.op, Kind: kind, Code: a.Code(code), Message: message}
}

// Refusal is the provider's definite "no". Code and message of the verdict are
// the provider's own and are cleaned here.
func (a *Answer) Refusal(verdict enroll.Verdict) error {
	return &enroll.Refusal{Op: a.op, Verdict: a.Verdict(verdict)}
}

// Verdict cleans the provider's own code and message in a verdict.
func (a *Answer) Verdict(verdict enroll.Verdict) enroll.Verdict {
	verdict.ProviderCode = a.Code(verdict.ProviderCode)
	verdict.Message = a.Message(verdict.Message)
	return verdict
}

// kindOf is what a status means where a provider does not say otherwise.
func kindOf(status int) enroll.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return enroll.KindDenied
	case status == http.StatusTooManyRequests:
		return enroll.KindThrottled
	case status == http.StatusRequestTimeout, status >= 500 && status <= 599:
		return enroll.KindUnavailable
	case status >= 400 && status <= 499:
		return enroll.KindInvalid
	}
	return enroll.KindUnexpected
}

// retryAfter reads a Retry-After header, in seconds or as a date, and bounds
// it. It is zero when there is none or it cannot be read.
func retryAfter(header string, now time.Time, limit time.Duration) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, limit)
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(at.Sub(now), 0), limit)
	}
	return 0
}

// skew compares a Date header with our clock.
func skew(header string, now time.Time) time.Duration {
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return at.Sub(now).Round(time.Second)
}
