package delivery

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/internal/records"
)

const (
	// gather is the least time between two looks for what is due when journeys
	// end one after the other: what is claimed together costs one transaction.
	gather = 50 * time.Millisecond
	// writeLimit bounds writing down what came of an attempt.
	writeLimit = 5 * time.Second
)

// Store is where deliveries are kept.
type Store interface {
	// Woken receives when this process wrote something that is due.
	Woken() <-chan struct{}
	// ClaimDeliveries gives the claimer deliveries that are due, those to the
	// skipped receivers left out, and tells when the next one will be. One that
	// is skipped in an epoch that is over is not left out.
	ClaimDeliveries(ctx context.Context, claimer records.Claimer, limit int, skip []records.Skip) ([]records.Delivery, time.Time, error)
	// Delivered writes down that the receiver has the event.
	Delivered(ctx context.Context, d records.Delivery, attempt records.Attempt) error
	// Postpone writes down that the attempt failed, and when the next one is.
	Postpone(ctx context.Context, d records.Delivery, attempt records.Attempt, until time.Time) error
	// GiveUp writes down that the last attempt failed.
	GiveUp(ctx context.Context, d records.Delivery, attempt records.Attempt) error
	// Gone writes down that the receiver wants nothing more.
	Gone(ctx context.Context, d records.Delivery, attempt records.Attempt) error
	// HandBack ends a claim as if it had not been made.
	HandBack(ctx context.Context, d records.Delivery) error
	// OldestDelivery tells since when the oldest event waits to be delivered;
	// the zero time when none does.
	OldestDelivery(ctx context.Context) (time.Time, error)
}

var _ Store = (*records.Store)(nil)

// Dispatcher delivers what is due until it is stopped. Several, in one process
// or many, share a store.
type Dispatcher struct {
	store   Store
	send    func(context.Context, records.Delivery) answer
	options Options
	claimer records.Claimer
	measure measurements
	log     *zap.Logger

	halt    chan struct{}
	ended   chan struct{}
	results chan result
	once    sync.Once

	// What follows belongs to the loop.
	receivers map[string]*receiver
	flying    int
	blind     bool // The last look failed.
}

// result is an attempt that has ended.
type result struct {
	receiver string
	epoch    int64
	answer   answer
}

// Start starts a dispatcher. It goes on when the context ends, until Stop.
func Start(ctx context.Context, store Store, options Options) (*Dispatcher, error) {
	return start(ctx, store, NewSender(options.Transport).send, options)
}

func start(ctx context.Context, store Store, send func(context.Context, records.Delivery) answer, options Options) (*Dispatcher, error) {
	measure, err := newMeasurements(options.Meters, store)
	if err != nil {
		return nil, fmt.Errorf("delivery: start: %w", err)
	}
	d := &Dispatcher{
		store: store, send: send, options: options, measure: measure, log: options.Log,
		claimer: records.Claimer{ID: rand.Text(), Lease: options.Lease},
		halt:    make(chan struct{}), ended: make(chan struct{}), results: make(chan result),
		receivers: map[string]*receiver{},
	}
	go d.run(context.WithoutCancel(ctx))
	return d, nil
}

// Stop ends the dispatcher: it claims nothing more, lets attempts under way end
// for as long as the options say, and hands back what has not ended by then. It
// can be called more than once.
func (d *Dispatcher) Stop() {
	d.once.Do(func() { close(d.halt) })
	<-d.ended
}

