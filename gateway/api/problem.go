package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/follow"
)

// Kind names a problem for good: it is the end of the problem's type URI.
type Kind string

// The kinds of problem. What each means to a caller is in kinds.
const (
	InvalidRequest       Kind = "invalid-request"
	Unauthenticated      Kind = "unauthenticated"
	Forbidden            Kind = "forbidden"
	NotFound             Kind = "not-found"
	MethodNotAllowed     Kind = "method-not-allowed"
	JourneyAlive         Kind = "journey-alive"
	SubjectErasing       Kind = "subject-erasing"
	JourneyConcluded     Kind = "journey-concluded"
	NotRenewable         Kind = "not-renewable"
	HandOverGone         Kind = "hand-over-gone"
	NotUnknown           Kind = "not-unknown"
	Resolved             Kind = "resolved"
	ReceiverExists       Kind = "receiver-exists"
	TooManyReceivers     Kind = "too-many-receivers"
	TooManySecrets       Kind = "too-many-secrets"
	TooManyHints         Kind = "too-many-hints"
	TooLarge             Kind = "too-large"
	UnsupportedMediaType Kind = "unsupported-media-type"
	InputRefused         Kind = "input-refused"
	KeyReused            Kind = "key-reused"
	TooManyRequests      Kind = "too-many-requests"
	Internal             Kind = "internal"
	OnHold               Kind = "on-hold"
	NoAnswer             Kind = "no-answer"
	Unavailable          Kind = "unavailable"
)

// typePrefix begins every type URI of a problem.
const typePrefix = "urn:bioenroll:problem:"

// meaning is what a kind of problem is over HTTP.
type meaning struct {
	status int
	title  string
	// after is the least that a caller waits before trying again; zero when
	// trying again does not help by itself.
	after time.Duration
}

// kinds is the one table from a kind of problem to HTTP.
func kinds() map[Kind]meaning {
	return map[Kind]meaning{
		InvalidRequest:       {http.StatusBadRequest, "The request cannot be understood", 0},
		Unauthenticated:      {http.StatusUnauthorized, "No valid credentials", 0},
		Forbidden:            {http.StatusForbidden, "Not allowed with this API key or relay token", 0},
		NotFound:             {http.StatusNotFound, "There is no such thing", 0},
		MethodNotAllowed:     {http.StatusMethodNotAllowed, "The method is not allowed here", 0},
		JourneyAlive:         {http.StatusConflict, "Another journey of the subject is alive at this provider", 0},
		SubjectErasing:       {http.StatusConflict, "The subject is being erased", 0},
		JourneyConcluded:     {http.StatusConflict, "The journey has concluded already", 0},
		NotRenewable:         {http.StatusConflict, "The hand-over cannot be renewed", 0},
		HandOverGone:         {http.StatusGone, "The journey has concluded, and its hand-over is gone", 0},
		NotUnknown:           {http.StatusConflict, "Only an unknown outcome can be resolved", 0},
		Resolved:             {http.StatusConflict, "The outcome was resolved otherwise before", 0},
		ReceiverExists:       {http.StatusConflict, "There is a receiver of this name", 0},
		TooManyReceivers:     {http.StatusConflict, "There are as many receivers as there may be", 0},
		TooManySecrets:       {http.StatusConflict, "The receiver has as many valid secrets as it may have", 0},
		TooManyHints:         {http.StatusConflict, "The journey was sent as many hints as it may be", 0},
		TooLarge:             {http.StatusRequestEntityTooLarge, "The request is too large", 0},
		UnsupportedMediaType: {http.StatusUnsupportedMediaType, "The content type is not supported", 0},
		InputRefused:         {http.StatusUnprocessableEntity, "The input is not acceptable", 0},
		KeyReused:            {http.StatusUnprocessableEntity, "The idempotency key was used with another request", 0},
		TooManyRequests:      {http.StatusTooManyRequests, "Too many requests", time.Second},
		Internal:             {http.StatusInternalServerError, "Something went wrong here", 0},
		OnHold:               {http.StatusServiceUnavailable, "New journeys at this provider are on hold", time.Minute},
		NoAnswer:             {http.StatusServiceUnavailable, "The journey did not answer in time", 2 * time.Second},
		Unavailable:          {http.StatusServiceUnavailable, "The service is unavailable", 5 * time.Second},
	}
}

// Problem is an error as a caller is told it: RFC 9457 in JSON.
type Problem struct { //nolint:errname // RFC 9457 calls it a problem
	// Type is the URI of the kind of problem. It never changes.
	Type string `json:"type"`
	// Title says in words what the type means.
	Title string `json:"title"`
	// Status is the HTTP status.
	Status int `json:"status"`
	// Detail says what is wrong this time, and what to do.
	Detail string `json:"detail,omitempty"`
	// Fields lists the fields that are not acceptable.
	Fields []enroll.FieldError `json:"fields,omitempty"`
	// Reason and ProviderCode say why the provider refused a renewal.
	Reason       enroll.Reason `json:"reason,omitempty"`
	ProviderCode string        `json:"provider_code,omitempty"`

	kind  Kind
	after time.Duration
	// refused is who was not let in; it knows the headers that go with that.
	refused *access.Error
	// cause is for the log. It is never written to the caller.
	cause error
}

