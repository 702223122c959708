package client

import (
	"errors"

	"go.temporal.io/api/serviceerror"
)

// The errors that callers branch on with errors.Is.
var (
	// ErrConflict: another journey of the subject is alive at the provider.
	ErrConflict = errors.New("a journey of this subject is alive at this provider: wait for its end, cancel it, or repeat its own idempotency key")
	// ErrKeyReused: the idempotency key was used with another request.
	ErrKeyReused = errors.New("this idempotency key was used with another request: use a new key for a new request")
	// ErrNotFound: there is no such journey or record, or what was asked for
	// needs a history that is past retention.
	ErrNotFound = errors.New("no such journey: check the ID, or list journeys or records")
	// ErrNoAnswer: the journey was started, or may have been, and did not
	// answer in time.
	ErrNoAnswer = errors.New("no answer in time: see that a worker runs, then repeat with the same idempotency key to collect the answer")
	// ErrConcluded: the journey has ended, so there is nothing to cancel or
	// renew.
	ErrConcluded = errors.New("the journey has concluded already")
	// ErrOtherKeys: the worker could not read the request, or this client the
	// answer. The journey has failed and did nothing at the provider.
	ErrOtherKeys = errors.New("worker and client use different key files: give both the same BIOENROLL_KEY_FILE, then start again")
	// ErrHeld: an operator stopped new journeys at the provider. The error is a
	// *HeldError that says who and why.
	ErrHeld = errors.New("new journeys at this provider are on hold: start again once it is released")
	// ErrErasing: the subject is being erased.
	ErrErasing = errors.New("the subject is being erased: start again once that has concluded")
	// ErrNoRecords: the client was made without the records that Dial opens.
	ErrNoRecords = errors.New("this client has no records: give it those of the worker")
	// ErrNotUnknown: the journey has a definite outcome, or none yet.
	ErrNotUnknown = errors.New("only an unknown outcome can be resolved")
	// ErrResolved: the unknown outcome was resolved otherwise before.
	ErrResolved = errors.New("the outcome is resolved already, and that never changes")
	// ErrNoReceiver: there is no receiver of this name.
	ErrNoReceiver = errors.New("no such receiver: list the receivers, or add it")
	// ErrReceiverExists: there is a receiver of this name.
	ErrReceiverExists = errors.New("there is a receiver of this name: remove it first, or use another name")
	// ErrTooManyReceivers: every outcome is delivered to each, so there is a bound.
	ErrTooManyReceivers = errors.New("there are as many receivers as there may be: remove one first")
	// ErrTooManySecrets: several older secrets of the receiver are still valid.
	ErrTooManySecrets = errors.New("the receiver has as many valid secrets as it may have: wait until one ends, or end them at once")
	// ErrNoEvent: there is no outcome event of this ID, or no longer.
	ErrNoEvent = errors.New("no such outcome event: it goes with its record")
	// ErrNotRenewable: the journey does not wait for a person, or has been
	// renewed too often.
	ErrNotRenewable = errors.New("the hand-over cannot be renewed")
)

// unanswered is an error whose cause says nothing to people, such as the
// transport's word for a stream that was cut off. The message leaves it out;
// errors.Is and errors.As still find it, context.Canceled for one.
type unanswered struct {
	op          string
	kind, cause error
}

// Error tells what was tried and what to do about it.
func (e *unanswered) Error() string { return e.op + ": " + e.kind.Error() }

// Unwrap returns what callers branch on, and the cause.
func (e *unanswered) Unwrap() []error { return []error{e.kind, e.cause} }

// reason joins what was tried, an error that callers branch on, and the cause,
// which is not shown.
func reason(op string, kind, cause error) error {
	return &unanswered{op: op, kind: kind, cause: cause}
}

// isNotFound reports Temporal's answer for an execution that is unknown or
// closed.
func isNotFound(err error) bool {
	_, ok := errors.AsType[*serviceerror.NotFound](err)
	return ok
}
