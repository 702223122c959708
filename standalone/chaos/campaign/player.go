package campaign

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// The limits of the backend that is played here.
const (
	// callLimit bounds one call of the backend; it repeats the call.
	callLimit = 10 * time.Second
	// startPatience is how long a backend goes on repeating a start.
	startPatience = time.Minute
	// trespassLimit bounds a start that has to be refused.
	trespassLimit = 2 * time.Second
	// retryPause lies between two tries of the backend.
	retryPause = 250 * time.Millisecond
)

// player plays everybody around one journey: the backend, the frontend, the
// person and the operator.
type player struct {
	*system
	script script.Journey
	spec   enroll.Spec
	grace  time.Duration

	mu       sync.Mutex
	told     []invariants.Told
	timeline []invariants.Event
	resets   []string
	began    time.Time
	finished time.Time // when the person had finished and the hint was sent
	outcome  *enroll.Result
}

// note writes a line into the journey's timeline.
func (p *player) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timeline = append(p.timeline, invariants.Event{At: time.Now(), What: fmt.Sprintf(format, args...)})
}

// id is the workflow ID.
func (p *player) id() string { return p.system.id(p.spec.Provider, p.script.Subject) }

// What makes another key of a journey's.
const (
	otherKey = "-other" // Started while the journey lives.
	nextKey  = "-next"  // Started after its end.
)

// recordID names the record of the journey with the key, as package client
// derives it.
func (p *player) recordID(key string) enroll.RecordID {
	return enroll.RecordID(p.shared.Keys.Ref(p.id(), key, "record"))
}

// play takes the journey from its start to its end, or to the moment at which
// it should have ended.
func (p *player) play(ctx context.Context) error {
	if err := errors.Join(p.simulated.preload(ctx, p.script), p.simulated.strike(ctx, p.script.Faults...)); err != nil {
		return err
	}
	for _, fault := range p.script.Faults {
		p.note("fault ready: %s at %s, after %d, times %d", fault.Kind, fault.Match.Endpoint, fault.After, fault.Times)
	}
	p.began = time.Now()
	started, err := p.startWithTwins(ctx)
	if err != nil {
		p.note("the backend gave up starting: %v", err)
		started = client.Started{ID: p.id()} // It may have been started all the same.
	}
	if started.HandOver != nil {
		p.note("handed over until %s", started.Deadline.UTC().Format(time.TimeOnly))
		p.trespass(ctx, started.Deadline)
		p.live(ctx, started)
	}
	p.wait(ctx, started)
	p.afterwards(ctx)
	return ctx.Err()
}

// startWithTwins starts the journey from several callers at once.
func (p *player) startWithTwins(ctx context.Context) (client.Started, error) {
	var group sync.WaitGroup
	for range p.script.Twins {
		group.Go(func() {
			if _, err := p.begin(ctx); err != nil {
				p.note("a twin gave up starting: %v", err)
			}
		})
	}
	started, err := p.begin(ctx)
	group.Wait()
	return started, err
}

// begin starts the journey and keeps what it was told.
func (p *player) begin(ctx context.Context) (client.Started, error) {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	started, err := p.startUntilAnswered(ctx, p.script.Key)
	if err == nil {
		p.hear(started.RunID, started.Result)
	}
	return started, err
}

// startUntilAnswered repeats the start with the same key until it is answered,
// as a backend does whose own call got lost.
func (p *player) startUntilAnswered(ctx context.Context, key string) (client.Started, error) {
	for {
		limited, cancel := context.WithTimeout(ctx, callLimit)
		started, err := p.client.Start(limited, key, request(p.script, false))
		cancel()
		if err == nil || definite(err) {
			return started, err
		}
		p.note("start: %v", err)
		if sleep(ctx, retryPause) != nil {
			return started, err
		}
	}
}

// definite reports an answer that repeating would not change.
func definite(err error) bool {
	_, input := errors.AsType[*enroll.InputError](err)
	return input || errors.Is(err, client.ErrConflict) || errors.Is(err, client.ErrKeyReused) || errors.Is(err, client.ErrOtherKeys)
}

