package access

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Kind is a kind of refusal.
type Kind string

// The kinds of refusals.
const (
	// Unauthenticated: no token, or none that is good; HTTP 401.
	Unauthenticated Kind = "unauthenticated"
	// TooMany: the caller, or the journey, has had its turns; HTTP 429.
	TooMany Kind = "too-many"
	// Unusable: the file of API keys cannot be used, so nobody can be told from
	// anybody; HTTP 503.
	Unusable Kind = "unusable"
)

// Error is a refusal.
type Error struct {
	// Kind says which.
	Kind Kind
	// Advice is a sentence for the caller. It repeats nothing of a token.
	Advice string
	// Wait is how long the caller has to wait before the same request is taken;
	// zero when waiting does not help.
	Wait time.Duration

	challenge string
	cause     error
}

// Error tells the kind, the advice and, for a log, the cause.
func (e *Error) Error() string {
	text := string(e.Kind) + ": " + e.Advice
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// SetHeaders sets the headers that HTTP wants with a refusal of the kind:
// WWW-Authenticate and Retry-After, the latter in whole seconds. A Retry-After
// that is there is taken out when waiting does not help.
func (e *Error) SetHeaders(head http.Header) {
	if e.challenge != "" {
		head.Set("WWW-Authenticate", e.challenge)
	}
	switch {
	case e.Wait > 0:
		head.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.Wait.Seconds()))))
	case e.Kind == TooMany:
		head.Del("Retry-After")
	}
}

// realm is what a client that asks its user for a token shows.
const realm = `Bearer realm="bioenroll gateway"`

// noToken says that there was none.
func noToken() *Error {
	return &Error{Kind: Unauthenticated, Advice: "Send an API key or a relay token: Authorization: Bearer TOKEN.", challenge: realm}
}

// wrongToken says that there was one, which is good for nothing.
func wrongToken(advice string) *Error {
	return &Error{Kind: Unauthenticated, Advice: advice, challenge: realm + `, error="invalid_token"`}
}
