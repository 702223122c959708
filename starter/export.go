package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func (p *program) exportCommand() *cobra.Command {
	var by client.By
	command := &cobra.Command{
		Use:   "export PROVIDER SUBJECT",
		Short: "Export everything that is kept of a person at a provider",
		Long: `Prints everything that is kept of a person at a provider as one JSON document: records,
steps, references, outcomes and audit trails, nothing hidden. SUBJECT is the provider's own
name of the person: AccountNumber, BCID, User or user_id; - reads it from standard input.
Each record's audit trail tells who exported it and why.

  starter export authid jane --who olga --why "request of the person, ticket 4711" > jane.json`,
		Args: arguments("PROVIDER", "SUBJECT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			provider := enroll.Provider(args[0])
			if err := checkProvider(provider, by); err != nil {
				return err
			}
			subject, err := p.subject(args[1])
			if err != nil {
				return err
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				exported, err := j.Export(ctx, provider, subject, by)
				if err != nil {
					return err
				}
				return writeJSON(p.stdout, exported) // Nobody reads this but programs.
			})
		},
	}
	byFlags(command.Flags(), &by)
	return command
}

// subject is the one given, or the one on standard input.
func (p *program) subject(given string) (string, error) {
	if given == "-" {
		content, err := readBounded(p.stdin)
		if err != nil {
			return "", fmt.Errorf("read the subject from standard input: %w", err)
		}
		given = strings.TrimRight(string(content), "\r\n")
	}
	if given == "" {
		return "", &inputError{[]enroll.FieldError{{Field: "subject", Given: "nothing", Allowed: "the provider's name of the person"}}}
	}
	return given, nil
}
