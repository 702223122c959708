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
	// TooMany: the caller has had its turns for the moment; HTTP 429.
	TooMany Kind = "too-many"
	// TooManyHints: the caller has sent the journey MaxHints, and waiting does not
	// help; HTTP 409.
	TooManyHints Kind = "too-many-hints"
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
	// Wait is how long the caller has to wait before the same request is taken; it
	// comes with TooMany alone.
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
// WWW-Authenticate and Retry-After, the latter in whole seconds.
func (e *Error) SetHeaders(head http.Header) {
	if e.challenge != "" {
		head.Set("WWW-Authenticate", e.challenge)
	}
	if e.Wait > 0 {
		head.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.Wait.Seconds()))))
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
