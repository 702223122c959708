// Command bench measures the journeys and prints a table: what they cost
// Temporal, how fast they are, how many run at once, what the gateway adds and
// what encryption does, and what one that waits occupies. Everything runs here:
// one embedded Temporal server on SQLite in a temporary folder, the simulated
// providers, a worker, and beside it the worker of the baselines, each in a
// process of its own.
//
// Journeys and baselines take turns within one run on one server, so that
// whatever else the machine does strikes both. docs/benchmarks.md explains the
// numbers.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// The exit codes.
const (
	exitOK      = 0 // Everything was measured; a missed target is no failure.
	exitFailed  = 1 // Something could not be measured.
	exitBadFlag = 2 // Bad usage.
)

const usage = `bench measures the journeys and prints a table. It takes about nine minutes.

  --scale default|full|quick   full takes longer: 10,000 waiting journeys, more rounds;
                               quick only shows that everything works
  --only hour|speed|load|gateway|encryption|waiting
                               measures one part alone, after what a journey costs
  --json FILE                  writes everything measured as JSON as well
  --profile FOLDER             writes CPU profiles of server, worker and simulators under load

Exit codes: 0 everything was measured, 1 something could not be measured, 2 bad usage.
`

func main() {
	if len(os.Args) == 3 && os.Args[1] == "part" {
		os.Exit(playPart(os.Args[2]))
	}
	//nolint:forbidigo // a main starts the context
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// playPart runs one part of the system as a child of a benchmark.
func playPart(name string) int {
	signal.Ignore(os.Interrupt) // Ctrl-C reaches the whole group; the parent says when to end.
	//nolint:forbidigo // a main starts the context
	if err := part(context.Background(), name, os.LookupEnv, os.Stdin, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	return exitOK
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage) }
	name := flags.String("scale", "default", "")
	only := flags.String("only", "", "")
	file := flags.String("json", "", "")
	profiles := flags.String("profile", "", "")
	if err := flags.Parse(args); err != nil {
		return exitBadFlag
	}
	chosen, err := scaleOf(*name)
	if err != nil || flags.NArg() > 0 {
		_, _ = fmt.Fprintf(stderr, "bench: %v\n%s", err, usage)
		return exitBadFlag
	}
	sections := []string{sectionCosts, sectionHour, sectionSpeed, sectionLoad, sectionGateway, sectionEncryption, sectionWaiting}
	if *only != "" && !slices.Contains(sections, *only) {
		_, _ = fmt.Fprintf(stderr, "bench: --only: given %q\n%s", *only, usage)
		return exitBadFlag
	}
	chosen.profiles, chosen.only = *profiles, *only
	err = measureAll(ctx, chosen, *file, stdout, stderr)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "bench:", err)
		return exitFailed
	}
	return exitOK
}

func measureAll(ctx context.Context, chosen scale, file string, stdout, stderr io.Writer) error {
	b := bench{scale: chosen, progress: func(format string, args ...any) { _, _ = fmt.Fprintf(stderr, format+"\n", args...) }}
	measured, err := b.run(ctx)
	if err != nil {
		return err
	}
	if err := report.Write(stdout, measured); err != nil {
		return err
	}
	if file == "" {
		return nil
	}
	encoded, err := json.MarshalIndent(measured, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	if err := os.WriteFile(file, append(encoded, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
