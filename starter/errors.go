package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// The exit codes. They are a promise: scripts branch on them.
const (
	exitDone      = 0 // Done; a journey that was waited for succeeded.
	exitFailed    = 1 // It could not be done: no connection, no answer, a check that failed.
	exitInput     = 2 // Bad input, usage or configuration. Nothing was started.
	exitNoSuccess = 3 // The journey ended, in an outcome other than success.
	exitConflict  = 4 // The state of things forbids it.
	exitNotFound  = 5 // There is no such journey, record, key, receiver or event.
	exitTimedOut  = 6 // The time for waiting is over; the journey goes on.
)

const exitHelp = `Exit codes:
  0  done; for 'start' and 'wait': the journey goes on, or ended in success
  1  it could not be done: no connection, no answer, a check that failed
  2  bad input, usage or configuration; nothing was started
  3  the journey ended in an outcome other than enrolled, captured or removed; something is
     left of an erasure that was waited for
  4  conflict: another journey of the person is alive at the provider, the idempotency
     key was used with another request, new journeys are on hold, the journey to cancel has
     concluded, the outcome to resolve is not unknown, the key to retire is needed, or there
     are a receiver of that name or as many of them as there may be
  5  no such journey, record, key, receiver or event
  6  the --timeout for waiting is over; the journey goes on`

// errTimedOut ends waiting, not the journey.
var errTimedOut = errors.New("the time for waiting is over, the journey goes on: wait again, or cancel it")

// errNoSuccess ends a command that reported an outcome other than success. It
// has no message of its own.
var errNoSuccess = errors.New("the journey did not end in success")

// usageError is a command line that cannot be understood.
type usageError struct{ problem, command string }

// Error tells the problem and where to learn more.
func (e *usageError) Error() string {
	return fmt.Sprintf("%s; see: %s --help", e.problem, e.command)
}

// flagError tells a flag that cannot be parsed as its input: the field, what
// was given and what is allowed.
func flagError(err error, command string) error {
	wrong, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return &usageError{problem: err.Error(), command: command}
	}
	allowed := map[string]string{"int": "a whole number", "bool": "true or false", "duration": "a time such as 90s"}[wrong.GetFlag().Value.Type()]
	if errors.Is(err, strconv.ErrRange) {
		allowed = "a whole number of at most 18 digits"
	}
	return &inputError{[]enroll.FieldError{{
		Field:   strings.ReplaceAll(wrong.GetFlag().Name, "-", "_"),
		Given:   strconv.Quote(wrong.GetValue()),
		Allowed: cmp.Or(allowed, "another form; see: "+command+" --help"),
	}}}
}

// inputError lists every input that is not acceptable.
type inputError struct{ fields []enroll.FieldError }

// Error names each input, what was given and what is allowed.
func (e *inputError) Error() string {
	lines := []string{"input not acceptable:"}
	for _, f := range e.fields {
		lines = append(lines, fmt.Sprintf("  %s: given %s, allowed: %s", f.Field, f.Given, f.Allowed))
	}
	return strings.Join(lines, "\n")
}

// startError keeps the idempotency key with the error, because whoever repeats
// the start needs it.
type startError struct {
	key string
	err error
}

// Error tells the cause and the key.
func (e *startError) Error() string { return fmt.Sprintf("%v\nidempotency key: %s", e.err, e.key) }

// Unwrap returns the cause.
func (e *startError) Unwrap() error { return e.err }

// failure is an error as programs read it.
type failure struct {
	Kind     string              `json:"kind"`
	Message  string              `json:"message"`
	ExitCode int                 `json:"exit_code"`
	Fields   []enroll.FieldError `json:"fields,omitempty"`
	// IdempotencyKey is the one to repeat a start with.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
}

// explain says what an error means for scripts: one line for each kind.
func explain(err error) failure {
	var (
		usage  *usageError
		ours   *inputError
		theirs *enroll.InputError
		wrong  *config.Error
	)
	switch {
	case errors.As(err, &theirs):
		ours = &inputError{theirs.Fields}
		return failure{Kind: "input", Message: ours.Error(), ExitCode: exitInput, Fields: ours.fields}
	case errors.As(err, &ours):
		return failure{Kind: "input", Message: err.Error(), ExitCode: exitInput, Fields: ours.fields}
	case errors.As(err, &usage):
		return failure{Kind: "usage", Message: err.Error(), ExitCode: exitInput}
	case errors.As(err, &wrong):
		return failure{Kind: "configuration", Message: err.Error(), ExitCode: exitInput}
	}
	for _, k := range []struct {
		err  error
		kind string
		code int
	}{
		{client.ErrConflict, "conflict", exitConflict},
		{client.ErrKeyReused, "key_reused", exitConflict},
		{client.ErrConcluded, "concluded", exitConflict},
		{client.ErrNotRenewable, "not_renewable", exitConflict},
		{client.ErrHeld, "held", exitConflict},
		{client.ErrErasing, "erasing", exitConflict},
		{client.ErrNotUnknown, "not_unknown", exitConflict},
		{client.ErrResolved, "resolved", exitConflict},
		{client.ErrReceiverExists, "receiver_exists", exitConflict},
		{client.ErrTooManyReceivers, "too_many_receivers", exitConflict},
		{client.ErrTooManySecrets, "too_many_secrets", exitConflict},
		{keys.ErrInUse, "key_in_use", exitConflict},
		{keys.ErrOneSubjectKey, "one_subject_key", exitConflict},
		{keys.ErrFull, "ring_full", exitConflict},
		{errKeyNeeded, "key_needed", exitConflict},
		{keys.ErrNoSuchKey, "not_found", exitNotFound},
		{client.ErrNotFound, "not_found", exitNotFound},
		{client.ErrNoReceiver, "not_found", exitNotFound},
		{client.ErrNoEvent, "not_found", exitNotFound},
		{client.ErrNoAnswer, "no_answer", exitFailed},
		{errTimedOut, "timed_out", exitTimedOut},
	} {
		if errors.Is(err, k.err) {
			return failure{Kind: k.kind, Message: err.Error(), ExitCode: k.code}
		}
	}
	return failure{Kind: "failed", Message: err.Error(), ExitCode: exitFailed}
}

// report tells the error, if any, and returns the exit code.
func (p *program) report(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errNoSuccess):
		return exitNoSuccess
	}
	told := explain(err)
	started, ok := errors.AsType[*startError](err)
	if ok && p.json {
		told.IdempotencyKey = started.key
	}
	if p.json {
		_ = writeJSON(p.stderr, map[string]failure{"error": told}) // Nobody is left to tell.
	} else {
		_, _ = fmt.Fprintln(p.stderr, "starter: "+told.Message)
	}
	return told.ExitCode
}

// sorted puts the problems of a request in the order of their names.
func sorted(fields []enroll.FieldError) []enroll.FieldError {
	return slices.SortedStableFunc(slices.Values(fields), func(a, b enroll.FieldError) int { return cmp.Compare(a.Field, b.Field) })
}
