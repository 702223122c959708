package client

import (
	"context"
	"fmt"

	"github.com/bioenroll/bioenroll/enroll"
)

// Step is what became of one journey of many.
type Step struct {
	// Journey is the one that it was done to.
	Journey Shown
	// Reply is that of a renewal; it carries the new hand-over.
	Reply *enroll.RenewReply
	// Err says why it was not done, or is nil. ErrConcluded is no fault: the
	// journey ended before its turn.
	Err error
}

// CancelAll cancels the live journeys that the filter chooses, one after the
// other, and tells progress of each. One that cannot be canceled does not stop
// the others. It takes as many as the filter's limit allows and returns how
// many that were: as many as the limit means that there may be more. An error
// means that they could not be listed, or that the context ended.
//
// The server's index lags by about a second: a journey that started just now
// may be missing, so stop new starts first, with Hold.
func (c *Client) CancelAll(ctx context.Context, filter Filter, by By, progress func(Step)) (int, error) {
	return c.each(ctx, "cancel", filter, by, progress, func(journey Shown) Step {
		return Step{Journey: journey, Err: c.CancelBy(ctx, journey.ID, journey.RunID, by)}
	})
}

// RenewAll renews the hand-overs of the live journeys that the filter chooses,
// as CancelAll cancels. The key makes repeating safe: with the same one each
// journey replies the same.
func (c *Client) RenewAll(ctx context.Context, filter Filter, key string, by By, progress func(Step)) (int, error) {
	if key == "" || len(key) > maxKeyBytes {
		return 0, keyError(filter.Journey, key)
	}
	return c.each(ctx, "renew", filter, by, progress, func(journey Shown) Step {
		reply, err := c.RenewBy(ctx, journey.ID, journey.RunID, key, by)
		if err != nil {
			return Step{Journey: journey, Err: err}
		}
		return Step{Journey: journey, Reply: &reply}
	})
}

// each does one thing to every live journey that the filter chooses.
func (c *Client) each(ctx context.Context, op string, filter Filter, by By, progress func(Step), do func(Shown) Step) (int, error) {
	if _, err := c.kept(op); err != nil { // Without an audit trail nobody may do this.
		return 0, err
	}
	if err := by.check(); err != nil {
		return 0, err
	}
	filter.live = true
	chosen, err := c.list(ctx, filter, mostAtOnce)
	if err != nil {
		return 0, err
	}
	for done, journey := range chosen {
		if ctx.Err() != nil {
			return done, fmt.Errorf("%s: stopped after %d of %d journeys: %w", op, done, len(chosen), ctx.Err())
		}
		progress(do(journey))
	}
	return len(chosen), nil
}

// check refuses what the audit trail would refuse, before anything is done.
func (b By) check() error {
	if wrong := enroll.CheckReason(b.Who, b.Why); len(wrong) > 0 {
		return &enroll.InputError{Fields: wrong}
	}
	return nil
}
