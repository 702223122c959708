package access

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

const (
	// MaxHints is how many hints a caller may send a journey. A frontend sends
	// one or two.
	MaxHints = 60
	// Grace is how long a relay token is good beyond its journey's wait: the
	// person still wants to know how it ended.
	Grace = 15 * time.Minute
	// countedJourneys is how many journeys' hints are counted at least.
	countedJourneys = 1 << 15
)

// Options are what an Access is made of. Rates that are zero set no limit.
type Options struct {
	// Keys are the API keys. Required.
	Keys *Keys
	// Signing are the keys of the installation, of which those for relay tokens
	// are taken. Required.
	Signing *keys.Keys
	// KeyRate is for each API key, RelayRate for the relay tokens of each journey.
	KeyRate, RelayRate Rate
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Access tells who asks. It is safe for concurrent use.
type Access struct {
	keys      *Keys
	ring      keys.Ring
	keyRate   *limiter
	relayRate *limiter
	hints     *counts
	now       func() time.Time
}

// New returns an Access.
func New(options Options) *Access {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Access{
		keys: options.Keys, ring: options.Signing.Relay(), now: options.Now,
		keyRate: newLimiter(options.KeyRate, options.Now), relayRate: newLimiter(options.RelayRate, options.Now),
		hints: newCounts(MaxHints, countedJourneys),
	}
}

// Authenticate tells who asks, and takes one of the caller's turns. It looks at
// headers only. The error is an *Error.
func (a *Access) Authenticate(r *http.Request) (Caller, error) {
	token, refused := bearer(r)
	if refused != nil {
		return Caller{}, refused
	}
	if strings.HasPrefix(token.Reveal(), relayPrefix) {
		caller, err := a.relay(token)
		if err != nil {
			return Caller{}, err
		}
		return caller, turn(a.relayRate, caller)
	}
	caller, err := a.keys.find(token)
	if err != nil {
		return Caller{}, err
	}
	return caller, turn(a.keyRate, caller)
}

// relay returns whose relay token it is.
func (a *Access) relay(token enroll.Secret) (Caller, error) {
	caller, err := verify(a.ring, purpose, token, a.now())
	if errors.Is(err, errExpired) {
		return Caller{}, wrongToken("The relay token has expired. The backend gets another one with the journey's hand-over.")
	}
	if err != nil {
		return Caller{}, wrongToken("This is no relay token of the gateway.")
	}
	return caller, nil
}

// bearer returns the one token of the request.
func bearer(r *http.Request) (enroll.Secret, *Error) {
	given := r.Header.Values("Authorization")
	if len(given) == 0 {
		return "", noToken()
	}
	scheme, token, _ := strings.Cut(given[0], " ")
	token = strings.TrimSpace(token)
	if len(given) > 1 || !strings.EqualFold(scheme, "bearer") || token == "" {
		return "", noToken()
	}
	return enroll.Secret(token), nil
}

// turn takes one of the caller's turns.
func turn(rate *limiter, caller Caller) error {
	if wait := rate.take(caller.String()); wait > 0 {
		return &Error{Kind: TooMany, Advice: "Too many requests came with this token; wait before the next one.", Wait: wait}
	}
	return nil
}

// Hint counts a hint that the caller is about to send to a run of a journey. The
// error is an *Error of the kind TooManyHints once there were MaxHints.
func (a *Access) Hint(caller Caller, journey, run string) error {
	if a.hints.add(caller.String() + " " + journey + "." + run) {
		return nil
	}
	return &Error{Kind: TooManyHints, Advice: "The journey was sent enough hints. It asks the provider by itself, too: read it instead."}
}

// Issue returns a relay token for a run of a journey. It is good until the
// journey's wait ends and for Grace after that, for nothing but this journey.
func (a *Access) Issue(journey, run string, until time.Time) enroll.Secret {
	return sign(a.ring, purpose, journey, run, until.Add(Grace))
}

// Known is how many API keys there are. The error tells what keeps them from
// being told apart.
func (a *Access) Known() (int, error) {
	holders, err := a.keys.list()
	return len(holders), err
}
