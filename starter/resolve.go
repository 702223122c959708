package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func (p *program) resolveCommand() *cobra.Command {
	var run string
	var outcome enroll.Outcome
	var by client.By
	command := &cobra.Command{
		Use:   "resolve ID",
		Short: "Settle an unknown outcome with what the provider told you",
		Long: `Records what an unknown outcome turned out to be, once somebody has asked the provider by
other means. ID is that of a record, or of a journey. The outcome itself stays unknown, and
the resolution stands beside it for good; an outcome that the journey cannot have had is
refused with a list of those that it can. 'starter records --unresolved' lists what there
is to settle. Exits with 4 when the outcome is not unknown or was resolved otherwise.

  starter resolve 89abcdef01234567 --outcome enrolled --who olga --why "seen in the portal"`,
		Args: arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var d decoder
			d.by(by, true, "")
			if outcome == "" {
				d.refuse("outcome", "nothing", words(enroll.Outcomes()))
			}
			oneOf(&d, "outcome", outcome, enroll.Outcomes())
			if err := d.err(); err != nil {
				return err
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				record, err := recordOf(ctx, j, args[0], run)
				if err != nil {
					return err
				}
				if err := j.Resolve(ctx, record.ID, enroll.Resolution{Outcome: outcome, Who: by.Who, Why: by.Why}); err != nil {
					return err
				}
				if record, err = j.Record(ctx, record.ID); err != nil {
					return err
				}
				return p.print(record, func(s *sheet) { describeRecord(s, recordedJourney{Record: record}) })
			})
		},
	}
	runFlag(command, &run)
	command.Flags().StringVar((*string)(&outcome), "outcome", "", "what the journey turned out to have come to")
	byFlags(command.Flags(), &by)
	return command
}
