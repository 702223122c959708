package campaign

import (
	"maps"
	"sync"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
)

// journal keeps what was done to the system as a whole. It is written from many
// goroutines.
type journal struct {
	mu        sync.Mutex
	done      map[string]int
	damages   []invariants.Damage
	surprises []string
	slowest   map[string]time.Duration
}

func newJournal() *journal {
	return &journal{done: map[string]int{}, slowest: map[string]time.Duration{}}
}

// count notes that a disturbance happened.
func (j *journal) count(what string) { j.counts(what, 1) }

func (j *journal) counts(what string, n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done[what] += n
}

// damage notes a span in which answers could be lost; no provider means all.
func (j *journal) damage(what string, provider enroll.Provider, from, to time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.damages = append(j.damages, invariants.Damage{What: what, Provider: provider, From: from, To: to})
}

// surprise notes what nobody had asked for, such as a worker that ended by
// itself.
func (j *journal) surprise(what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.surprises = append(j.surprises, what)
}

// recovered notes how long something took to work again.
func (j *journal) recovered(what string, after time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.slowest[what] = max(j.slowest[what], after)
}

// tally returns a copy of the counts.
func (j *journal) tally() map[string]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.done)
}
