package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// Retention is how long things are kept. A period of zero keeps them for good.
type Retention struct {
	// SealedLife is how long sealed bytes live whose journey could not delete
	// them.
	SealedLife time.Duration
	// Personal is how long the record of a journey that has concluded tells who
	// the person was.
	Personal time.Duration
	// Records is how long there is a record at all, from the journey's beginning.
	Records time.Duration
}

// SealedSweeper destroys old sealed bytes.
type SealedSweeper interface {
	// Sweep removes what was last written before the given time, and returns how
	// many pieces.
	Sweep(ctx context.Context, before time.Time) (int, error)
}

// Shelf is where records age.
type Shelf interface {
	// EmptyBefore empties records of everything personal.
	EmptyBefore(ctx context.Context, before time.Time) (int, error)
	// Sweep deletes records.
	Sweep(ctx context.Context, before time.Time) (int, error)
	// SweepErasures deletes the statements of erasures.
	SweepErasures(ctx context.Context, before time.Time) (int, error)
}

var (
	_ SealedSweeper = (*seal.Store)(nil)
	_ Shelf         = (*records.Store)(nil)
)

// Housekeeper holds the steps of housekeeping. They call no provider.
type Housekeeper struct {
	sealed    SealedSweeper
	records   Shelf
	retention Retention
}

// NewHousekeeper returns the steps on top of sealed store and records.
func NewHousekeeper(sealed SealedSweeper, kept Shelf, retention Retention) *Housekeeper {
	return &Housekeeper{sealed: sealed, records: kept, retention: retention}
}

// Register registers the steps under their names of package enroll.
func (h *Housekeeper) Register(r worker.ActivityRegistry) {
	register(r, enroll.SweepSealed, h.SweepSealed)
	register(r, enroll.EmptyRecords, h.EmptyRecords)
	register(r, enroll.SweepRecords, h.SweepRecords)
}

// SweepSealed destroys sealed bytes that outlived their journey. It is safe to
// repeat.
func (h *Housekeeper) SweepSealed(ctx context.Context, _ enroll.Nothing) (enroll.Swept, error) {
	swept, err := sweep(ctx, h.retention.SealedLife, h.sealed.Sweep)
	if err != nil {
		return enroll.Swept{}, failure(&enroll.Error{Op: "sweep sealed bytes", Kind: enroll.KindUnsealed, NotSent: true, Err: err})
	}
	return swept, nil
}

// EmptyRecords empties records of everything personal. It is safe to repeat.
func (h *Housekeeper) EmptyRecords(ctx context.Context, _ enroll.Nothing) (enroll.Swept, error) {
	swept, err := sweep(ctx, h.retention.Personal, h.records.EmptyBefore)
	if err != nil {
		return enroll.Swept{}, unrecorded(fmt.Errorf("empty records: %w", err))
	}
	return swept, nil
}

// SweepRecords deletes records, and the statements of erasures. It is safe to
// repeat.
func (h *Housekeeper) SweepRecords(ctx context.Context, _ enroll.Nothing) (enroll.Swept, error) {
	swept, err := sweep(ctx, h.retention.Records, h.records.Sweep, h.records.SweepErasures)
	if err != nil {
		return enroll.Swept{}, unrecorded(fmt.Errorf("sweep records: %w", err))
	}
	return swept, nil
}

// sweep removes what is older than the period, in every way that there is.
func sweep(ctx context.Context, period time.Duration, ways ...func(context.Context, time.Time) (int, error)) (enroll.Swept, error) {
	if period == 0 {
		return enroll.Swept{}, nil
	}
	swept := enroll.Swept{Before: time.Now().UTC().Add(-period)}
	for _, way := range ways {
		count, err := way(ctx, swept.Before)
		if err != nil {
			return enroll.Swept{}, err
		}
		swept.Count += count
	}
	return swept, nil
}
