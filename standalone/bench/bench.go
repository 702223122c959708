package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/standalone/bench/baseline"
	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// The sections of the report. All but the costs can be measured alone.
const (
	sectionCosts      = "costs"
	sectionHour       = "hour"
	sectionSpeed      = "speed"
	sectionLoad       = "load"
	sectionGateway    = "gateway"
	sectionEncryption = "encryption"
	sectionWaiting    = "waiting"
)

// scale is how much is measured.
type scale struct {
	name string
	// rounds of one journey at a time: of authid.enroll, and of the others.
	rounds, otherRounds int
	// window is how long a block of the load is measured, blocks how many.
	window     time.Duration
	blocks     int
	concurrent []int
	// gate is how much is measured through the gateway.
	gate gateScale
	// forms is how much is measured with and without encryption.
	forms formScale
	// hour is how long a scaled hour takes.
	hour time.Duration
	// waiting are the numbers of waiting journeys, growing.
	waiting []int
	// profiles is the folder for CPU profiles; empty for none.
	profiles string
	// only names the one section that is measured, beside the costs, which the
	// others need; empty for all.
	only string
}

func scaleOf(name string) (scale, error) {
	switch name {
	case "default":
		return scale{
			name: name, rounds: 80, otherRounds: 15, window: 3 * time.Second, blocks: 3,
			concurrent: []int{1, 10, 50, 100}, hour: time.Minute, waiting: []int{100, 1000},
			gate:  gateScale{window: 2 * time.Second, blocks: 2, rounds: 40, otherRounds: 15},
			forms: formScale{window: time.Second, rounds: 6, photos: 50, crowd: 100},
		}, nil
	case "full":
		return scale{
			name: name, rounds: 1000, otherRounds: 200, window: 8 * time.Second, blocks: 5,
			concurrent: []int{1, 10, 50, 100}, hour: 4 * time.Minute, waiting: []int{100, 1000, 10_000},
			gate:  gateScale{window: 5 * time.Second, blocks: 5, rounds: 500, otherRounds: 100},
			forms: formScale{window: 2 * time.Second, rounds: 20, photos: 500, crowd: 100},
		}, nil
	case "quick":
		return scale{
			name: name, rounds: 5, otherRounds: 2, window: 500 * time.Millisecond, blocks: 1,
			concurrent: []int{1, 10}, hour: 30 * time.Second, waiting: []int{10, 20},
			gate:  gateScale{window: 300 * time.Millisecond, blocks: 1, rounds: 2, otherRounds: 1},
			forms: formScale{window: 300 * time.Millisecond, rounds: 1, photos: 3, crowd: 10},
		}, nil
	default:
		return scale{}, fmt.Errorf("scale %q is not one of default, full, quick", name)
	}
}

// bench is one run.
type bench struct {
	scale
	*system
	progress func(format string, args ...any)
	shapes   map[string]baseline.Shape
	found    report.Report
}

// run measures everything.
func (b *bench) run(ctx context.Context) (found report.Report, err error) {
	began := time.Now()
	b.found = report.Report{Began: began.UTC(), Scale: b.name, Machine: machine(ctx)}
	b.shapes = map[string]baseline.Shape{}
	b.progress("starting the server, the simulators and the workers ...")
	if b.system, err = startSystem(ctx); err != nil {
		return report.Report{}, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	for _, section := range []struct {
		name, about string
		measure     func(context.Context) error
	}{
		{sectionCosts, "what a journey costs", b.costs},
		{sectionHour, "what an hour of waiting costs", b.waits},
		{sectionSpeed, "how fast one journey is", b.speeds},
		{sectionLoad, "how many journeys run at once", b.loads},
		{sectionGateway, "what the gateway costs", b.gateway},
		{sectionEncryption, "what encryption costs", b.encryption},
		{sectionWaiting, "what waiting journeys occupy", b.memory},
	} {
		if b.only != "" && section.name != b.only && section.name != sectionCosts {
			continue
		}
		b.progress("%s [%s]", section.about, time.Since(began).Round(time.Second))
		if err := section.measure(ctx); err != nil {
			return report.Report{}, fmt.Errorf("%s: %w", section.about, err)
		}
	}
	b.found.Seconds = time.Since(began).Seconds()
	b.found.Targets = report.Targets(b.found)
	return b.found, nil
}
