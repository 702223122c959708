package campaign

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
	"github.com/bioenroll/bioenroll/standalone/chaos/receiver"
)

const (
	// receiverName is what the receiver is called.
	receiverName = "backend"
	// settleLimit is how long outcome events may take when all is calm.
	settleLimit = 60 * time.Second
	// settlePause lies between two looks at what waits.
	settlePause = 100 * time.Millisecond
	// eventsAtOnce is how many events are read at once.
	eventsAtOnce = 1000
)

// startReceiver starts the receiver of outcome events and adds it, before there
// is a worker: it is told every outcome of the campaign.
func (s *system) startReceiver(ctx context.Context, seed uint64) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	s.receiver, err = receiver.Start(ctx, port, seed, func(a invariants.Arrival) {
		if !a.Taken {
			s.journal.count("outcome events not taken: " + a.Answer)
		}
	})
	if err != nil {
		return err
	}
	secret, err := s.client.AddReceiver(ctx, receiverName, enroll.Secret(s.receiver.URL()), client.By{Who: "chaos", Why: "a campaign"})
	if err != nil {
		return fmt.Errorf("add the receiver: %w", err)
	}
	return s.receiver.Trust(secret)
}

// badReceiver has requests to the receiver go wrong for a while.
func (c *campaign) badReceiver(ctx context.Context, share int, lasts time.Duration) error {
	c.journal.count("spells of a bad receiver")
	c.receiver.Worsen(share)
	defer c.receiver.Worsen(0)
	return sleep(ctx, lasts)
}

// restartReceiver ends the receiver and has it come back.
func (c *campaign) restartReceiver(ctx context.Context, away time.Duration) error {
	c.journal.count("restarts of the receiver")
	if err := c.receiver.Close(); err != nil {
		return err
	}
	if err := sleep(ctx, away); err != nil {
		return err
	}
	return c.receiver.Open(ctx)
}

// settle waits until no outcome event is on its way, but not for ever: what
// does not arrive is found by its check.
func (c *campaign) settle(ctx context.Context) error {
	for until := time.Now().Add(settleLimit); time.Now().Before(until); {
		backlogs, err := c.shared.Records.Backlogs(ctx)
		if err != nil {
			return err
		}
		if len(backlogs) == 1 && backlogs[0].Pending == 0 {
			return nil
		}
		if err := sleep(ctx, settlePause); err != nil {
			return err
		}
	}
	return nil
}

// heard adds to the evidence what was recorded for the receiver and what it
// got. A watch may still find something meanwhile: what was recorded before the
// arrivals were read has to be among them, and what arrived has to be among
// what is recorded afterwards.
func (c *campaign) heard(ctx context.Context, e *invariants.Evidence) error {
	before, err := c.recordedEvents(ctx)
	if err != nil {
		return err
	}
	e.Arrivals = c.receiver.Arrivals()
	after, err := c.recordedEvents(ctx)
	if err != nil {
		return err
	}
	e.Events, e.HasReceiver = before, true
	for _, event := range after {
		if !slices.ContainsFunc(before, func(known invariants.Recorded) bool { return known.ID == event.ID }) {
			event.State = records.DeliveryPending
			e.Events = append(e.Events, event)
		}
	}
	for _, event := range e.Events {
		i := slices.IndexFunc(e.Arrivals, func(a invariants.Arrival) bool { return a.ID == event.ID && a.Taken })
		if i >= 0 {
			c.journal.recovered("outcome event taken", e.Arrivals[i].At.Sub(event.At))
		}
	}
	return nil
}

// recordedEvents reads what was recorded for the receiver.
func (c *campaign) recordedEvents(ctx context.Context) ([]invariants.Recorded, error) {
	var events []invariants.Recorded
	filter := client.DeliveryFilter{Receiver: receiverName, Limit: eventsAtOnce}
	for {
		page, err := c.client.Deliveries(ctx, filter)
		if err != nil {
			return nil, fmt.Errorf("read what was recorded for the receiver: %w", err)
		}
		for _, d := range page.Deliveries {
			events = append(events, invariants.Recorded{ID: d.Event, Journey: d.Journey, Type: d.Type, Sequence: d.Sequence, At: d.At, State: d.State})
		}
		if page.Next == "" {
			return events, nil
		}
		filter.After = page.Next
	}
}
