package delivery

import (
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// Options of a Dispatcher. DefaultOptions has those of production; what is
// measured and logged is for the caller to add.
type Options struct {
	// Transport says what may be connected to, and for how long.
	Transport Transport
	// Schedule holds the pauses between attempts.
	Schedule Schedule
	// Cooldown says when a receiver is left alone as a whole.
	Cooldown Cooldown
	// Lease is how long a claimed delivery belongs to this process. It is
	// longer than an attempt can take.
	Lease time.Duration
	// Look is the time between two looks for what is due, when no journey
	// of this process ends.
	Look time.Duration
	// Patience is how long attempts under way may go on when it is stopped.
	Patience time.Duration
	// Meters measure the attempts; nil measures nothing.
	Meters metric.MeterProvider
	// Log is told of what went wrong; never nil.
	Log *zap.Logger
}

// DefaultOptions returns the options of production, with a log that goes
// nowhere.
func DefaultOptions() Options {
	return Options{
		Schedule: DefaultSchedule(), Cooldown: DefaultCooldown(),
		Lease: time.Minute, Look: time.Second, Patience: attemptLimit,
		Log: zap.NewNop(),
	}
}
