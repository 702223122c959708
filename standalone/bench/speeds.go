package main

import (
	"context"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/bench/measure"
	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// contender is one of those who take turns.
type contender struct {
	variant string
	player
}

// speeds plays journeys one at a time. The variants take turns, and each round
// begins with another of them.
func (b *bench) speeds(ctx context.Context) error {
	for _, k := range kinds() {
		if k.fails {
			continue
		}
		p, err := b.ours(k, enroll.DefaultPace())
		if err != nil {
			return err
		}
		contenders := []contender{{report.Ours, p}, {report.Skeleton, b.skeleton(b.shapes[k.name])}}
		rounds := b.otherRounds
		if k.name == kindAuthIDEnroll {
			contenders, rounds = append(contenders, contender{report.Bare, b.bare()}), b.rounds
		}
		speeds, err := b.race(ctx, k.name, contenders, rounds)
		if err != nil {
			return err
		}
		b.found.Speeds = append(b.found.Speeds, speeds...)
	}
	return nil
}

// race plays the rounds and tells how fast each contender was.
func (b *bench) race(ctx context.Context, kind string, contenders []contender, rounds int) ([]report.Speed, error) {
	samples, err := play(ctx, contenders, rounds)
	if err != nil {
		return nil, err
	}
	var speeds []report.Speed
	for i, c := range contenders {
		speeds = append(speeds, speed(kind, c.variant, samples[i]))
	}
	b.progress("  %-32s %d rounds, start %.1f ms, outcome %.1f ms", kind, rounds, speeds[0].StartP50, speeds[0].OutcomeP50)
	return speeds, nil
}

// play plays the rounds; the first ones warm up and do not count.
func play(ctx context.Context, contenders []contender, rounds int) (samples [][]sample, err error) {
	const warming = 3
	samples = make([][]sample, len(contenders))
	for _, c := range contenders {
		if err := c.prepare(ctx, rounds+warming); err != nil {
			return nil, err
		}
	}
	for round := range rounds + warming {
		for turn := range contenders {
			i := (round + turn) % len(contenders)
			s, err := playOne(ctx, contenders[i].player)
			if err != nil {
				return nil, err
			}
			if round >= warming {
				samples[i] = append(samples[i], s)
			}
		}
	}
	return samples, nil
}

func speed(kind, variant string, samples []sample) report.Speed {
	starts, outcomes := make([]time.Duration, len(samples)), make([]time.Duration, len(samples))
	for i, s := range samples {
		starts[i], outcomes[i] = s.start, s.outcome
	}
	ms := func(durations []time.Duration, q float64) float64 {
		return measure.Milliseconds(measure.Quantile(durations, q))
	}
	return report.Speed{
		Kind: kind, Variant: variant, Count: len(samples),
		StartP50: ms(starts, 0.5), StartP99: ms(starts, 0.99), OutcomeP50: ms(outcomes, 0.5), OutcomeP99: ms(outcomes, 0.99),
	}
}