// problem makes a problem of the kind with what is wrong this time.
func problem(kind Kind, detail string, args ...any) *Problem {
	m := kinds()[kind]
	return &Problem{
		Type: typePrefix + string(kind), Title: m.title, Status: m.status, Detail: fmt.Sprintf(detail, args...), kind: kind, after: m.after,
	}
}

// Error tells the kind and the detail.
func (p *Problem) Error() string { return string(p.kind) + ": " + p.Detail }

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.cause }

// because keeps what the log needs to know.
func (p *Problem) because(err error) *Problem {
	p.cause = err
	return p
}

// telling is what callers are told of an error of package client.
type telling struct {
	err    error
	kind   Kind
	detail string
}

// told lists the errors that callers can do something about.
func told() []telling {
	const full = "The gateway has no space left for what it is sent. Repeat the request; an operator has to mend that if it lasts."
	return []telling{
		{client.ErrNotFound, NotFound, "There is no such journey, record or erasure, or it was kept long enough."},
		{client.ErrNoReceiver, NotFound, "There is no such receiver."},
		{client.ErrNoEvent, NotFound, "There is no such outcome event, or it was kept long enough."},
		{client.ErrReceiverExists, ReceiverExists, "Remove it first, or use another name."},
		{client.ErrTooManyReceivers, TooManyReceivers, "Remove one first."},
		{client.ErrTooManySecrets, TooManySecrets, "Wait until an older one ends, or end them at once."},
		{client.ErrConflict, JourneyAlive, "Wait for its end, cancel it, or repeat the idempotency key that started it."},
		{client.ErrKeyReused, KeyReused, "Use a new key for a new request."},
		{client.ErrErasing, SubjectErasing, "Start again once the erasure has concluded."},
		{client.ErrHeld, OnHold, "An operator stopped new journeys at this provider. Start again later, with the same idempotency key."},
		{client.ErrConcluded, JourneyConcluded, "Read the journey: it has an outcome."},
		{client.ErrNotRenewable, NotRenewable, "The journey does not wait for a person, or has been renewed too often."},
		{client.ErrNotUnknown, NotUnknown, "The journey has a definite outcome, or none yet."},
		{client.ErrResolved, Resolved, "An outcome is resolved once."},
		{client.ErrNoAnswer, NoAnswer, "It may have started: repeat the request with the same idempotency key to collect the answer."},
		{client.ErrOtherKeys, Unavailable, "The gateway and the workers do not have the same keys. An operator has to mend that."},
		{client.ErrNoRecords, Unavailable, "The gateway has no records. An operator has to mend that."},
		{follow.ErrCrowded, TooManyRequests, "The journey is followed by as many as may: end one of the streams first."},
		{follow.ErrFull, Unavailable, "The gateway follows as many journeys as it may. Read the journey instead, or ask again later."},
		{follow.ErrClosed, Unavailable, "The gateway is shutting down. Repeat the request: another one answers."},
		{syscall.ENOSPC, Unavailable, full},
		{syscall.EDQUOT, Unavailable, full},
		{context.Canceled, Unavailable, "The request ended before the answer was known. Repeat it."},
		{context.DeadlineExceeded, Unavailable, "There was no answer in time. Repeat the request."},
	}
}

// problemOf makes a problem of any error. Those that callers can do something
// about say what; the rest say nothing, and the log has them.
func problemOf(err error) *Problem {
	if told, ok := errors.AsType[*Problem](err); ok {
		return told
	}
	if refused, ok := errors.AsType[*access.Error](err); ok {
		return notAdmitted(refused)
	}
	if refused, ok := errors.AsType[*enroll.InputError](err); ok {
		p := problem(InputRefused, "See the fields: each says what was given and what is allowed.")
		p.Fields = refused.Fields
		return p.because(err)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem(TooLarge, "Send less, or photos, samples and templates as parts of multipart/form-data.").because(err)
	}
	for _, known := range told() {
		if errors.Is(err, known.err) {
			return problem(known.kind, "%s", known.detail).because(err)
		}
	}
	if isDown(err) {
		return problem(Unavailable, "What the gateway relies on cannot be reached. Repeat the request.").because(err)
	}
	return problem(Internal, "The log of the gateway tells more.").because(err)
}

// notAdmitted makes a problem of a caller who is unknown or comes too often.
func notAdmitted(refused *access.Error) *Problem {
	kind := Internal
	switch refused.Kind {
	case access.Unauthenticated:
		kind = Unauthenticated
	case access.TooMany:
		kind = TooManyRequests
	case access.TooManyHints:
		kind = TooManyHints
	case access.Unusable:
		kind = Unavailable
	}
	p := problem(kind, "%s", refused.Advice).because(refused)
	p.refused = refused
	return p
}

// Tell answers with a problem of the kind, for handlers beside the API. The detail
// says what is wrong this time, and what to do.
func Tell(w http.ResponseWriter, kind Kind, detail string) { problem(kind, "%s", detail).tell(w) }

// tell writes the problem.
func (p *Problem) tell(w http.ResponseWriter) {
	head := w.Header()
	head.Set("Content-Type", "application/problem+json")
	if p.after > 0 {
		head.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.after.Seconds()))))
	}
	if p.refused != nil {
		p.refused.SetHeaders(head)
	}
	if p.Status == http.StatusUnauthorized && head.Get("WWW-Authenticate") == "" {
		head.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(p.Status)
	body, err := json.Marshal(p)
	if err == nil {
		_, _ = w.Write(append(body, '\n')) // A caller who is gone needs no answer.
	}
}
