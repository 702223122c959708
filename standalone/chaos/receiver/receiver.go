// Package receiver is the backend that a fault campaign's outcome events are
// sent to: one that fails, hangs, forgets to answer and restarts, and remembers
// everything that ever arrived, so that it can be held against what was
// recorded.
package receiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
)

// bodyLimit is far more than an event has.
const bodyLimit = 64 << 10

// The answers that a receiver gives in bad times. What it lost or swallowed has
// arrived all the same: the sender cannot know.
const (
	fine      = "taken"
	failing   = "answered with an error"
	throttled = "asked to come back"
	lost      = "taken, the answer lost"
	hanging   = "no answer"
)

// Receiver takes outcome events on one address through all its lives.
type Receiver struct {
	address string
	heard   func(invariants.Arrival)

	mu       sync.Mutex
	random   *rand.Rand
	verifier *webhooks.Webhook
	bad      int // How many of a hundred requests go wrong.
	arrivals []invariants.Arrival
	server   *http.Server
	hang     chan struct{} // Closed when the life ends, so that what hangs lets go.
}

// Start starts a receiver on the port. It calls heard with each arrival. Until
// it is given a secret it believes nothing.
func Start(ctx context.Context, port int, seed uint64, heard func(invariants.Arrival)) (*Receiver, error) {
	r := &Receiver{
		address: fmt.Sprintf("127.0.0.1:%d", port), heard: heard,
		random: rand.New(rand.NewPCG(seed, 0)), //nolint:gosec // weather has to be repeatable
	}
	return r, r.Open(ctx)
}

// URL is where events are to be sent.
func (r *Receiver) URL() string { return "http://" + r.address + "/outcomes?token=receiver" }

// Trust gives the receiver the secret with which it verifies.
func (r *Receiver) Trust(secret enroll.Secret) error {
	verifier, err := webhooks.NewWebhook(secret.Reveal())
	if err != nil {
		return fmt.Errorf("receiver: read the secret: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verifier = verifier
	return nil
}

// Open begins a life.
func (r *Receiver) Open(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", r.address)
	if err != nil {
		return fmt.Errorf("receiver: listen: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hang = make(chan struct{})
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: 10 * time.Second}
	go r.server.Serve(listener) //nolint:errcheck // it ends when it is closed
	return nil
}

// Close ends a life at once: connections break, whatever they carry.
func (r *Receiver) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.server == nil {
		return nil
	}
	close(r.hang)
	err := r.server.Close()
	r.server = nil
	return err
}

// Worsen has a share of the requests, in percent, go wrong from now on.
func (r *Receiver) Worsen(share int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bad = share
}

// Arrivals returns everything that arrived, in order.
func (r *Receiver) Arrivals() []invariants.Arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.arrivals)
}

// take takes a request, and answers as the times are.
func (r *Receiver) take(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, bodyLimit))
	if err != nil {
		return // It never arrived.
	}
	arrival, hang := r.keep(request.Header, body)
	r.heard(arrival)
	switch arrival.Answer {
	case failing:
		w.WriteHeader(http.StatusInternalServerError)
	case throttled:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	case lost:
		panic(http.ErrAbortHandler)
	case hanging:
		select {
		case <-request.Context().Done():
		case <-hang:
		}
		panic(http.ErrAbortHandler)
	}
}

// keep remembers what arrived and draws what is answered.
func (r *Receiver) keep(header http.Header, body []byte) (arrival invariants.Arrival, hang <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	arrival = invariants.Arrival{
		At: time.Now(), ID: enroll.EventID(header.Get(webhooks.HeaderWebhookID)), Body: string(body), Answer: r.draw(),
	}
	arrival.Taken = arrival.Answer == fine
	if err := r.verify(header, body); err != nil {
		arrival.Refused = err.Error()
	}
	// One that cannot be read has no journey, and is found for that.
	_ = json.Unmarshal(body, &arrival.Event)
	r.arrivals = append(r.arrivals, arrival)
	return arrival, r.hang
}

var errNoSecret = errors.New("the receiver has no secret yet")

func (r *Receiver) verify(header http.Header, body []byte) error {
	if r.verifier == nil {
		return errNoSecret
	}
	return r.verifier.Verify(body, header)
}

func (r *Receiver) draw() string {
	if r.random.IntN(100) >= r.bad {
		return fine
	}
	return []string{failing, throttled, lost, hanging}[r.random.IntN(4)]
}
