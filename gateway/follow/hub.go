// Package follow lets many watch the same journey for the price of one.
//
// A browser, a backend and an operator may look at one journey at once, each by
// a stream of events or a request that waits. What they see comes from one use
// of client.Follow: it starts with the first subscriber and ends with the last,
// or with the outcome. A subscriber has no queue. Whoever reads slowly finds the
// newest state and has missed those between, which no longer matter, and nobody
// waits for anybody else.
//
// What the hub holds is bounded. Every watched journey is a request that
// Temporal keeps open, and a server lets only so many of them be open.
package follow

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/bioenroll/bioenroll/enroll"
)

// The errors that callers branch on with errors.Is.
var (
	// ErrFull: the hub watches as many journeys, or serves as many subscribers,
	// as it may. Another hub may have room.
	ErrFull = errors.New("this gateway follows as many journeys as it may: try again later, or ask another one")
	// ErrCrowded: the journey has as many subscribers, or pages among them, as it
	// may.
	ErrCrowded = errors.New("this journey is followed by as many as may: end one of them first")
	// ErrClosed: the hub was closed.
	ErrClosed = errors.New("this gateway is shutting down: try again at once with another one")
)

// Journeys is where states come from; *client.Client is one.
type Journeys interface {
	// Follow yields the state of a journey at once and whenever it changes, up
	// to the outcome.
	Follow(ctx context.Context, id, runID string) iter.Seq2[enroll.State, error]
}

// Limits bound what a Hub holds. Each is at least 1.
type Limits struct {
	// Journeys is the most journeys watched at once, each of which is an open
	// request to Temporal.
	Journeys int
	// Subscribers is the most subscribers of all journeys together.
	Subscribers int
	// PerJourney is the most subscribers of one journey, and Pages the most among
	// them that are pages.
	PerJourney, Pages int
}

// DefaultLimits are 1000 journeys, 5000 subscribers, and 10 of one journey of
// which 4 may be pages. A Temporal frontend keeps 1200 long polls of histories
// open for a namespace unless it is told otherwise (frontend.namespaceCount), and
// all gateways and whoever waits for an outcome share them.
func DefaultLimits() Limits {
	return Limits{Journeys: 1000, Subscribers: 5000, PerJourney: 10, Pages: 4}
}

// Subscriber is who follows a journey.
type Subscriber int

// The kinds of subscribers.
const (
	// Trusted is whoever has an API key.
	Trusted Subscriber = iota
	// Page is a page in a browser. A person may open any number of them, and leaves
	// some of a journey's places to those who are trusted.
	Page
)

// Hub shares what is seen of journeys among their subscribers. It is safe for
// concurrent use.
type Hub struct {
	source Journeys
	limits Limits
	// running counts the watches that have not returned.
	running sync.WaitGroup

	mutex       sync.Mutex
	watches     map[name]*watch
	subscribers int
	closed      bool
}

// name is a run of a journey.
type name struct{ id, runID string }

// watch is one journey that is followed. The hub's mutex guards it.
type watch struct {
	name   name
	cancel context.CancelFunc
	// subscribers counts everybody, pages those that are pages.
	subscribers, pages int
	// state is the newest, and version its number; zero before the first.
	state   enroll.State
	version int
	// err is why nothing more will come.
	err error
	// changed is closed when state or err changes, and then replaced.
	changed chan struct{}
}

// New returns a hub on a source of states.
func New(source Journeys, limits Limits) *Hub {
	return &Hub{source: source, limits: limits, watches: map[name]*watch{}}
}

// Subscribe starts to follow a run of a journey; an empty runID means the
// subject's latest. The subscription outlives the context, whose values alone
// are used, and has to be closed.
//
// It returns ErrFull, ErrCrowded or ErrClosed. Whether there is such a journey
// is learned from the subscription.
func (h *Hub) Subscribe(ctx context.Context, id, runID string, who Subscriber) (*Subscription, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	w := h.watches[name{id, runID}]
	switch {
	case h.closed:
		return nil, ErrClosed
	case h.subscribers >= h.limits.Subscribers, w == nil && len(h.watches) >= h.limits.Journeys:
		return nil, ErrFull
	case w != nil && (w.subscribers >= h.limits.PerJourney || (who == Page && w.pages >= h.limits.Pages)):
		return nil, ErrCrowded
	case w == nil:
		w = h.watch(ctx, name{id, runID})
	}
	h.subscribers++
	w.subscribers++
	if who == Page {
		w.pages++
	}
	return &Subscription{hub: h, watch: w, who: who}, nil
}

// watch starts to follow a journey.
func (h *Hub) watch(ctx context.Context, journey name) *watch {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // It serves others when the first has gone.
	w := &watch{name: journey, cancel: cancel, changed: make(chan struct{})}
	h.watches[journey] = w
	h.running.Go(func() {
		for state, err := range h.source.Follow(ctx, journey.id, journey.runID) {
			if err != nil {
				h.end(w, err)
				return
			}
			h.publish(w, state)
		}
		h.end(w, nil)
	})
	return w
}

func (h *Hub) publish(w *watch, state enroll.State) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	w.state, w.version = state, w.version+1
	w.tell()
}

// end forgets a watch: whoever subscribes later starts another. Those who are
// there still read what it has.
func (h *Hub) end(w *watch, err error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.forget(w, err)
}

func (h *Hub) forget(w *watch, err error) {
	w.cancel()
	if w.err != nil {
		return // Nobody is left, or the hub was closed.
	}
	if w.err = err; err == nil {
		w.err = errConcluded
	}
	delete(h.watches, w.name)
	w.tell()
}

// errConcluded ends a watch that has told the outcome.
var errConcluded = errors.New("the journey has concluded")

// tell wakes everyone who waits for news. The hub's mutex is held.
func (w *watch) tell() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// Close ends all subscriptions with ErrClosed and returns when nothing is
// followed any more.
func (h *Hub) Close() {
	h.mutex.Lock()
	h.closed = true
	for _, w := range h.watches {
		h.forget(w, ErrClosed)
	}
	h.mutex.Unlock()
	h.running.Wait()
}
