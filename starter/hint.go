package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/enroll"
)

// sentHint is the answer of hint.
type sentHint struct {
	ID   string          `json:"id"`
	Hint enroll.HintName `json:"hint"`
	// Late reports that the journey had concluded before.
	Late bool `json:"late"`
}

func (p *program) hintCommand() *cobra.Command {
	var hint enroll.Hint
	command := &cobra.Command{
		Use:   "hint ID NAME",
		Short: "Tell a journey that something happened at the frontend",
		Long: `Wakes a journey, which then asks the provider itself. A hint never carries a verdict,
and one that comes after the end is fine.

  final-page        the frontend reached the provider's final page
  samples-uploaded  the browser uploaded samples (--samples tells how many, 1 or more)
  sdk-finished      the provider's SDK ended (--code tells how, on failure)

  starter hint authid-0123456789abcdef final-page
  starter hint bioid-0123456789abcdef samples-uploaded --samples 4`,
		Args: arguments("ID", "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, name := args[0], enroll.HintName(args[1])
			if err := checkHint(name, hint); err != nil {
				return err
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				late, err := j.Hint(ctx, id, "", name, hint)
				if err != nil {
					return err
				}
				return p.print(sentHint{ID: id, Hint: name, Late: late}, func(s *sheet) {
					if late {
						s.text("The journey has concluded already; there was nothing to wake.")
						return
					}
					s.text("The hint was delivered.")
				})
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&hint.Code, "code", "", "the SDK's own code on failure, shown to operators")
	flags.IntVar(&hint.Samples, "samples", 0, "how many samples were uploaded; needed for samples-uploaded")
	flags.StringVar(&hint.Client, "client", "", "User-Agent of the person's device")
	return command
}

// checkHint refuses hints that nobody may send from here.
func checkHint(name enroll.HintName, hint enroll.Hint) error {
	var d decoder
	if names := enroll.HintNames(); !slices.Contains(names, name) {
		d.refuse("hint", fmt.Sprintf("%q", name), words(names))
	}
	switch {
	case name == enroll.SamplesUploaded && hint.Samples < 1:
		d.refuse("samples", strconv.Itoa(hint.Samples), "1 or more, with --samples")
	case hint.Samples < 0:
		d.refuse("samples", strconv.Itoa(hint.Samples), "0 or more")
	}
	if len(d.problems) > 0 {
		return &inputError{d.problems}
	}
	return nil
}
