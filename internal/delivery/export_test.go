package delivery

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/bioenroll/bioenroll/internal/records"
)

// RetryAfter reads the header of that name.
func RetryAfter(header string, now time.Time) time.Duration { return retryAfter(header, now) }

// Public reports whether an address is on the public internet.
func Public(address netip.Addr) bool { return public(address) }

// Sign puts the headers of Standard Webhooks on a request.
var Sign = sign

// Answer is what an attempt came to.
type Answer struct {
	Status     int
	Trouble    Trouble
	RetryAfter time.Duration
}

func (a Answer) inside() answer {
	return answer{status: a.Status, trouble: a.Trouble, retryAfter: a.RetryAfter}
}

// Verdict is what follows from the answer, in a word.
func (a Answer) Verdict() string {
	return map[verdict]string{again: "again", delivered: "delivered", gone: "gone", handBack: "hand back"}[a.inside().verdict()]
}

// Send makes one attempt.
func (s *Sender) Send(ctx context.Context, d records.Delivery) Answer {
	a := s.send(ctx, d)
	return Answer{a.status, a.trouble, a.retryAfter}
}

// Trust lets the sender believe the certificates that the client believes.
func (s *Sender) Trust(client *http.Client) {
	ours, _ := s.http.Transport.(*http.Transport)
	theirs, _ := client.Transport.(*http.Transport)
	ours.TLSClientConfig.RootCAs = theirs.TLSClientConfig.RootCAs
}

// Resolve has the sender resolve every name to the address.
func (s *Sender) Resolve(address string) {
	ours, _ := s.http.Transport.(*http.Transport)
	dial := ours.DialContext
	ours.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) { return dial(ctx, network, address) }
}

// StartWith starts a dispatcher whose attempts are made by send.
func StartWith(ctx context.Context, store Store, send func(context.Context, records.Delivery) Answer, options Options) (*Dispatcher, error) {
	return start(ctx, store, func(ctx context.Context, d records.Delivery) answer { return send(ctx, d).inside() }, options)
}

// The limits that tests measure against.
const (
	AttemptLimit = attemptLimit
	PerReceiver  = inFlight
)
