// Package campaign runs a fault campaign: it brings the system up as processes,
// plays the people and the backends of many journeys, disturbs everything as
// the script says, and when all is calm again takes the evidence by which
// package invariants judges.
package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// grace is how long after its deadline a journey may still be open: longer than
// a step whose worker was killed takes to time out and to be repeated.
const grace = 90 * time.Second

// progressEvery is the time between two lines of progress.
const progressEvery = 5 * time.Second

// Options of a campaign.
type Options struct {
	Script script.Options
	// Folder keeps the state and the logs of all parts. It must exist.
	Folder string
	// Progress is told a line every few seconds; never nil.
	Progress func(format string, args ...any)
	// Sabotage, for tests of the checks, spoils the system between the calm and
	// the taking of evidence; nil does not.
	Sabotage func(ctx context.Context, s Sabotaged) error
}

// campaign is one that runs.
type campaign struct {
	*system
	options Options
	script  script.Script
	began   time.Time

	started, ended atomic.Int64
}

// Run plays a campaign and judges it. The error says that the campaign itself
// could not be carried out; broken invariants are in the report.
func Run(ctx context.Context, options Options) (Report, error) {
	c := &campaign{options: options, script: script.New(options.Script), began: time.Now()}
	running, err := startSystem(ctx, options.Folder, options.Script, newJournal())
	if err != nil {
		return Report{}, err
	}
	c.system = running
	report, err := c.run(ctx)
	return report, errors.Join(err, running.stop())
}

func (c *campaign) run(ctx context.Context) (Report, error) {
	c.began = time.Now()
	players, err := c.play(ctx)
	if err != nil {
		return Report{}, err
	}
	if c.options.Sabotage != nil {
		if err := c.options.Sabotage(ctx, Sabotaged{c.system, players}); err != nil {
			return Report{}, err
		}
	}
	c.options.Progress("%s  all is calm: the last outcome events", c.clock())
	if err := c.settle(ctx); err != nil {
		return Report{}, fmt.Errorf("wait for outcome events: %w", err)
	}
	c.options.Progress("%s  taking the evidence", c.clock())
	evidence, err := c.collect(ctx, players)
	if err != nil {
		return Report{}, fmt.Errorf("take the evidence: %w", err)
	}
	return c.report(evidence), nil
}

// play lets the journeys and the troubles run, and returns when all journeys
// have ended or should have.
func (c *campaign) play(ctx context.Context) ([]*player, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	players := make([]*player, len(c.script.Journeys))
	var journeys, others sync.WaitGroup
	for i, j := range c.script.Journeys {
		spec, err := j.Kind.Spec()
		if err != nil {
			return nil, err
		}
		players[i] = &player{system: c.system, script: j, spec: spec, grace: grace}
		journeys.Go(func() { c.playOne(ctx, players[i], cancel) })
	}
	calm := make(chan struct{})
	others.Go(func() {
		if err := c.disturb(ctx); err != nil {
			cancel(err)
		}
	})
	others.Go(func() { c.tell(ctx, calm) })
	journeys.Wait()
	close(calm)
	others.Wait()
	return players, context.Cause(ctx)
}

func (c *campaign) playOne(ctx context.Context, p *player, failed context.CancelCauseFunc) {
	if sleep(ctx, time.Until(c.began.Add(p.script.At))) != nil {
		return
	}
	c.started.Add(1)
	defer c.ended.Add(1)
	if err := p.play(ctx); err != nil {
		failed(fmt.Errorf("%s: %w", p.script, err))
	}
}

// tell prints the progress.
func (c *campaign) tell(ctx context.Context, end <-chan struct{}) {
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			started, ended := c.started.Load(), c.ended.Load()
			c.options.Progress("%s  started %d of %d, ended %d, under way %d; %s",
				c.clock(), started, len(c.script.Journeys), ended, started-ended, summed(brief(c.journal.tally())))
		case <-end:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (c *campaign) clock() string {
	return time.Time{}.Add(time.Since(c.began)).Format("04:05")
}

// disturb carries out the script's troubles, and then lets everything heal.
func (c *campaign) disturb(ctx context.Context) error {
	var group sync.WaitGroup
	failed := make(chan error, len(c.script.Troubles))
	for _, trouble := range c.script.Troubles {
		group.Go(func() {
			if sleep(ctx, time.Until(c.began.Add(trouble.At))) != nil {
				return
			}
			if err := c.trouble(ctx, trouble); err != nil && ctx.Err() == nil {
				failed <- fmt.Errorf("%s: %w", trouble, err)
			}
		})
	}
	group.Wait()
	close(failed)
	errs := []error{c.simulated.calm(ctx)}
	for err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *campaign) trouble(ctx context.Context, t script.Trouble) error {
	switch t.Kind {
	case script.KillWorker:
		return c.workers[t.Worker].kill(ctx, t.For)
	case script.KillServer:
		return c.server.kill(ctx, t.For)
	case script.Weather, script.Outage:
		return c.weather(ctx, t)
	case script.BadReceiver:
		return c.badReceiver(ctx, t.Share, t.For)
	case script.RestartReceiver:
		return c.restartReceiver(ctx, t.For)
	}
	return nil
}

// Sabotaged is a campaign at the moment before its evidence is taken, for tests
// that spoil it.
type Sabotaged struct {
	*system
	players []*player
}

// Simulators is the address of the simulated providers.
func (s Sabotaged) Simulators() string { return s.simulated.url }

// Receiver is the address of the receiver of outcome events.
func (s Sabotaged) Receiver() string { return s.receiver.URL() }

// Temporal is a connection to the server.
func (s Sabotaged) Temporal() sdk.Client { return s.temporal }

// Ended returns the journeys of a kind that ended in one of the outcomes, with
// their workflow IDs.
func (s Sabotaged) Ended(kind enroll.Journey, outcomes ...enroll.Outcome) (journeys []script.Journey, ids []string) {
	for _, p := range s.players {
		if p.script.Kind == kind && p.outcome != nil && slices.Contains(outcomes, p.outcome.Outcome) {
			journeys, ids = append(journeys, p.script), append(ids, p.id())
		}
	}
	return journeys, ids
}