// run is the loop. Everything but the attempts themselves happens in it.
func (d *Dispatcher) run(ctx context.Context) {
	defer close(d.ended)
	defer d.measure.stop()
	sending, cancel := context.WithCancel(ctx)
	defer cancel()
	looked, next := time.Time{}, time.Now()
	for {
		timer := time.NewTimer(time.Until(next))
		select {
		case <-d.halt:
			timer.Stop()
			d.drain(cancel)
			return
		case <-d.store.Woken():
			next = earlier(next, looked.Add(gather))
		case ended := <-d.results:
			if d.heard(ended) {
				next = time.Now()
			}
		case <-timer.C:
			looked = time.Now()
			next = d.look(ctx, sending)
		}
		timer.Stop()
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// look claims and sends what is due, as far as there is room, and returns when
// to look again.
func (d *Dispatcher) look(ctx, sending context.Context) time.Time {
	for {
		limit, skip := d.room(time.Now())
		due, next, err := d.claim(ctx, limit, skip)
		if err != nil {
			return time.Now().Add(d.options.Look)
		}
		for _, delivery := range due {
			d.launch(ctx, sending, delivery)
		}
		if more := !next.IsZero() && !next.After(time.Now()); len(due) == 0 || !more {
			return d.nextLook(next)
		}
	}
}

// claim claims what is due. A store that does not answer is told of once.
func (d *Dispatcher) claim(ctx context.Context, limit int, skip []records.Skip) ([]records.Delivery, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	due, next, err := d.store.ClaimDeliveries(ctx, d.claimer, limit, skip)
	switch {
	case err != nil && !d.blind:
		d.log.Error("the records do not tell what is to be delivered; outcome events wait", zap.Error(err))
	case err == nil && d.blind:
		d.log.Info("the records tell again what is to be delivered")
	}
	d.blind = err != nil
	return due, next, err
}

// room returns how many deliveries may be claimed at once, whoever they are
// for, and the receivers for which there is no room at all. One that has a
// little room bounds the number for all, for one round: then it is full, or has
// nothing that is due. One that is left alone has room in another epoch.
func (d *Dispatcher) room(now time.Time) (limit int, skip []records.Skip) {
	limit = inFlight
	for name, r := range d.receivers {
		room, most := r.room(now, d.options.Cooldown), inFlight-r.flying
		switch {
		case most <= 0:
			skip = append(skip, records.Skip{Receiver: name})
		case room == 0:
			skip = append(skip, records.Skip{Receiver: name, Epoch: r.epoch})
			limit = min(limit, most)
		default:
			limit = min(limit, room)
		}
	}
	return limit, skip
}

// nextLook returns when to look again: when the next delivery is due or a
// cool-down ends, and soon in any case, because other processes write, too.
func (d *Dispatcher) nextLook(due time.Time) time.Time {
	now := time.Now()
	next := now.Add(d.options.Look)
	if !due.IsZero() {
		next = earlier(next, due)
	}
	for _, r := range d.receivers {
		if now.Before(r.until) {
			next = earlier(next, r.until)
		}
	}
	return later(next, now.Add(gather)) // A clock that is late must not make this a busy loop.
}

// launch makes an attempt beside the loop.
func (d *Dispatcher) launch(ctx, sending context.Context, delivery records.Delivery) {
	r := d.receivers[delivery.Receiver]
	if r == nil {
		r = &receiver{epoch: delivery.Epoch}
		d.receivers[delivery.Receiver] = r
	}
	if r.epoch != delivery.Epoch && r.enter(delivery.Epoch, time.Now(), d.options.Cooldown) {
		d.log.Info("a receiver that was left alone is asked again, as an operator wants", zap.String("receiver", delivery.Receiver))
	}
	d.read(r, delivery)
	r.flying++
	d.flying++
	r.full = r.room(time.Now(), d.options.Cooldown) == 0
	d.measure.began(ctx)
	go func() {
		began := time.Now()
		answer := d.send(sending, delivery)
		became := d.note(ctx, delivery, answer)
		d.measure.over(ctx, time.Since(began), answer, became)
		d.results <- result{delivery.Receiver, delivery.Epoch, answer}
	}()
}

// read tells of a receiver that cannot be decrypted: once, until it can.
func (d *Dispatcher) read(r *receiver, delivery records.Delivery) {
	unreadable := delivery.Unreadable != nil
	if unreadable && !r.unreadable {
		d.log.Error("the address or the secrets of a receiver cannot be decrypted; it is sent nothing until its key is in the key file again, or it is removed and added",
			zap.String("receiver", delivery.Receiver), zap.Error(delivery.Unreadable))
	}
	r.unreadable = unreadable
}

// heard takes an attempt that has ended into account, and reports whether there
// is room again for its receiver: for several, so that they are claimed together.
func (d *Dispatcher) heard(ended result) bool {
	r, now := d.receivers[ended.receiver], time.Now()
	cooling := r.failures >= d.options.Cooldown.After
	r.flying--
	d.flying--
	if ended.epoch == r.epoch { // Otherwise it tells of a time that does not count.
		r.heard(ended.answer, now, d.options.Cooldown, mathrand.Float64()) //nolint:gosec // it spreads load
	}
	switch cools := r.failures >= d.options.Cooldown.After; {
	case cools && !cooling:
		d.log.Warn("a receiver fails again and again, and is left alone for a while",
			zap.String("receiver", ended.receiver), zap.String("answer", ended.answer.class()), zap.Time("until", r.until))
	case cooling && !cools:
		d.log.Info("a receiver answers again", zap.String("receiver", ended.receiver))
	}
	again := r.full && r.room(now, d.options.Cooldown) >= inFlight/2
	r.full = r.full && !again
	if r.flying == 0 && r.failures == 0 {
		delete(d.receivers, ended.receiver) // Nothing is known of it that a new one would not have.
	}
	return again
}

// drain waits for the attempts under way, and ends them when that takes too
// long.
func (d *Dispatcher) drain(cancel context.CancelFunc) {
	late := time.AfterFunc(d.options.Patience, cancel)
	defer late.Stop()
	for d.flying > 0 {
		d.heard(<-d.results)
	}
}
