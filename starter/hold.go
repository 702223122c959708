package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// heldProvider is the answer of hold and release.
type heldProvider struct {
	Provider enroll.Provider `json:"provider"`
	Held     bool            `json:"held"`
}

func (p *program) holdCommand() *cobra.Command {
	return p.holdingCommand("hold", "Stop new journeys at a provider",
		`Stops new journeys at a provider until 'release', for an incident or maintenance. Journeys
under way go on, and an idempotency key that was used before answers as ever. A hold that is
there already stays as it is.

  starter hold iproov --who olga --why "incident 7, until iProov says that it is over"`,
		func(ctx context.Context, j journeys, provider enroll.Provider, by client.By) error {
			return j.Hold(ctx, provider, by)
		}, true)
}

func (p *program) releaseCommand() *cobra.Command {
	return p.holdingCommand("release", "Let journeys start at a provider again",
		`Lets journeys start at a provider again. Without a hold it changes nothing.

  starter release iproov --who olga --why "incident 7 is over"`,
		func(ctx context.Context, j journeys, provider enroll.Provider, by client.By) error {
			return j.Release(ctx, provider, by)
		}, false)
}

// holdingCommand is one of the two.
func (p *program) holdingCommand(name, short, long string, do func(context.Context, journeys, enroll.Provider, client.By) error, held bool) *cobra.Command {
	var by client.By
	command := &cobra.Command{
		Use: name + " PROVIDER", Short: short, Long: long,
		Args: arguments("PROVIDER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			provider := enroll.Provider(args[0])
			if err := checkProvider(provider, by); err != nil {
				return err
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				if err := do(ctx, j, provider, by); err != nil {
					return err
				}
				return p.print(heldProvider{Provider: provider, Held: held}, func(s *sheet) {
					if held {
						s.text("No journey starts at %s until:  starter release %s", provider, provider)
						return
					}
					s.text("Journeys start at %s again.", provider)
				})
			})
		},
	}
	byFlags(command.Flags(), &by)
	return command
}

// checkProvider refuses a provider that does not exist and an operator without
// a name or reason.
func checkProvider(provider enroll.Provider, by client.By) error {
	var d decoder
	if provider == "" {
		d.refuse("provider", "nothing", words(enroll.Providers()))
	}
	oneOf(&d, "provider", provider, enroll.Providers())
	d.by(by, true, "")
	return d.err()
}

func (p *program) holdsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "holds",
		Short: "List the providers at which no journey may start",
		Long: `Lists the holds: who stopped new journeys at which provider, since when, and why.

  starter holds`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				holds, err := j.Held(ctx)
				if err != nil {
					return err
				}
				if holds == nil {
					holds = []client.Hold{} // In JSON an empty list, never null.
				}
				return p.print(holds, func(s *sheet) {
					if len(holds) == 0 {
						s.text("No holds.")
						return
					}
					s.row("PROVIDER", "SINCE", "BY", "WHY")
					for _, hold := range holds {
						s.row(string(hold.Provider), stamp(hold.At), hold.Who, hold.Why)
					}
				})
			})
		},
	}
}
