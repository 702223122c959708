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
				measured, err := b.block(ctx, contenders[i], concurrent, b.window)
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
	// ended are the journeys that were counted.
	ended []timed
}

// timed is a journey that has ended.
type timed struct {
	journey
	// start is how long the caller waited for the hand-over.
	start time.Duration
	// hinted is when the hint was sent.
	hinted time.Time
}

// block keeps journeys under way, and measures for the length of a window
// once the load is steady: when as many have ended as run at once.
func (b *bench) block(ctx context.Context, c contender, concurrent int, window time.Duration) (measuredBlock, error) {
	if err := c.prepare(ctx, 2*concurrent+most*int(window/time.Second+6)); err != nil {
		return measuredBlock{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := flow{player: c.player, steady: make(chan struct{}), after: concurrent, fail: cancel}
	f.begin(ctx, concurrent)
	measured, err := b.watch(ctx, &f, c.variant, window)
	f.end()
	if broken := context.Cause(ctx); broken != nil {
		return measured, broken
	}
	return measured, err
}

// watch measures a flow for the length of the window.
func (b *bench) watch(ctx context.Context, f *flow, variant string, window time.Duration) (measuredBlock, error) {
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
	began, already := time.Now(), len(f.soFar())
	var ended []timed
	for len(ended) == 0 { // On a busy machine one window may be too short.
		if err := pause(ctx, window); err != nil {
			return measuredBlock{}, err
		}
		ended = f.soFar()[already:]
	}
	took := time.Since(began)
	after, err := b.cpu()
	if err != nil {
		return measuredBlock{}, err
	}
	for part, used := range before {
		after[part] -= used
	}
	return measuredBlock{rate: float64(len(ended)) / took.Seconds(), count: len(ended), cpu: after, ended: ended}, endProfiles()
}

// flow keeps a number of journeys under way.
type flow struct {
	player
	after  int // journeys that have to end first
	steady chan struct{}
	mu     sync.Mutex
	ended  []timed
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
	began := time.Now()
	j, err := f.start(ctx)
	if err != nil {
		return err
	}
	one := timed{journey: j, start: time.Since(began)}
	if one.hinted, err = j.finish(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended = append(f.ended, one); len(f.ended) == f.after {
		close(f.steady)
	}
	return nil
}

// soFar are the journeys that have ended.
func (f *flow) soFar() []timed {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
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
