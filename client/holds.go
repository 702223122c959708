package client

import (
	"context"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// Hold stops new journeys at one provider. Those under way go on.
type Hold = records.Hold

// HeldError says who stopped new journeys at the provider, and why. It is
// ErrHeld for errors.Is.
type HeldError struct {
	// Hold is the one that refused the start.
	Hold Hold
}

// Error tells the hold, and what to do.
func (e *HeldError) Error() string {
	return fmt.Sprintf("%v (%s, by %s since %s: %s)", ErrHeld, e.Hold.Provider, e.Hold.Who, e.Hold.At.UTC().Format(time.RFC3339), e.Hold.Why)
}

// Unwrap returns ErrHeld.
func (e *HeldError) Unwrap() error { return ErrHeld }

// Hold stops new journeys at a provider until Release: Start refuses them with
// ErrHeld. Journeys under way go on, and an idempotency key that was used
// before answers as ever. A hold that is there already stays as it is.
//
// It returns an *enroll.InputError that names what is missing or too long.
func (c *Client) Hold(ctx context.Context, provider enroll.Provider, by By) error {
	store, err := c.kept("hold " + string(provider))
	if err != nil {
		return err
	}
	return store.Hold(ctx, provider, by.Who, by.Why)
}

// Release lets journeys start at a provider again. Without a hold it changes
// nothing.
func (c *Client) Release(ctx context.Context, provider enroll.Provider, by By) error {
	store, err := c.kept("release " + string(provider))
	if err != nil {
		return err
	}
	return store.Unhold(ctx, provider, by.Who, by.Why)
}

// Held lists the holds, by the provider's name.
func (c *Client) Held(ctx context.Context) ([]Hold, error) {
	store, err := c.kept("holds")
	if err != nil {
		return nil, err
	}
	return store.Held(ctx)
}
