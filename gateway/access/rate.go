package access

import (
	"sync"
	"time"
)

// Rate is how often a caller may ask: Burst times at once, and once Every from
// then on. A zero Every lifts the limit.
type Rate struct {
	Every time.Duration
	Burst int
}

// maxCallers bounds how many callers are told apart. Beyond it, new ones share
// one turn.
const maxCallers = 1 << 16

// limiter lets callers ask at a rate each. A caller who was quiet for long
// enough to ask Burst times is forgotten, which makes no difference.
type limiter struct {
	rate Rate
	now  func() time.Time

	mu sync.Mutex
	// full is when each caller may ask Burst times again.
	full map[string]time.Time
	// swept is when callers were last forgotten.
	swept time.Time
}

func newLimiter(rate Rate, now func() time.Time) *limiter {
	return &limiter{rate: rate, now: now, full: map[string]time.Time{}}
}

// take takes one of the caller's turns, or returns how long there is none.
func (l *limiter) take(caller string) (wait time.Duration) {
	if l.rate.Every <= 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	slot := l.slot(caller, now)
	full := l.full[slot]
	if full.Before(now) {
		full = now
	}
	if wait := full.Sub(now) - time.Duration(l.rate.Burst-1)*l.rate.Every; wait > 0 {
		return wait
	}
	l.full[slot] = full.Add(l.rate.Every)
	return 0
}

// slot returns where a caller's turns are counted.
func (l *limiter) slot(caller string, now time.Time) string {
	if _, found := l.full[caller]; found || len(l.full) < maxCallers {
		return caller
	}
	// A full table that was just swept is not swept again: that would cost each
	// request a pass over all of it.
	if now.Sub(l.swept) < time.Second {
		return ""
	}
	l.swept = now
	for known, full := range l.full {
		if !full.After(now) {
			delete(l.full, known)
		}
	}
	if len(l.full) < maxCallers {
		return caller
	}
	return ""
}

// counts counts up to a limit for each name, in two generations: the older one
// is forgotten when the younger one is full.
type counts struct {
	limit, size int

	mu             sync.Mutex
	younger, older map[string]int
}

func newCounts(limit, size int) *counts {
	return &counts{limit: limit, size: size, younger: map[string]int{}}
}

// add counts once more and reports whether it was within the limit.
func (c *counts) add(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	count, found := c.younger[name]
	if !found {
		count = c.older[name]
		if len(c.younger) >= c.size {
			c.older, c.younger = c.younger, map[string]int{}
		}
	}
	c.younger[name] = min(count+1, c.limit+1)
	return count < c.limit
}
