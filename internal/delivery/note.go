package delivery

import (
	"context"
	"errors"
	mathrand "math/rand/v2"
	"time"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/internal/records"
)

// What became of a delivery, as metrics and log tell it.
const (
	becameDelivered = "delivered"
	becamePostponed = "postponed"
	becameGivenUp   = "given_up"
	becameGone      = "gone"
	becameReturned  = "returned"
)

// note writes down what came of an attempt and returns the word for it. When it
// cannot be written, the claim ends by itself, and the attempt is repeated.
func (d *Dispatcher) note(ctx context.Context, delivery records.Delivery, a answer) string {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	became, next, err := d.write(ctx, delivery, a)
	fields := []zap.Field{
		zap.String("event", string(delivery.Event)), zap.String("receiver", delivery.Receiver),
		zap.Int("attempt", delivery.Attempt), zap.String("answer", a.class()),
	}
	if a.status != 0 {
		fields = append(fields, zap.Int("status", a.status))
	}
	if errors.Is(err, records.ErrNotHeld) {
		d.log.Info("an attempt took longer than its claim; what came of it does not count", fields...)
		return becameReturned
	}
	if err != nil {
		d.log.Error("what came of an attempt could not be written down; it will be repeated", append(fields, zap.Error(err))...)
		return became
	}
	switch became {
	case becamePostponed:
		d.log.Info("an outcome event was not taken", append(fields, zap.Time("next", next))...)
	case becameGivenUp:
		d.log.Warn("an outcome event is given up; it can be redelivered", fields...)
	case becameGone:
		d.log.Warn("a receiver wants no outcome events any more (410); it can be resumed", fields...)
	default:
		d.log.Debug("an outcome event was sent", fields...)
	}
	return became
}

func (d *Dispatcher) write(ctx context.Context, delivery records.Delivery, a answer) (became string, next time.Time, err error) {
	attempt := records.Attempt{Status: a.status, Trouble: string(a.trouble)}
	switch a.verdict() {
	case delivered:
		return becameDelivered, next, d.store.Delivered(ctx, delivery, attempt)
	case gone:
		return becameGone, next, d.store.Gone(ctx, delivery, attempt)
	case handBack:
		return becameReturned, next, d.store.HandBack(ctx, delivery)
	case again:
	}
	pause, more := d.options.Schedule.Pause(delivery.Attempt, mathrand.Float64()) //nolint:gosec // it spreads load
	if !more {
		return becameGivenUp, next, d.store.GiveUp(ctx, delivery, attempt)
	}
	next = time.Now().Add(max(pause, a.retryAfter))
	return becamePostponed, next, d.store.Postpone(ctx, delivery, attempt, next)
}
