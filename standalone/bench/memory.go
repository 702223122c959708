package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/bench/process"
	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// memory fills a fresh worker with journeys that wait, of the skeleton and then
// ours, and plays some beside them.
func (b *bench) memory(ctx context.Context) error {
	pace := enroll.DefaultPace()
	pace.HoldOff = 24 * time.Hour // Polls would go on while the memory is read.
	p, err := b.ours(authIDEnroll("authid.enroll, waiting", "waiting"), pace)
	if err != nil {
		return err
	}
	if err := b.fill(ctx, contender{report.Skeleton, b.skeleton(b.shapes[kindAuthIDEnroll])}, partBaselines); err != nil {
		return err
	}
	if err := b.fill(ctx, contender{report.Ours, p}, partWorker); err != nil {
		return err
	}
	fresh, err := b.ours(authIDEnroll("authid.enroll, beside", "beside"), enroll.DefaultPace())
	if err != nil {
		return err
	}
	waiting := b.waiting[len(b.waiting)-1]
	b.found.Beside, err = b.race(ctx, fmt.Sprintf("authid.enroll beside %d waiting", waiting),
		[]contender{{report.Ours, fresh}, {report.Skeleton, b.skeleton(b.shapes[kindAuthIDEnroll])}}, b.otherRounds)
	return err
}

// occupied is what worker and server occupy.
type occupied struct{ worker, server process.Usage }

// fill starts journeys that wait and reads the memory at each number.
func (b *bench) fill(ctx context.Context, c contender, part string) error {
	const warming = 20
	if err := b.restart(ctx, part); err != nil {
		return err
	}
	if err := b.startMany(ctx, c, warming); err != nil {
		return err
	}
	empty, err := b.occupied(ctx, part)
	if err != nil {
		return err
	}
	started := 0
	for _, waiting := range b.waiting {
		if err := b.startMany(ctx, c, waiting-started); err != nil {
			return err
		}
		started = waiting
		full, err := b.occupied(ctx, part)
		if err != nil {
			return err
		}
		m := each(c.variant, waiting, empty, full)
		b.found.Memory = append(b.found.Memory, m)
		b.progress("  %6d waiting, %-9s %.1f KiB live each", waiting, c.variant, m.Live/1024)
	}
	return nil
}

// occupied reads the memory after the caches have settled.
func (b *bench) occupied(ctx context.Context, part string) (occupied, error) {
	if err := pause(ctx, time.Second); err != nil {
		return occupied{}, err
	}
	worker, err := b.parts[part].Collect()
	if err != nil {
		return occupied{}, err
	}
	server, err := b.parts[partServer].Collect()
	return occupied{worker, server}, err
}

// each is what one of the waiting journeys adds.
func each(variant string, waiting int, empty, full occupied) report.Memory {
	share := func(before, after int64) float64 { return float64(after-before) / float64(waiting) }
	return report.Memory{
		Variant: variant, Waiting: waiting,
		Live:           share(empty.worker.Live, full.worker.Live),
		Resident:       share(empty.worker.Resident, full.worker.Resident),
		ServerResident: share(empty.server.Resident, full.server.Resident),
		Goroutines:     share(int64(empty.worker.Goroutines), int64(full.worker.Goroutines)),
	}
}

// startMany starts journeys that nobody finishes.
func (b *bench) startMany(ctx context.Context, c contender, count int) error {
	const atOnce = 40
	if err := c.prepare(ctx, count); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var left atomic.Int64
	left.Store(int64(count))
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for left.Add(-1) >= 0 && ctx.Err() == nil {
				if _, err := c.start(ctx); err != nil {
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}
