package delivery

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// scope names who measures.
const scope = "github.com/bioenroll/bioenroll/internal/delivery"

// The names of the metrics.
const (
	// AttemptSeconds is how long attempts took, by answer and by what became
	// of the delivery.
	AttemptSeconds = "bioenroll_event_attempt"
	// InFlight is how many attempts this process has under way.
	InFlight = "bioenroll_event_attempts_in_flight"
	// OldestSeconds is the age of the oldest event that waits to be delivered.
	OldestSeconds = "bioenroll_event_oldest_undelivered"
)

// The labels of an attempt. The receiver is none of them: its name is the
// operator's choice, and the log tells it.
const (
	labelAnswer  = attribute.Key("answer")
	labelOutcome = attribute.Key("outcome")
)

// measurements are what an operator's graphs are drawn from.
type measurements struct {
	attempts metric.Float64Histogram
	flying   metric.Int64UpDownCounter
	oldest   metric.Registration
}

// newMeasurements returns the instruments. The oldest event is asked for when
// somebody collects.
func newMeasurements(meters metric.MeterProvider, store Store) (m measurements, err error) {
	if meters == nil {
		meters = noop.NewMeterProvider()
	}
	meter := meters.Meter(scope)
	if m.attempts, err = meter.Float64Histogram(AttemptSeconds, metric.WithUnit("s"),
		metric.WithDescription("How long attempts to deliver outcome events took, by how they ended.")); err != nil {
		return m, fmt.Errorf("measure attempts: %w", err)
	}
	if m.flying, err = meter.Int64UpDownCounter(InFlight,
		metric.WithDescription("Attempts to deliver outcome events that are under way.")); err != nil {
		return m, fmt.Errorf("measure attempts under way: %w", err)
	}
	oldest, err := meter.Float64ObservableGauge(OldestSeconds, metric.WithUnit("s"),
		metric.WithDescription("Age of the oldest outcome event that waits to be delivered; 0 when none does."))
	if err != nil {
		return m, fmt.Errorf("measure what waits: %w", err)
	}
	if m.oldest, err = meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		ctx, cancel := context.WithTimeout(ctx, writeLimit)
		defer cancel()
		since, err := store.OldestDelivery(ctx)
		if err != nil {
			return fmt.Errorf("delivery: ask for the oldest event: %w", err)
		}
		age := 0.0
		if !since.IsZero() {
			age = max(0, time.Since(since).Seconds())
		}
		o.ObserveFloat64(oldest, age)
		return nil
	}, oldest); err != nil {
		return m, fmt.Errorf("measure what waits: %w", err)
	}
	return m, nil
}

// stop ends the questions to the store.
func (m measurements) stop() { _ = m.oldest.Unregister() }

func (m measurements) began(ctx context.Context) { m.flying.Add(ctx, 1) }

func (m measurements) over(ctx context.Context, took time.Duration, a answer, became string) {
	m.flying.Add(ctx, -1)
	m.attempts.Record(ctx, took.Seconds(), metric.WithAttributes(labelAnswer.String(a.class()), labelOutcome.String(became)))
}
