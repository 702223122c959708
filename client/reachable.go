package client

import (
	"context"
	"fmt"

	"github.com/bioenroll/bioenroll/internal/dial"
)

// Reachable returns nil when the Temporal server answers. Together with
// RecordsReachable and SealedReachable it tells whether a journey can be started.
func (c *Client) Reachable(ctx context.Context) error { return dial.CheckHealth(ctx, c.temporal) }

// RecordsReachable returns nil when the records answer, or when there are none.
func (c *Client) RecordsReachable(ctx context.Context) error {
	if c.records == nil {
		return nil
	}
	if _, err := c.records.Held(ctx); err != nil {
		return fmt.Errorf("ask the records: %w", err)
	}
	return nil
}

// SealedReachable returns nil when sealed storage answers, into which a start
// puts photos, samples and templates.
func (c *Client) SealedReachable(ctx context.Context) error { return c.sealed.Reachable(ctx) }
