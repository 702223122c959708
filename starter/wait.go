package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/enroll"
)

func (p *program) waitCommand() *cobra.Command {
	var run string
	var timeout time.Duration
	command := &cobra.Command{
		Use:   "wait ID",
		Short: "Wait for a journey's outcome and print it",
		Long: `Waits until the journey has ended and prints its outcome. A journey that has ended
already answers at once. Stopping to wait never stops the journey.

Exits with 3 when the outcome is not a success, with 6 when --timeout is over first.

  starter wait authid-0123456789abcdef
  starter wait authid-0123456789abcdef --timeout 90s --json`,
		Args: arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var d decoder
			if d.timeout(timeout); len(d.problems) > 0 {
				return &inputError{d.problems}
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				return p.awaitOutcome(ctx, j, args[0], run, timeout)
			})
		},
	}
	runFlag(command, &run)
	command.Flags().DurationVar(&timeout, "timeout", 0, "how long to wait, such as 90s; until the outcome unless given")
	return command
}

// runFlag adds the flag that tells journeys of one person apart.
func runFlag(command *cobra.Command, run *string) {
	command.Flags().StringVar(run, "run", "", "run ID, for a journey that is not the person's latest at the provider")
}

// timeout refuses a time that is over before it begins.
func (d *decoder) timeout(given time.Duration) {
	if given < 0 {
		d.refuse("timeout", given.String(), "more than 0, such as 90s")
	}
}

// awaitOutcome waits for the outcome and prints it.
func (p *program) awaitOutcome(ctx context.Context, j journeys, id, run string, timeout time.Duration) error {
	result, err := waitFor(ctx, j, id, run, timeout)
	if err != nil {
		return err
	}
	if err := p.print(result, func(s *sheet) { describeResult(s, result) }); err != nil {
		return err
	}
	return success(result)
}

// waitFor waits no longer than the timeout, unless it is zero. The time is
// kept here and not in the calls to the server: a deadline that ends a call
// there may be told as a failure.
func waitFor(ctx context.Context, j journeys, id, run string, timeout time.Duration) (enroll.Result, error) {
	waiting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if timeout > 0 {
		timer := time.AfterFunc(timeout, func() { cancel(errTimedOut) })
		defer timer.Stop()
	}
	result, err := j.Wait(waiting, id, run)
	if err != nil && errors.Is(context.Cause(waiting), errTimedOut) {
		return enroll.Result{}, fmt.Errorf("wait %s: %w", id, errTimedOut)
	}
	return result, err
}

func describeResult(s *sheet, result enroll.Result) {
	s.row("outcome", string(result.Outcome))
	s.fact("reason", string(result.Reason))
	s.fact("provider code", result.ProviderCode)
	s.fact("message", result.Message)
	s.row("can retry", strconv.FormatBool(result.CanRetry))
	s.fact("concluded", stamp(result.ConcludedAt))
	s.fact("user_id", result.UserID)
	s.fact("assurance type", result.AssuranceType)
	if selfie := result.Selfie; selfie != nil {
		s.fact("selfie", selfie.TempID)
		s.fact("selfie ends", stamp(selfie.EndsAt))
		s.fact("selfie attached", yes(selfie.Attached))
		if selfie.AttachRefused != nil {
			s.fact("attach refused", string(selfie.AttachRefused.Reason))
		}
	}
	s.fact("trained", yes(result.Trained))
	s.fact("unenrolled", yes(result.Unenrolled))
	if result.OpenUntil != nil {
		s.fact("open until", stamp(*result.OpenUntil)+", the person may still complete the capture at the provider")
		s.fact("watched by", result.WatchID)
	}
	for _, c := range result.CleanUp {
		if c.Done {
			s.fact("removed", c.What)
		} else {
			s.fact("not removed", c.What+" "+string(c.Reason))
		}
	}
}
