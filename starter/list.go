package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// mostListed is the most journeys that one list holds.
const mostListed = 1000

func (p *program) listCommand() *cobra.Command {
	var filter client.Filter
	command := &cobra.Command{
		Use:   "list",
		Short: "List journeys, the newest first",
		Long: `Lists journeys as the server's index knows them, the newest first. The index lags behind
by about a second. A journey that the server ended without an outcome tells how behind its
phase, such as: beginning (Failed).

  starter list --phase waiting --provider iproov
  starter list --overdue           waiting beyond their deadline: something is stuck
  starter list --outcome unknown   for an operator to look at`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var d decoder
			d.filter(filter, mostListed)
			if err := d.err(); err != nil {
				return err
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				listed, err := j.List(ctx, filter)
				if err != nil {
					return err
				}
				if listed == nil {
					listed = []client.Shown{} // In JSON an empty list, never null.
				}
				return p.print(listed, func(s *sheet) { describeList(s, listed) })
			})
		},
	}
	filterFlags(command.Flags(), &filter, 50, mostListed)
	command.Flags().StringVar((*string)(&filter.Outcome), "outcome", "", "only with this outcome: "+words(enroll.Outcomes()))
	return command
}

// filterFlags adds the flags that choose journeys.
func filterFlags(flags *pflag.FlagSet, filter *client.Filter, limit, most int) {
	flags.StringVar((*string)(&filter.Provider), "provider", "", "only of this provider: "+words(enroll.Providers()))
	flags.StringVar((*string)(&filter.Journey), "journey", "", "only this kind, such as authid.enroll")
	flags.StringVar((*string)(&filter.Phase), "phase", "", "only in this phase: "+words(phases()))
	flags.BoolVar(&filter.Overdue, "overdue", false, "only journeys that still wait beyond their deadline")
	flags.IntVar(&filter.Limit, "limit", limit, fmt.Sprintf("the most journeys, 1 to %d", most))
}

// filter refuses words that mean nothing: they would choose nothing, and look
// like an answer.
func (d *decoder) filter(filter client.Filter, most int) {
	oneOf(d, "provider", filter.Provider, enroll.Providers())
	oneOf(d, "journey", filter.Journey, journeyNames())
	oneOf(d, "phase", filter.Phase, phases())
	oneOf(d, "outcome", filter.Outcome, enroll.Outcomes())
	if filter.Limit < 1 || filter.Limit > most {
		d.refuse("limit", strconv.Itoa(filter.Limit), fmt.Sprintf("1 to %d", most))
	}
}

func oneOf[T ~string](d *decoder, field string, value T, allowed []T) {
	if value != "" && !slices.Contains(allowed, value) {
		d.refuse(field, fmt.Sprintf("%q", value), words(allowed))
	}
}

func phases() []enroll.Phase {
	return []enroll.Phase{enroll.Beginning, enroll.Waiting, enroll.Concluded}
}

func journeyNames() []enroll.Journey {
	var names []enroll.Journey
	for _, spec := range enroll.Catalogue() {
		names = append(names, spec.Journey)
	}
	return names
}

// words joins names for help and messages.
func words[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, word := range list {
		parts[i] = string(word)
	}
	return strings.Join(parts, ", ")
}

func describeList(s *sheet, listed []client.Shown) {
	if len(listed) == 0 {
		s.text("No journeys.")
		return
	}
	s.row("ID", "JOURNEY", "PHASE", "OUTCOME", "STARTED", "DEADLINE")
	for _, j := range listed {
		s.row(j.ID, string(j.Journey), phaseOf(j), orDash(string(j.Outcome)), stamp(j.StartedAt), orDash(stamp(j.Deadline)))
	}
}

// phaseOf is the journey's phase, with the server's word for a run that ended
// in another way than the journey itself ends.
func phaseOf(shown client.Shown) string {
	phase := orDash(string(shown.Phase))
	if slices.Contains([]string{"", "Running", "Completed"}, shown.Status) {
		return phase
	}
	return phase + " (" + shown.Status + ")"
}
