package client

import (
	"context"
	"errors"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// Receiver is a backend that is told outcomes: each outcome event is sent to the
// URLs of all receivers, and repeated until they accept it.
type Receiver = records.Receiver

// Redelivery chooses outcome events that a receiver is to be sent again.
type Redelivery = records.Redelivery

// DeliveryFilter chooses deliveries to one receiver.
type DeliveryFilter = records.DeliveryFilter

// DeliveryPage is a part of what a filter chose, those of the newest events
// first.
type DeliveryPage = records.DeliveryPage

// DeliveryStatus is what is known of the way of one event to one receiver.
type DeliveryStatus = records.DeliveryStatus

// DeliveryState is how far a delivery has come.
type DeliveryState = records.DeliveryState

// DeliveryStates lists the states of a delivery.
func DeliveryStates() []DeliveryState { return records.DeliveryStates() }

// Receivers lists the receivers by their names, with what waits for each.
func (c *Client) Receivers(ctx context.Context) ([]Receiver, error) {
	store, err := c.kept("receivers")
	if err != nil {
		return nil, err
	}
	return store.Receivers(ctx)
}

// AddReceiver adds a receiver, which is told every outcome from now on, and
// returns the secret with which it verifies that. The secret has the form of
// Standard Webhooks, and nothing returns it again. The URL must be https unless
// BIOENROLL_ALLOW_HTTP is set. It returns ErrReceiverExists,
// ErrTooManyReceivers or an *enroll.InputError.
func (c *Client) AddReceiver(ctx context.Context, name string, url enroll.Secret, by By) (enroll.Secret, error) {
	store, err := c.kept("add a receiver")
	if err != nil {
		return "", err
	}
	secret, err := store.AddReceiver(ctx, records.NewReceiver{Name: name, URL: url, AllowHTTP: c.allowHTTP}, by.Who, by.Why)
	return secret, explainReceiver(err)
}

// RemoveReceiver ends what is sent to a receiver and forgets what waits for it.
// It returns ErrNoReceiver or an *enroll.InputError.
func (c *Client) RemoveReceiver(ctx context.Context, name string, by By) error {
	store, err := c.kept("remove a receiver")
	if err != nil {
		return err
	}
	return explainReceiver(store.RemoveReceiver(ctx, name, by.Who, by.Why))
}

// NewReceiverSecret makes another secret for a receiver and returns it. What it
// is sent is signed with the new one and, for another 24 hours, with the one from
// before, unless that is to end at once because it leaked. It returns
// ErrNoReceiver, ErrTooManySecrets or an *enroll.InputError.
func (c *Client) NewReceiverSecret(ctx context.Context, name string, atOnce bool, by By) (enroll.Secret, error) {
	store, err := c.kept("change a receiver's secret")
	if err != nil {
		return "", err
	}
	secret, err := store.NewReceiverSecret(ctx, name, atOnce, by.Who, by.Why)
	return secret, explainReceiver(err)
}

// ResumeReceiver sends to a receiver again what waits for it, at once and as if
// for the first time, also when it had answered that it wants nothing more. It
// returns ErrNoReceiver or an *enroll.InputError.
func (c *Client) ResumeReceiver(ctx context.Context, name string, by By) error {
	store, err := c.kept("resume a receiver")
	if err != nil {
		return err
	}
	return explainReceiver(store.ResumeReceiver(ctx, name, by.Who, by.Why))
}

// Redeliver sends outcome events to a receiver again, or for the first time when
// they are from before it was added, and returns how many. It returns
// ErrNoReceiver, ErrNoEvent or an *enroll.InputError.
func (c *Client) Redeliver(ctx context.Context, chosen Redelivery, by By) (int, error) {
	store, err := c.kept("redeliver")
	if err != nil {
		return 0, err
	}
	count, err := store.Redeliver(ctx, chosen, by.Who, by.Why)
	return count, explainReceiver(err)
}

// Deliveries returns the deliveries that the filter chooses, those of the newest
// events first. It returns ErrNoReceiver or an *enroll.InputError.
func (c *Client) Deliveries(ctx context.Context, filter DeliveryFilter) (DeliveryPage, error) {
	store, err := c.kept("deliveries")
	if err != nil {
		return DeliveryPage{}, err
	}
	page, err := store.Deliveries(ctx, filter)
	if errors.Is(err, records.ErrNoNext) {
		return DeliveryPage{}, noNext()
	}
	return page, explainReceiver(err)
}

// explainReceiver turns the store's errors into those that callers branch on.
func explainReceiver(err error) error {
	for _, known := range []struct{ theirs, ours error }{
		{records.ErrNoReceiver, ErrNoReceiver},
		{records.ErrReceiverExists, ErrReceiverExists},
		{records.ErrTooManyReceivers, ErrTooManyReceivers},
		{records.ErrTooManySecrets, ErrTooManySecrets},
		{records.ErrNoEvent, ErrNoEvent},
	} {
		if errors.Is(err, known.theirs) {
			return known.ours
		}
	}
	return err
}
