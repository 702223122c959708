package page

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
)

// OutcomeEvents is the path at which the page's server is told outcomes, as a
// backend is that was added as a receiver.
const OutcomeEvents = "/outcome-events"

const (
	// mostTold bounds what is remembered of journeys that were told of.
	mostTold = 1000
	// maxEvent bounds the body of an outcome event, in bytes.
	maxEvent = 64 << 10
	// lateEvent is how long the page waits for an outcome event when all else has
	// been told.
	lateEvent = 10 * time.Second
)

// told are the outcome events that arrived, by the journey's ID, for the pages
// that show these journeys.
type told struct {
	mu     sync.Mutex
	events map[string][]step
	order  []string
	// news is closed and replaced when one arrives.
	news chan struct{}
}

// add remembers an event, in the place of what came first when there are many.
func (t *told) add(id string, s step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.events[id] == nil {
		if t.order = append(t.order, id); len(t.order) > mostTold {
			delete(t.events, t.order[0])
			t.order = t.order[1:]
		}
	}
	t.events[id] = append(t.events[id], s)
	close(t.news) // Who waits looks again.
	t.news = make(chan struct{})
}

// of returns what arrived for a journey, and a channel that is closed when
// there is more.
func (t *told) of(id string) ([]step, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.events[id]), t.news
}

// receive takes an outcome event: it verifies it, answers quickly, and shows it to
// whoever watches the journey.
func (p *Page) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if err != nil {
		problem(w, http.StatusBadRequest, "The event cannot be read.")
		return
	}
	if err := p.verifier.Verify(body, r.Header); err != nil {
		p.options.Log.Warn("an outcome event was not signed by us", zap.Error(err))
		problem(w, http.StatusUnauthorized, "The signature is not right.")
		return
	}
	var event enroll.OutcomeEvent
	if err := json.Unmarshal(body, &event); err != nil {
		problem(w, http.StatusBadRequest, "The event cannot be read.")
		return
	}
	p.told.add(event.Data.ID, step{
		At: time.Now(), Kind: "event", Name: string(event.Type), Detail: "told to the backend, with a valid signature: " + string(event.Data.Outcome),
	})
	w.WriteHeader(http.StatusNoContent)
}
