package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/client"
)

// canceledJourney is the answer of cancel.
type canceledJourney struct {
	ID        string `json:"id"`
	Requested bool   `json:"cancel_requested"`
}

func (p *program) cancelCommand() *cobra.Command {
	var run string
	var options bulkOptions
	command := &cobra.Command{
		Use:   "cancel ID | --all",
		Short: "Cancel a journey that waits, or many",
		Long: `Asks a journey to stop waiting. It asks the provider once more, so that a person who had
finished is not turned away, takes back what it created at the provider, and ends.
'wait' prints how. Exits with 4 when the journey has concluded already.

With --all it cancels every live journey that the filter chooses, one after the other, and
tells each; one that cannot be canceled does not stop the others. Journeys that start
meanwhile may be missed: 'starter hold' stops them first. With --who and --why, which --all
needs, the audit trail tells who asked for it.

  starter cancel authid-0123456789abcdef && starter wait authid-0123456789abcdef
  starter cancel --all --provider iproov --phase waiting --who olga --why "incident 7" --yes`,
		Args: idOrAll,
		RunE: func(cmd *cobra.Command, args []string) error {
			var d decoder
			if options.check(&d, cmd.Flags()); options.all && run != "" {
				d.refuse("run", "together with --all", "an ID, or --all without --run")
			}
			if err := d.err(); err != nil {
				return err
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				if options.all {
					return p.all(&options, "canceled", func(progress func(client.Step)) (int, error) {
						return j.CancelAll(ctx, options.filter, options.by, progress)
					})
				}
				if err := cancelOne(ctx, j, args[0], run, options.by); err != nil {
					return err
				}
				return p.print(canceledJourney{ID: args[0], Requested: true}, func(s *sheet) {
					s.text("The journey was asked to end. To learn how it did:  starter wait %s", args[0])
				})
			})
		},
	}
	runFlag(command, &run)
	options.register(command.Flags())
	return command
}

func cancelOne(ctx context.Context, j journeys, id, run string, by client.By) error {
	if by == (client.By{}) {
		return j.Cancel(ctx, id, run)
	}
	return j.CancelBy(ctx, id, run, by)
}
