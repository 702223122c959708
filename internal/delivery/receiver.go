package delivery

import "time"

// Cooldown says when a receiver is left alone as a whole, and for how long.
type Cooldown struct {
	// After is the number of failures in a row that begin it.
	After int
	// First is how long the first one lasts; each further one lasts twice as
	// long, up to Longest.
	First, Longest time.Duration
}

// DefaultCooldown returns the cool-down of production: a receiver that is back
// hears from us within five minutes.
func DefaultCooldown() Cooldown {
	return Cooldown{After: 5, First: 5 * time.Second, Longest: 5 * time.Minute}
}

// inFlight is how many requests to one receiver are under way at once, in one
// process.
const inFlight = 8

// receiver is what this process knows of a receiver. It is not kept: a process
// that starts anew learns it within a few attempts.
type receiver struct {
	// epoch is the receiver's own, in which the rest was learned.
	epoch int64
	// flying is how many requests are under way.
	flying int
	// full reports that there was no room when the last one began.
	full bool
	// failures is how many attempts in a row have failed.
	failures int
	// until is when the cool-down ends.
	until time.Time
	// unreadable reports that its address or secrets could not be decrypted, the
	// last time something was sent.
	unreadable bool
}

// room is how many requests more may be sent now: a single one to a receiver
// that has to show that it is back.
func (r *receiver) room(now time.Time, c Cooldown) int {
	switch {
	case now.Before(r.until):
		return 0
	case r.failures >= c.After:
		return max(0, 1-r.flying)
	default:
		return inFlight - r.flying
	}
}

// enter begins another epoch, in which nothing is known of the receiver, and
// reports whether it was left alone before.
func (r *receiver) enter(epoch int64, now time.Time, c Cooldown) bool {
	alone := r.failures >= c.After || now.Before(r.until)
	r.epoch, r.failures, r.until = epoch, 0, time.Time{}
	return alone
}

// heard counts an answer. A single failure among successes begins nothing: an
// event may be what the receiver cannot digest.
func (r *receiver) heard(a answer, now time.Time, c Cooldown, random float64) {
	switch a.verdict() {
	case delivered, gone:
		r.failures, r.until = 0, time.Time{}
		return
	case handBack:
		return
	case again:
	}
	known := now.Before(r.until) && r.failures >= c.After // One of those that were under way when it began.
	if !known {
		r.failures++
		if r.failures >= c.After {
			r.until = later(r.until, now.Add(jitter(c.length(r.failures-c.After), random)))
		}
	}
	if a.retryAfter > 0 { // It speaks for the receiver, not for one event.
		r.until = later(r.until, now.Add(a.retryAfter))
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// length is how long the n-th cool-down in a row lasts, counted from zero.
func (c Cooldown) length(n int) time.Duration {
	length := c.First
	for range n {
		if length *= 2; length >= c.Longest {
			return c.Longest
		}
	}
	return min(length, c.Longest)
}
