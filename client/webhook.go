package client

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/bioenroll/bioenroll/enroll"
)

// Webhook tells the journey of an operation that its provider called the
// webhook for it. That wakes the journey, which asks the provider, and is never
// a verdict: whoever learned an operation's ID can cause no more than a
// question. Told reports whether there was a journey under way: an operation that
// nobody knows, or whose journey has ended, is no error.
//
// The journey is found by a keyed hash in the server's index, which learns of an
// operation a moment after the hand-over. So it may be worth asking twice.
func (c *Client) Webhook(ctx context.Context, provider enroll.Provider, operationID string) (told bool, err error) {
	answer, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: fmt.Sprintf(`%s = %q AND ExecutionStatus = "Running"`, enroll.AttrOperation, c.keys.OperationHash(provider, operationID)),
	})
	if err != nil {
		return false, fmt.Errorf("webhook of %s: find the journey: %w", provider, err)
	}
	for _, info := range answer.GetExecutions() {
		id := info.GetExecution().GetWorkflowId()
		// The index may not know yet that the run has ended, or was reset.
		found, err := c.current(ctx, id, info.GetExecution().GetRunId())
		alive := false
		if err == nil {
			alive, err = c.whileAlive(ctx, found, func(runID string) error {
				return c.temporal.SignalWorkflow(ctx, id, runID, string(enroll.Webhook), enroll.Hint{})
			})
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return told, fmt.Errorf("webhook of %s: hint %s: %w", provider, id, err)
		}
		told = told || alive
	}
	return told, nil
}
