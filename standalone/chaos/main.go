// Command chaos runs a fault campaign: the embedded Temporal server, the
// simulated providers and several workers as processes, many journeys of all
// kinds with simulated people, and meanwhile everything that can go wrong. When
// all is calm again it reconciles what the providers saw with what the callers
// were told, and exits 0 if and only if every invariant holds. docs/chaos.md
// tells what it does and how to read what it finds.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bioenroll/bioenroll/standalone/chaos/campaign"
	"github.com/bioenroll/bioenroll/standalone/chaos/parts"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// The exit codes.
const (
	exitOK     = 0 // Every invariant holds.
	exitBroken = 1 // An invariant broke.
	exitUsage  = 2 // Bad usage.
	exitFailed = 3 // The campaign could not be carried out, or was interrupted.
)

const usage = `chaos runs a fault campaign and checks that nothing happened twice and nothing was lost.

  --seed N          what is done, and when: the same seed, the same script (default: the time)
  --duration D      how long disturbances go on (default 2m); the end takes a little longer
  --journeys N      how many journeys are started (default 600)
  --workers N       how many worker processes there are (default 3)
  --kills=false     kills no process
  --network=false   leaves the connections to the providers alone
  --faults=false    lets the providers answer well
  --resets=false    resets no workflow
  --events=false    leaves the receiver of outcome events alone
  --json FILE       writes the report as JSON as well
  --keep FOLDER     keeps state and logs of all parts there

Exit codes: 0 every invariant holds, 1 one is broken, 2 bad usage, 3 the campaign could not
be carried out or was interrupted.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // a main starts the context
	var code int
	if len(os.Args) == 3 && os.Args[1] == "part" {
		code = playPart(ctx, os.Args[2])
	} else {
		code = run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	}
	stop()
	os.Exit(code)
}

// playPart runs one part of the system as a child of a campaign.
func playPart(ctx context.Context, name string) int {
	if err := parts.Run(ctx, name, os.LookupEnv, os.Stdin, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	return exitOK
}

// settings are what the flags say.
type settings struct {
	script     script.Options
	json, keep string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	chosen, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "chaos: %v\n", err)
		return exitUsage
	}
	report, err := play(ctx, chosen, stderr)
	if err == nil {
		err = tell(report, chosen.json, stdout)
	}
	switch {
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "chaos: %v\n", err)
		return exitFailed
	case !report.OK():
		return exitBroken
	}
	return exitOK
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage) }
	now := uint64(time.Now().UnixMilli())
	flags.Uint64Var(&s.script.Seed, "seed", now, "")
	flags.DurationVar(&s.script.Duration, "duration", 2*time.Minute, "")
	flags.IntVar(&s.script.Journeys, "journeys", 600, "")
	flags.IntVar(&s.script.Workers, "workers", 3, "")
	flags.BoolVar(&s.script.Kills, "kills", true, "")
	flags.BoolVar(&s.script.Network, "network", true, "")
	flags.BoolVar(&s.script.Faults, "faults", true, "")
	flags.BoolVar(&s.script.Resets, "resets", true, "")
	flags.BoolVar(&s.script.Events, "events", true, "")
	flags.StringVar(&s.json, "json", "", "")
	flags.StringVar(&s.keep, "keep", "", "")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("%q is no flag; --help lists them", flags.Arg(0))
	case s.script.Journeys < 1 || s.script.Workers < 1:
		return s, fmt.Errorf("--journeys is %d and --workers %d; allowed: 1 and more", s.script.Journeys, s.script.Workers)
	case s.script.Duration < time.Second:
		return s, fmt.Errorf("--duration is %s; allowed: 1s and more", s.script.Duration)
	}
	return s, nil
}

// play runs the campaign in its folder.
func play(ctx context.Context, s settings, progress io.Writer) (report campaign.Report, err error) {
	folder := s.keep
	if folder == "" {
		if folder, err = os.MkdirTemp("", "bioenroll-chaos"); err != nil {
			return report, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	} else if err = os.MkdirAll(folder, 0o700); err != nil {
		return report, err
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(progress, format+"\n", args...) }
	say("seed %d, %d journeys, disturbances for %s", s.script.Seed, s.script.Journeys, s.script.Duration)
	return campaign.Run(ctx, campaign.Options{Script: s.script, Folder: folder, Progress: say})
}

// tell writes the report.
func tell(report campaign.Report, file string, stdout io.Writer) error {
	if err := report.Write(stdout); err != nil {
		return err
	}
	if file == "" {
		return nil
	}
	encoded, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	if err := os.WriteFile(file, append(encoded, '\n'), 0o600); err != nil { //nolint:gosec // whoever runs the campaign names the file
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
