package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/enroll"
)

const resetHelp = `Removes a user's SmartID enrollment and enrolls a fresh capture in its place: what a customer
asks for, or what a change of device needs. It is the journey smartid.enroll with --reset,
so one idempotency key covers both halves, and repeating the command does neither twice.

The outcome is that of the new enrollment; "unenrolled" tells that the old one was removed,
also when the new one was refused.`

// resetCommand is start smartid.enroll --reset under the name by which
// operators look for it.
func (p *program) resetCommand() *cobra.Command {
	spec, err := enroll.SmartIDEnroll.Spec()
	if err != nil {
		panic(err) // The catalogue names each of its journeys.
	}
	var options startOptions
	command := p.startJourneyCommand(spec, &options)
	command.Use, command.Short, command.Long = "reset", "Replace a user's SmartID enrollment", resetHelp
	command.Example = "  starter reset --user jane --template-file jane.tpl --pay-load-file jane.json"
	options.register(command.Flags())
	command.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := cmd.Flags().Set("reset", "true"); err != nil {
			return fmt.Errorf("reset: %w", err)
		}
		return nil
	}
	return command
}
