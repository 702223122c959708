package main

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/standalone/backend"
	"github.com/bioenroll/bioenroll/standalone/bench/measure"
	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// gateScale is how much is measured through the gateway.
type gateScale struct {
	// window is how long a block of journeys is measured, blocks how many each
	// way has.
	window time.Duration
	blocks int
	// rounds of one journey at a time: of authid.enroll, and of the others.
	rounds, otherRounds int
}

// The two ways to a journey.
const (
	throughGateway = "gateway"
	throughClient  = "client"
)

// gatewayHoldOff is the hold-off of the backup poll, for both ways: no journey
// must be slow enough to poll.
const gatewayHoldOff = time.Minute

// gateway plays the same journeys through a gateway and through the Go client:
// first one at a time, and then many at once. A gateway is one more process
// between the backend and Temporal, and all of it is extra.
func (b *bench) gateway(ctx context.Context) (err error) {
	api, err := b.openGateway(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.end(partGateway)) }()
	for _, k := range []kind{authIDEnroll(kindAuthIDEnroll, "gateway"), smartIDEnroll(kindSmartIDEnroll, "gateway"), iProovEnroll(kindIProov, "gateway")} {
		ways, err := b.ways(k, api)
		if err != nil {
			return err
		}
		rounds := b.gate.otherRounds
		if k.name == kindAuthIDEnroll {
			rounds = b.gate.rounds
		}
		if err := b.oneAtATime(ctx, k.name, ways, rounds); err != nil {
			return err
		}
	}
	ways, err := b.ways(authIDEnroll(kindAuthIDEnroll, "gateway-load"), api)
	if err != nil {
		return err
	}
	return b.manyAtOnce(ctx, ways)
}

// openGateway starts the gateway and returns a backend of it.
func (b *bench) openGateway(ctx context.Context) (backend.Backend, error) {
	file := access.KeyFile(filepath.Join(b.folder, "gateway-keys"))
	key, _, err := file.Put("bench", access.Backend)
	if err != nil {
		return backend.Backend{}, err
	}
	environment := maps.Clone(b.environment)
	maps.Copy(environment, map[string]string{
		"BIOENROLL_GATEWAY_KEYS": string(file), "BIOENROLL_GATEWAY_LISTEN": "127.0.0.1:0", "BIOENROLL_GATEWAY_KEY_RATE": "0",
		"BIOENROLL_HOLD_OFF": gatewayHoldOff.String(),
	})
	var ready gatewayReady
	err = b.system.run(ctx, partGateway, environment, &ready)
	return backend.Backend{URL: ready.URL, Token: key, HTTP: b.http}, err
}

// ways are the two that take turns, the gateway first.
func (b *bench) ways(k kind, api backend.Backend) ([]contender, error) {
	pace := enroll.DefaultPace()
	pace.HoldOff = gatewayHoldOff
	direct, err := b.ours(k, pace)
	remote := direct
	remote.people = &people{}
	return []contender{{throughGateway, overHTTP{remote, api}}, {throughClient, direct}}, err
}

// oneAtATime compares how long the caller waits.
func (b *bench) oneAtATime(ctx context.Context, kind string, ways []contender, rounds int) error {
	samples, err := play(ctx, ways, rounds)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		name string
		of   func(sample) time.Duration
	}{
		{"start", func(s sample) time.Duration { return s.start }},
		{"hint to outcome", func(s sample) time.Duration { return s.outcome }},
		{"hint to outcome told", func(s sample) time.Duration { return s.told }},
	} {
		var each [2][]float64
		for way := range each {
			for _, s := range samples[way] {
				each[way] = append(each[way], measure.Milliseconds(m.of(s)))
			}
		}
		c := report.Comparison{What: kind, Concurrent: 1, Measure: m.name, Unit: "ms"}
		if c = report.Compare(c, each[0], each[1]); c.With > 0 { // A journey that does not wait has no hint.
			b.found.Gateway = append(b.found.Gateway, c)
			b.progress("  %-32s %-20s %.1f ms, %.2f times the client's", kind, m.name, c.With, c.Ratio)
		}
	}
	return nil
}

// manyAtOnce compares what gets through, and the processor time of it.
func (b *bench) manyAtOnce(ctx context.Context, ways []contender) error {
	const concurrent = 10
	var rates, times [2][]float64
	var door []float64
	for round := range b.gate.blocks {
		for turn := range ways {
			way := (round + turn) % len(ways)
			block, err := b.block(ctx, ways[way], concurrent, b.gate.window)
			if err != nil {
				return err
			}
			all := time.Duration(0)
			for _, used := range block.cpu {
				all += used
			}
			each := func(used time.Duration) float64 {
				return measure.Ratio(measure.Milliseconds(used), float64(block.count))
			}
			rates[way], times[way] = append(rates[way], block.rate), append(times[way], each(all))
			if ways[way].variant == throughGateway {
				door = append(door, each(block.cpu[partGateway]))
			}
		}
	}
	c := report.Comparison{What: kindAuthIDEnroll, Concurrent: concurrent}
	rate, cpu, own := c, c, c
	rate.Measure, rate.Unit = "journeys", "/s"
	cpu.Measure, cpu.Unit = "processor time", "ms"
	own.Measure, own.Unit = "processor time of the gateway", "ms"
	b.found.Gateway = append(b.found.Gateway, report.Compare(rate, rates[0], rates[1]), report.Compare(cpu, times[0], times[1]), report.Compare(own, door, nil))
	b.progress("  %-32s %2d at once, %d blocks each", kindAuthIDEnroll, concurrent, b.gate.blocks)
	return nil
}

// overHTTP plays our journeys as a backend does that has the gateway alone. The
// person is the same.
type overHTTP struct {
	ours

	api backend.Backend
}

// start returns when the 201 has been read.
func (o overHTTP) start(ctx context.Context) (journey, error) {
	n, err := o.people.next()
	if err != nil {
		return journey{}, err
	}
	request := o.request(n)
	start := o.api.Start
	if request.Journey() == enroll.IProovPhotoEnroll {
		start = o.api.Upload
	}
	started, err := start(ctx, "bench", request)
	if err != nil {
		return journey{}, err
	}
	// To callers the ID is opaque. Here it tells which workflow to look at.
	workflow, run, _ := strings.Cut(started.ID, ".")
	j := o.journey(request, client.Started{ID: workflow, RunID: run})
	j.end = func(ctx context.Context) error {
		for {
			found, err := o.api.Get(ctx, started.ID, 50*time.Second)
			if err != nil {
				return err
			}
			if found.Phase == enroll.Concluded {
				return o.expect(found.Outcome, found.Reason)
			}
		}
	}
	if started.HandOver != nil {
		j.capture, j.wake = o.person(started.HandOver, func(ctx context.Context, name enroll.HintName, hint enroll.Hint) error {
			_, err := o.api.Hint(ctx, started.ID, name, hint)
			return err
		})
	}
	return j, nil
}
