package webhook

import (
	"context"
	"sync"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

const (
	// workers look for the first time, and as many for the second time.
	workers = 4
	// maxQueued is how many operations wait for their first look, and for their
	// second one.
	maxQueued = 1000
	// pause is the time from the first to the second look. The server's index
	// learns of an operation about a second after the hand-over.
	pause = 1200 * time.Millisecond
	// patience bounds one look.
	patience = 5 * time.Second
	// stopPatience is for everything that is queued when the gateway stops.
	stopPatience = 5 * time.Second
)

// inquiry is an operation whose journey is looked for.
type inquiry struct {
	ctx       context.Context //nolint:containedctx // the trace of the call, which has been answered
	provider  enroll.Provider
	operation string
	// body is that of the call, as it is remembered.
	body digest
}

// pool looks for journeys, each once, and once more a moment later when there
// was none. What waits for its second look holds up no first one.
type pool struct {
	// look reports whether the journey was told.
	look func(ctx context.Context, i inquiry) (told bool, err error)
	// conclude learns of the last look, once for each inquiry.
	conclude func(i inquiry, told bool, err error)

	first           chan inquiry
	second          chan later
	looking, laters sync.WaitGroup
	stop            sync.Once
	over            chan struct{} // Closed when patience has ended.

	mu     sync.RWMutex
	closed bool
}

// later is an inquiry that is looked for once more.
type later struct {
	inquiry
	due time.Time
}

// start starts the workers. close ends them.
func (p *pool) start() {
	p.first, p.second, p.over = make(chan inquiry, maxQueued), make(chan later, maxQueued), make(chan struct{})
	for range workers {
		p.looking.Go(p.lookFirst)
		p.laters.Go(p.lookAgain)
	}
}

// put queues an inquiry, unless the queue is full or closed.
func (p *pool) put(i inquiry) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return false
	}
	select {
	case p.first <- i:
		return true
	default:
		return false
	}
}

func (p *pool) lookFirst() {
	for i := range p.first {
		told, err := p.try(i)
		if told {
			p.conclude(i, told, err)
			continue
		}
		select {
		case p.second <- later{i, time.Now().Add(pause)}:
		default: // Too many wait already; the backup poll asks for this one.
			p.conclude(i, told, err)
		}
	}
}

// lookAgain takes inquiries in their order, which is that of their times.
func (p *pool) lookAgain() {
	for i := range p.second {
		alarm := time.NewTimer(time.Until(i.due))
		select {
		case <-alarm.C:
		case <-p.over:
			alarm.Stop()
		}
		told, err := p.try(i.inquiry)
		p.conclude(i.inquiry, told, err)
	}
}

// try looks, unless patience has ended.
func (p *pool) try(i inquiry) (told bool, err error) {
	select {
	case <-p.over:
		return false, errStopped
	default:
	}
	ctx, cancel := context.WithTimeout(i.ctx, patience)
	defer cancel()
	return p.look(ctx, i)
}

// close takes nothing new and returns when what is queued has been looked for, or
// stopPatience has ended and with it the looks under way. It can be called more
// than once.
func (p *pool) close() {
	p.stop.Do(func() {
		p.mu.Lock()
		p.closed = true
		close(p.first)
		p.mu.Unlock()
		alarm := time.AfterFunc(stopPatience, func() { close(p.over) })
		defer alarm.Stop()
		p.looking.Wait()
		close(p.second)
		p.laters.Wait()
	})
}
