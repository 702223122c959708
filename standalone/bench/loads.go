package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/bench/measure"
	"github.com/bioenroll/bioenroll/standalone/bench/process"
	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// most is more journeys a second than two cores get through; subjects are
// prepared for as many.
const most = 150

// loads keeps a number of journeys under way and counts those that end. The
// variants take turns in blocks.
func (b *bench) loads(ctx context.Context) error {
	pace := enroll.DefaultPace()
	pace.HoldOff = time.Minute // On a slow machine a journey would take longer than 5 s, and poll; its skeleton would not.
	p, err := b.ours(authIDEnroll("authid.enroll, load", "load"), pace)
	if err != nil {
		return err
	}
	contenders := []contender{{report.Ours, p}, {report.Skeleton, b.skeleton(b.shapes[kindAuthIDEnroll])}, {report.Bare, b.bare()}}
	for _, concurrent := range b.concurrent {
		rates, costs := make([][]float64, len(contenders)), make([]cpuTimes, len(contenders))
		for block := range b.blocks {
			for turn := range contenders {
				i := (block + turn) % len(contenders)
				measured, err := b.block(ctx, contenders[i], concurrent)
				if err != nil {
					return err
				}
				rates[i] = append(rates[i], measured.rate)
				costs[i].add(measured.cpu, measured.count)
			}
		}
		for i, c := range contenders {
			load := report.Load{Variant: c.variant, Concurrent: concurrent, PerSecond: measure.Median(rates[i]), Blocks: rates[i], CPU: costs[i].each()}
			b.found.Loads = append(b.found.Loads, load)
			b.progress("  %3d at once, %-9s %6.1f journeys/s", concurrent, c.variant, load.PerSecond)
		}
	}
	return nil
}

// measuredBlock is what one block found.
type measuredBlock struct {
	rate  float64
	count int
	cpu   map[string]time.Duration
}

// block keeps journeys under way, and measures once the load is steady: when
// as many have ended as run at once.
func (b *bench) block(ctx context.Context, c contender, concurrent int) (measuredBlock, error) {
	if err := c.prepare(ctx, 2*concurrent+most*int(b.window/time.Second+6)); err != nil {
		return measuredBlock{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := flow{player: c.player, steady: make(chan struct{}), after: int64(concurrent), fail: cancel}
	f.begin(ctx, concurrent)
	measured, err := b.watch(ctx, &f, c.variant)
	f.end()
	if broken := context.Cause(ctx); broken != nil {
		return measured, broken
	}
	return measured, err
}

// watch measures a flow for the length of the window.
func (b *bench) watch(ctx context.Context, f *flow, variant string) (measuredBlock, error) {
	select {
	case <-f.steady:
	case <-ctx.Done():
		return measuredBlock{}, context.Cause(ctx)
	}
	endProfiles, err := b.profileParts(variant)
	if err != nil {
		return measuredBlock{}, err
	}
	before, err := b.cpu()
	if err != nil {
		return measuredBlock{}, err
	}
	began, already := time.Now(), f.ended.Load()
	if err := pause(ctx, b.window); err != nil {
		return measuredBlock{}, err
	}
	count, took := f.ended.Load()-already, time.Since(began)
	after, err := b.cpu()
	if err != nil {
		return measuredBlock{}, err
	}
	for part, used := range before {
		after[part] -= used
	}
	return measuredBlock{rate: float64(count) / took.Seconds(), count: int(count), cpu: after}, endProfiles()
}

// flow keeps a number of journeys under way.
type flow struct {
	player
	after  int64 // journeys that have to end first
	steady chan struct{}
	ended  atomic.Int64
	over   atomic.Bool
	group  sync.WaitGroup
	fail   context.CancelCauseFunc // ends the whole flow
}

func (f *flow) begin(ctx context.Context, concurrent int) {
	for range concurrent {
		f.group.Go(func() {
			for !f.over.Load() {
				if err := f.one(ctx); err != nil {
					f.fail(err)
					return
				}
			}
		})
	}
}

func (f *flow) one(ctx context.Context) error {
	j, err := f.start(ctx)
	if err != nil {
		return err
	}
	if _, err := j.finish(ctx); err != nil {
		return err
	}
	if f.ended.Add(1) == f.after {
		close(f.steady)
	}
	return nil
}

// end waits for the journeys under way.
func (f *flow) end() {
	f.over.Store(true)
	f.group.Wait()
}

// cpuTimes adds up processor time.
type cpuTimes struct {
	used  map[string]time.Duration
	count int
}

func (c *cpuTimes) add(used map[string]time.Duration, count int) {
	if c.used == nil {
		c.used = map[string]time.Duration{}
	}
	for part, spent := range used {
		c.used[part] += spent
	}
	c.count += count
}

// each is the time of one journey, in milliseconds.
func (c *cpuTimes) each() map[string]float64 {
	each := map[string]float64{}
	for part, used := range c.used {
		each[part] = measure.Ratio(measure.Milliseconds(used), float64(c.count))
	}
	return each
}

// cpu is the processor time of every part so far, and of the caller.
func (b *bench) cpu() (map[string]time.Duration, error) {
	own, err := process.Own()
	if err != nil {
		return nil, err
	}
	times := map[string]time.Duration{"caller": own.CPU}
	for name, part := range b.parts {
		used, err := part.Usage()
		if err != nil {
			return nil, err
		}
		times[name] = used.CPU
	}
	return times, nil
}

// profileParts writes a CPU profile of every part until the returned function
// is called, when profiles are wanted. Later blocks replace earlier ones.
func (b *bench) profileParts(variant string) (end func() error, err error) {
	var ends []func() error
	end = func() error {
		var errs []error
		for _, e := range ends {
			errs = append(errs, e())
		}
		return errors.Join(errs...)
	}
	if b.profiles == "" {
		return end, nil
	}
	for name, part := range b.parts {
		endPart, err := part.Profile(filepath.Join(b.profiles, fmt.Sprintf("%s-%s.pprof", variant, name)))
		if err != nil {
			return end, errors.Join(err, end())
		}
		ends = append(ends, endPart)
	}
	return end, nil
}
