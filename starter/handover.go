package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/enroll"
)

func (p *program) handOverCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "hand-over ID",
		Short: "Print what the frontend needs to open the capture",
		Long: `Prints the current hand-over of a journey that waits, for a frontend that lost it. It is
printed in full, secrets included. A worker must be running.

  starter hand-over authid-0123456789abcdef --json`,
		Args: arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				handed, err := j.HandOver(ctx, args[0], "")
				if err != nil {
					return err
				}
				if handed == nil {
					return p.noHandOver(ctx, j, args[0])
				}
				return p.print(handed, func(s *sheet) { describeHandOver(s, handed) })
			})
		},
	}
}

// noHandOver says why there is none.
func (p *program) noHandOver(ctx context.Context, j journeys, id string) error {
	concluded, err := j.Concluded(ctx, id, "")
	if err != nil {
		return err
	}
	return p.print(nil, func(s *sheet) {
		if concluded {
			s.text("There is no hand-over: the journey has concluded. How it ended:  starter show %s", id)
			return
		}
		s.text("There is no hand-over: the journey has not begun, or never waits for a person.")
	})
}

// describeHandOver names the fields as JSON does, because that is what a
// frontend reads.
func describeHandOver(s *sheet, handed *enroll.HandOver) {
	s.fact("expires_at", stamp(handed.ExpiresAt))
	if a := handed.AuthID; a != nil {
		s.fact("operation_id", a.OperationID)
		s.fact("one_time_secret", a.OneTimeSecret.Reveal())
		s.fact("capture_url", a.CaptureURL.Reveal())
		s.fact("transport_type", strconv.Itoa(a.TransportType))
	}
	if b := handed.BioID; b != nil {
		s.fact("base_url", b.BaseURL)
		s.fact("token", b.Token.Reveal())
		s.fact("traits", b.Traits)
		s.number("recordings", b.Recordings)
		s.fact("challenge", attempts(b.Challenge))
		s.fact("performed_by", string(b.PerformedBy))
	}
	if i := handed.IProov; i != nil {
		s.fact("user_id", i.UserID)
		s.fact("token", i.Token.Reveal())
		s.fact("streaming_url", i.StreamingURL)
		s.fact("assurance_type", i.AssuranceType)
	}
}

// attempts writes the head movements of each attempt.
func attempts(challenge [][]string) string {
	var list []string
	for _, movements := range challenge {
		list = append(list, strings.Join(movements, ","))
	}
	return strings.Join(list, " | ")
}
