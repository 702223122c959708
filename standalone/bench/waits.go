package main

import (
	"context"
	"fmt"
	"time"

	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/bench/baseline"
	"github.com/bioenroll/bioenroll/standalone/bench/measure"
	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// everyFive is how often the usual loop asks in an hour: every five seconds.
const everyFive = 720

// waits measures what waiting costs.
func (b *bench) waits(ctx context.Context) error {
	if err := b.lateHint(ctx); err != nil {
		return err
	}
	if err := b.pollingHour(ctx); err != nil {
		return err
	}
	return b.ourHour(ctx)
}

// lateHint is a journey whose backup poll asks already when the hint comes.
func (b *bench) lateHint(ctx context.Context) error {
	pace := enroll.DefaultPace()
	pace.HoldOff, pace.PollFirst = time.Second, time.Second
	p, err := b.ours(authIDEnroll(kindAuthIDLate, "late"), pace)
	if err != nil {
		return err
	}
	cost, _, err := b.cost(ctx, p, sdk.DefaultNamespace, 4*time.Second)
	cost.Kind, cost.Variant = kindAuthIDLate, report.Ours
	b.found.Costs = append(b.found.Costs, cost)
	return err
}

// pollingHour measures the usual loop at two lengths. Every poll adds the same,
// so two lengths tell what an hour costs.
func (b *bench) pollingHour(ctx context.Context) error {
	const few, many = 3, 9 // Each takes a second: server timers are no finer.
	short, err := b.pollingLoop(ctx, few)
	if err != nil {
		return err
	}
	long, err := b.pollingLoop(ctx, many)
	if err != nil {
		return err
	}
	hour := func(of func(report.Cost) float64) float64 {
		return measure.Through(few, of(short), many, of(long)).At(everyFive)
	}
	b.found.Waits = append(b.found.Waits, report.Wait{
		Variant: report.Polling,
		Events:  hour(func(c report.Cost) float64 { return float64(c.Events) }),
		Bytes:   hour(func(c report.Cost) float64 { return float64(c.Bytes) }),
		Actions: hour(func(c report.Cost) float64 { return float64(c.Actions) }),
		Calls:   everyFive,
		How:     fmt.Sprintf("measured with %d and %d polls, computed for %d", few, many, everyFive),
	})
	return nil
}

func (b *bench) pollingLoop(ctx context.Context, polls int) (report.Cost, error) {
	before, err := b.actions(ctx, baselineNamespace)
	if err != nil {
		return report.Cost{}, err
	}
	started, err := b.plain.ExecuteWorkflow(ctx, b.bare().options(fmt.Sprintf("polling-%d", polls)),
		baseline.PollingWorkflow, 10*time.Millisecond, polls)
	if err != nil {
		return report.Cost{}, fmt.Errorf("start the polling loop: %w", err)
	}
	if err := started.Get(ctx, nil); err != nil {
		return report.Cost{}, fmt.Errorf("the polling loop: %w", err)
	}
	cost, _, err := b.count(ctx, journey{id: started.GetID(), run: started.GetRunID(), temporal: b.plain}, before, baselineNamespace)
	return cost, err
}

// ourHour plays an abandoned hour with every time divided by the same number.
// What depends on the number of polls is then stated for the polls of a real
// hour, because server timers are too coarse for a scaled one's first polls.
func (b *bench) ourHour(ctx context.Context) error {
	pace := enroll.DefaultPace()
	polls := pollsUntil(pace, time.Hour)
	factor := time.Hour / b.hour
	scaled := pace
	scaled.HoldOff, scaled.PollFirst, scaled.PollCap = pace.HoldOff/factor, pace.PollFirst/factor, pace.PollCap/factor
	p, err := b.ours(authIDAbandoned(int(b.hour.Seconds())), scaled)
	if err != nil {
		return err
	}
	b.progress("  an hour in %s ...", b.hour)
	cost, _, err := b.cost(ctx, p, sdk.DefaultNamespace, 0)
	if err != nil {
		return err
	}
	retries := cost.ByType["activity_retry"]
	cost.Kind, cost.Variant = kindAuthIDAbandoned, report.Ours
	b.found.Costs = append(b.found.Costs, cost)
	b.found.Waits = append(b.found.Waits, report.Wait{
		Variant: report.Ours, Events: float64(cost.Events), Bytes: float64(cost.Bytes),
		Actions: float64(cost.Actions - retries + polls - 1),
		Calls:   float64(cost.Calls - retries - 1 + polls),
		How:     fmt.Sprintf("played in %s with every time divided by %d: %d polls; actions and calls stated for the %d polls of a real hour", b.hour, factor, retries+1, polls),
	})
	return nil
}

// pollsUntil is how often the backup poll asks until the time is over.
func pollsUntil(pace enroll.Pace, end time.Duration) int {
	polls := 0
	for at := pace.HoldOff; at < end; at += pace.After(polls) {
		polls++
	}
	return polls
}
