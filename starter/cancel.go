package main

import (
	"context"

	"github.com/spf13/cobra"
)

// canceledJourney is the answer of cancel.
type canceledJourney struct {
	ID        string `json:"id"`
	Requested bool   `json:"cancel_requested"`
}

func (p *program) cancelCommand() *cobra.Command {
	var run string
	command := &cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel a journey that waits",
		Long: `Asks a journey to stop waiting. It asks the provider once more, so that a person who had
finished is not turned away, takes back what it created at the provider, and ends.
'wait' prints how. Exits with 4 when the journey has concluded already.

  starter cancel authid-0123456789abcdef && starter wait authid-0123456789abcdef`,
		Args: arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				if err := j.Cancel(ctx, args[0], run); err != nil {
					return err
				}
				return p.print(canceledJourney{ID: args[0], Requested: true}, func(s *sheet) {
					s.text("The journey was asked to end. To learn how it did:  starter wait %s", args[0])
				})
			})
		},
	}
	runFlag(command, &run)
	return command
}
