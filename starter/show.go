package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func (p *program) showCommand() *cobra.Command {
	var run string
	command := &cobra.Command{
		Use:   "show ID",
		Short: "Show one journey: where it stands, for whom it waits, what was tried",
		Long: `Shows what the server knows of a journey, its steps under way with their attempts, and
the journey's own account when a worker runs. Of a journey that the server has forgotten
it shows what its record tells. No secret is shown.

  starter show authid-0123456789abcdef`,
		Args: arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				shown, err := j.Show(ctx, args[0], run)
				if err != nil {
					return err
				}
				shown.Reference = enroll.Secret(shown.Reference.String()) // It may be personal, and record --reveal has it.
				return p.print(shown, func(s *sheet) { describeShown(s, shown) })
			})
		},
	}
	runFlag(command, &run)
	return command
}

func describeShown(s *sheet, shown client.Shown) {
	s.row("journey", string(shown.Journey))
	s.row("id", shown.ID)
	s.row("run", shown.RunID)
	s.row("status", shown.Status)
	s.fact("phase", string(shown.Phase))
	s.fact("started", stamp(shown.StartedAt))
	s.fact("closed", stamp(shown.ClosedAt))
	s.fact("deadline", stamp(shown.Deadline))
	s.fact("record", string(shown.Record))
	if shown.Events > 0 { // A journey that only the records know has no history.
		s.row("history events", strconv.FormatInt(shown.Events, 10))
	}
	for _, step := range shown.Pending {
		s.row("step under way", describeStep(step))
	}
	if shown.State == nil {
		s.fact("own account", "missing: "+shown.StateMissing)
		s.fact("outcome", string(shown.Outcome))
		return
	}
	describeState(s, *shown.State)
	describeResolution(s, shown.Resolution)
	if shown.Watched != nil {
		s.row("watch found", describeWatched(*shown.Watched))
	}
}

// describeWatched tells what became of a capture that was left open.
func describeWatched(found enroll.Watched) string {
	switch {
	case found.Reason != "":
		return "no answer: " + string(found.Reason)
	case !found.Completed:
		return "the person did not complete the capture"
	case found.Removed:
		return "the person completed the capture; what came into being is removed"
	default:
		return "the person completed the capture; it was kept: " + string(found.Kept)
	}
}

func describeStep(step client.PendingStep) string {
	text := fmt.Sprintf("%s, attempt %d", step.Step, step.Attempt)
	if step.LastFailure != "" {
		text += ", last answer " + step.LastFailure
	}
	if !step.NextAttempt.IsZero() {
		text += ", next at " + stamp(step.NextAttempt)
	}
	return text
}

func describeState(s *sheet, state enroll.State) {
	if state.Result == nil {
		s.fact("waits for", state.WaitingOn)
		s.fact("since", stamp(state.Since))
	}
	for _, name := range slices.Sorted(maps.Keys(state.Hints)) {
		s.row("hint", fmt.Sprintf("%s (%d)", name, state.Hints[name]))
	}
	s.fact("last hint's code", state.LastHintCode)
	s.number("asked", state.Asked)
	s.fact("last answer", state.LastAnswer)
	s.number("attempts left", state.AttemptsLeft)
	if state.Result != nil {
		describeResult(s, *state.Result)
	}
}
