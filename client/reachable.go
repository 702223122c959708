package client

import (
	"context"
	"fmt"

	"github.com/bioenroll/bioenroll/internal/dial"
)

// Reachable returns nil when the Temporal server and the records answer, so that
// a journey can be started. It asks both.
func (c *Client) Reachable(ctx context.Context) error {
	if err := dial.CheckHealth(ctx, c.temporal); err != nil {
		return err
	}
	if c.records == nil {
		return nil
	}
	if _, err := c.records.Held(ctx); err != nil {
		return fmt.Errorf("ask the records: %w", err)
	}
	return nil
}
