package main

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/bench/measure"
	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// formScale is how much is measured with and without encryption.
type formScale struct {
	// window is how long a block of journeys is measured, rounds how many
	// blocks each form has.
	window time.Duration
	rounds int
	// photos are stored one at a time, crowd is how many at once.
	photos, crowd int
}

// The two forms of everything that this section measures.
const (
	formEncrypted = "encrypted"
	formClear     = "in clear"
)

// encryption measures what it costs that payloads are encrypted, and that
// photos lie in the sealed store.
func (b *bench) encryption(ctx context.Context) error {
	if err := b.payloads(ctx); err != nil {
		return err
	}
	return b.photos(ctx)
}

// payloads plays the same journeys in two namespaces of one server, with a
// worker for each. The converters differ and nothing else: records, sealed
// store and simulators are the same.
func (b *bench) payloads(ctx context.Context) (err error) {
	if err := b.makeNamespace(ctx, clearNamespace); err != nil {
		return err
	}
	inClear, err := dialOursClear(ctx, b.clearOptions(clearNamespace), b.keys, zap.NewNop())
	if err != nil {
		return err
	}
	defer inClear.Close()
	if err := b.system.run(ctx, partClear, b.environment, &workerReady{}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.end(partClear)) }() // Its polls would disturb the other sections.
	pace := enroll.DefaultPace()
	pace.HoldOff = time.Minute // As under load: no journey must be slow enough to poll.
	for _, k := range []kind{authIDEnroll(kindAuthIDEnroll, "encryption"), smartIDEnroll(kindSmartIDEnroll, "encryption")} {
		encrypted, err := b.ours(k, pace)
		if err != nil {
			return err
		}
		plain, err := b.oursOver(inClear, k, pace)
		if err != nil {
			return err
		}
		for _, concurrent := range []int{1, 10} {
			if err := b.bothForms(ctx, k.name, [2]contender{{formEncrypted, encrypted}, {formClear, plain}}, concurrent); err != nil {
				return err
			}
		}
	}
	return nil
}

// bothForms plays short blocks of the two forms in turn.
func (b *bench) bothForms(ctx context.Context, kind string, forms [2]contender, concurrent int) error {
	quantities := quantities()
	found := make([][2][]float64, len(quantities))
	for round := range b.forms.rounds {
		for turn := range forms {
			form := (round + turn) % len(forms)
			block, err := b.block(ctx, forms[form], concurrent, b.forms.window)
			if err != nil {
				return err
			}
			ended, err := describeAll(ctx, block.ended)
			if err != nil {
				return err
			}
			for i, q := range quantities {
				found[i][form] = append(found[i][form], q.of(block, ended))
			}
		}
	}
	b.progress("  %-32s %2d at once, %d blocks each", kind, concurrent, b.forms.rounds)
	for i, q := range quantities {
		c := report.Comparison{What: kind, Concurrent: concurrent, Measure: q.measure, Unit: q.unit}
		if c = report.Compare(c, found[i][0], found[i][1]); c.With > 0 { // A journey that does not wait has no hint.
			b.found.Encryption = append(b.found.Encryption, c)
		}
	}
	return nil
}

// endedJourney is a journey of a block, with what the server tells of it.
type endedJourney struct {
	timed
	described
}

// describeAll asks the server about the journeys of a block that is over.
func describeAll(ctx context.Context, journeys []timed) ([]endedJourney, error) {
	ended := make([]endedJourney, len(journeys))
	for i, j := range journeys {
		d, err := j.describe(ctx)
		if err != nil {
			return nil, err
		}
		ended[i] = endedJourney{j, d}
	}
	return ended, nil
}

// quantity is something that a block tells: a median of its journeys, or of
// the whole.
type quantity struct {
	measure, unit string
	of            func(block measuredBlock, ended []endedJourney) float64
}

func quantities() []quantity {
	return []quantity{
		{"start", "ms", median(func(j endedJourney) float64 { return measure.Milliseconds(j.start) })},
		{"hint to outcome", "ms", median(func(j endedJourney) float64 {
			if j.wake == nil {
				return 0
			}
			return measure.Milliseconds(j.closed.Sub(j.hinted))
		})},
		{"journeys", "/s", func(block measuredBlock, _ []endedJourney) float64 { return block.rate }},
		{"processor time", "ms", func(block measuredBlock, _ []endedJourney) float64 {
			var all time.Duration
			for _, used := range block.cpu {
				all += used
			}
			return measure.Ratio(measure.Milliseconds(all), float64(block.count))
		}},
		{"history", "bytes", median(func(j endedJourney) float64 { return float64(j.bytes) })},
	}
}

func median(of func(endedJourney) float64) func(measuredBlock, []endedJourney) float64 {
	return func(_ measuredBlock, ended []endedJourney) float64 {
		values := make([]float64, len(ended))
		for i, j := range ended {
			values[i] = of(j)
		}
		return measure.Median(values)
	}
}
