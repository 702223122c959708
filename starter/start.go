package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
)

// startOptions are the flags of start that belong to no journey.
type startOptions struct {
	key     string
	input   string
	wait    bool
	timeout time.Duration
}

const startHelp = `Starts a journey and prints its ID and what the frontend needs to open the capture.

Inputs are flags, or fields of a JSON document given with --input; a flag takes the place
of its field. Bytes are base64 in JSON, or the path of a file in the field with _file at its
end. Everything is checked before anything is started, and every problem is told at once.

The idempotency key makes repeating safe: the same command with the same --key starts
nothing twice. It returns the same answer while the journey waits, and the outcome once it
has concluded. Without --key a random one is made and printed.

The hand-over is printed in full, secrets included, because giving it to the frontend is
what this command is for. No other command but hand-over prints a secret.

With --json the first line is the journey with its hand-over, and with --wait the second
line is the outcome.

  starter start authid.enroll --account-number jane
  starter start iproov.photo-enroll --user-id jane --image jane.png --source selfie --wait
  starter start bioid.enroll --bcid bws.1.42 --sample 1.png --sample 2.png
  echo '{"user": "jane"}' | starter start smartid.unenroll --input - --json`

func (p *program) startCommand() *cobra.Command {
	var options startOptions
	command := &cobra.Command{
		Use:   "start JOURNEY",
		Short: "Start a journey",
		Long:  startHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{problem: "no journey given", command: cmd.CommandPath()}
			}
			_, err := enroll.Journey(args[0]).Spec()
			return &usageError{problem: err.Error(), command: cmd.CommandPath()}
		},
	}
	options.register(command.PersistentFlags())
	for _, spec := range enroll.Catalogue() {
		command.AddCommand(p.startJourneyCommand(spec, &options))
	}
	return command
}

// register adds the flags to a command.
func (o *startOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.key, "key", "", "idempotency key, 1 to 256 bytes (a random one unless given)")
	flags.StringVar(&o.input, "input", "", "`FILE` with the inputs as a JSON object, - for standard input")
	flags.BoolVar(&o.wait, "wait", false, "wait for the outcome and print it")
	flags.DurationVar(&o.timeout, "timeout", 0, "how long --wait waits, such as 90s; until the outcome unless given")
}

// startJourneyCommand is the command for one journey, with its flags.
func (p *program) startJourneyCommand(spec enroll.Spec, options *startOptions) *cobra.Command {
	command := &cobra.Command{
		Use:   string(spec.Journey),
		Short: spec.About,
		Long: spec.About + `

Each flag is also a field of the JSON document given with --input, with _ for -.
What goes for every journey is told by: starter start --help`,
		Example: exampleOf(spec.Journey),
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			request, err := p.request(spec.Journey, cmd.Flags(), *options)
			if err != nil {
				return err
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error { return p.start(ctx, j, request, *options) })
		},
	}
	command.Flags().SortFlags = false // The required ones come first.
	for _, in := range inputsOf(spec.Journey) {
		in.register(command.Flags())
	}
	return command
}

// request makes the journey's request of document and flags, and refuses flags
// that contradict each other.
func (p *program) request(journey enroll.Journey, flags *pflag.FlagSet, options startOptions) (client.Request, error) {
	src := config.NewSource(p.lookup)
	limits := config.Limits(src)
	if err := src.Err(); err != nil {
		return nil, err
	}
	var d decoder
	d.key(flags, options.key)
	d.timeout(options.timeout)
	if options.timeout != 0 && !options.wait {
		d.refuse("timeout", "without --wait", "only together with --wait")
	}
	given := object{}
	if flags.Changed("input") {
		given = d.document(options.input, p.stdin)
	}
	d.flags(flags, inputsOf(journey), given)
	return d.request(journey, given, limits)
}

// startedJourney is the answer of start.
type startedJourney struct {
	Journey enroll.Journey `json:"journey"`
	client.Started
	// Concluded reports that the journey had ended before this call.
	Concluded      bool   `json:"concluded,omitempty"`
	IdempotencyKey string `json:"idempotency_key"`
}

// start starts the journey, prints it and, when asked for, its outcome.
func (p *program) start(ctx context.Context, j journeys, request client.Request, options startOptions) error {
	key := options.key
	if key == "" {
		key = p.newKey()
	}
	started, err := j.Start(ctx, key, request)
	if err != nil {
		return &startError{key: key, err: err}
	}
	told := startedJourney{Journey: request.Journey(), Started: started, IdempotencyKey: key}
	if options.key != "" { // A key that was made just now cannot have been used before.
		if err := told.conclude(ctx, j); err != nil {
			return &startError{key: key, err: err}
		}
	}
	if err := p.print(told, func(s *sheet) { describeStarted(s, told, options.wait) }); err != nil {
		return err
	}
	switch {
	case told.Result != nil:
		return success(*told.Result)
	case options.wait:
		return p.awaitOutcome(ctx, j, started.ID, started.RunID, options.timeout)
	default:
		return nil
	}
}

// conclude puts the outcome in the place of a hand-over that opens nothing any
// more, because the journey has ended since the key was first used.
func (told *startedJourney) conclude(ctx context.Context, j journeys) error {
	if told.Result != nil {
		return nil
	}
	concluded, err := j.Concluded(ctx, told.ID, told.RunID)
	if err != nil || !concluded {
		return err
	}
	result, err := j.Wait(ctx, told.ID, told.RunID)
	if err != nil {
		return err
	}
	told.HandOver, told.Result, told.Concluded = nil, &result, true
	return nil
}

func describeStarted(s *sheet, told startedJourney, waits bool) {
	s.row("journey", string(told.Journey))
	s.row("id", told.ID)
	s.row("run", told.RunID)
	s.row("key", told.IdempotencyKey)
	if told.Result != nil {
		describeResult(s, *told.Result)
		if told.Concluded {
			s.text("")
			s.text("The journey has concluded already. To see all of it:  starter show %s --run %s", told.ID, told.RunID)
		}
		return
	}
	s.fact("waits until", stamp(told.Deadline))
	if told.HandOver != nil {
		describeHandOver(s, told.HandOver)
	}
	if waits {
		s.text("Waiting for the outcome ...")
		return
	}
	if spec, err := told.Journey.Spec(); err == nil && spec.Waits() {
		s.text("")
		s.text("When the person has finished:  starter hint %s %s", told.ID, hintToSend(spec))
		s.text("To learn the outcome:          starter wait %s", told.ID)
	}
}

// hintToSend is the hint that the journey's frontend usually relays.
func hintToSend(spec enroll.Spec) string {
	name := spec.Hints[0]
	if name == enroll.SamplesUploaded {
		return string(name) + " --samples NUMBER"
	}
	return string(name)
}

// success turns an outcome other than success into the error that only sets
// the exit code.
func success(result enroll.Result) error {
	if result.Outcome.Success() {
		return nil
	}
	return fmt.Errorf("%w: %s", errNoSuccess, result.Outcome)
}