// hear keeps what a caller was told.
func (p *player) hear(runID string, result *enroll.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, invariants.Told{At: time.Now(), RunID: runID, Result: result})
}

// trespass starts what must be refused while the journey lives. The calls are
// short, so that none arrives after its end.
func (p *player) trespass(ctx context.Context, deadline time.Time) {
	if p.script.OtherKey && time.Until(deadline) > 2*trespassLimit {
		p.mustRefuse(ctx, "another key", p.script.Key+otherKey, request(p.script, false), client.ErrConflict)
	}
	if p.script.OtherBody {
		p.mustRefuse(ctx, "another body", p.script.Key, request(p.script, true), client.ErrKeyReused)
	}
}

func (p *player) mustRefuse(ctx context.Context, what, key string, asked client.Request, refusal error) {
	ctx, cancel := context.WithTimeout(ctx, trespassLimit)
	defer cancel()
	_, err := p.client.Start(ctx, key, asked)
	p.note("start with %s: %v", what, err)
	if err == nil {
		p.journal.surprise(fmt.Sprintf("%s: a start with %s was not refused with %q", p.script, what, refusal))
	}
}

// wait collects the outcome, however often the connection breaks.
func (p *player) wait(ctx context.Context, started client.Started) {
	until := started.Deadline
	if until.IsZero() {
		until = time.Now()
	}
	ctx, cancel := context.WithDeadline(ctx, until.Add(p.grace))
	defer cancel()
	for {
		limited, stop := context.WithTimeout(ctx, callLimit)
		result, err := p.client.Wait(limited, started.ID, p.runToWaitFor(started))
		stop()
		if err == nil {
			p.end(p.runToWaitFor(started), result)
			return
		}
		if errors.Is(err, client.ErrNotFound) || sleep(ctx, retryPause) != nil {
			p.note("gave up waiting: %v", err)
			return
		}
	}
}

// runToWaitFor is the run that was started, or the one that a reset made of it.
func (p *player) runToWaitFor(started client.Started) string {
	if len(p.resets) > 0 {
		return p.resets[len(p.resets)-1]
	}
	return started.RunID
}

func (p *player) end(runID string, result enroll.Result) {
	p.hear(runID, &result)
	p.note("the backend learned: %s %s", result.Outcome, result.Reason)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcome = &result
	if !p.finished.IsZero() {
		p.journal.recovered("outcome after the person finished", result.ConcludedAt.Sub(p.finished))
	}
}

// afterwards is what comes too late: hints, and the start repeated.
func (p *player) afterwards(ctx context.Context) {
	for range p.script.Hints.Late {
		p.hint(ctx, "late hint")
	}
	if p.script.ResetAt == script.ResetClosed {
		p.reset(ctx)
	}
	if p.script.Next {
		p.next(ctx)
	}
	if !p.script.Again {
		return
	}
	if again, err := p.begin(ctx); err == nil {
		p.note("started again with the same key: run %s", again.RunID)
	}
}

// next starts another journey of the subject, so that the first one's run is
// no longer the latest when its key is repeated. It may not change what the
// provider believes, so it follows only where nothing is left to remove.
func (p *player) next(ctx context.Context) {
	if p.outcome == nil || (p.outcome.Outcome != enroll.Removed && p.outcome.Reason != enroll.ReasonNotEnrolled) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	next, err := p.startUntilAnswered(ctx, p.script.Key+nextKey)
	p.note("another journey of the subject: run %s, %v", next.RunID, err)
	if err == nil {
		_, err = p.client.Wait(ctx, next.ID, next.RunID)
		p.note("the other journey has ended: %v", err)
	}
}

// definiteRenewal reports an answer that repeating would not change.
func definiteRenewal(err error) bool {
	return errors.Is(err, client.ErrNotRenewable) || errors.Is(err, client.ErrConcluded) || errors.Is(err, client.ErrNotFound)
}

// definiteCancel reports an answer that repeating would not change.
func definiteCancel(err error) bool {
	return errors.Is(err, client.ErrConcluded) || errors.Is(err, client.ErrNotFound)
}
