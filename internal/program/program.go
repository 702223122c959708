// Package program is the frame of the programs that serve and take their
// settings from the environment: worker, gateway and codec server.
//
// Each of them reads all of its settings before it does anything, names every
// one that is wrong, and then works until it is told to stop. --help lists the
// variables that the program reads, from the code that reads them. The word
// healthcheck asks the program of this machine whether it is ready. The exit
// codes mean the same everywhere.
package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/bioenroll/bioenroll/internal/config"
)

// The exit codes.
const (
	Done          = 0 // Stopped by request, or the command was carried out.
	Failed        = 1 // It could not begin, could not go on, or is not ready.
	Misconfigured = 2 // Bad configuration or usage.
)

// ErrUsage marks a command line that is not understood.
var ErrUsage = errors.New("not understood")

// Call is what a process gives its program.
type Call struct {
	// Args are the words after the program's name; for a command those after the
	// command's.
	Args []string
	// Lookup is the environment.
	Lookup config.Lookup
	// Stdout and Stderr are written to.
	Stdout, Stderr io.Writer
}

// Program is one of them, with settings of the type S.
type Program[S any] struct {
	// Name is how the program is called.
	Name string
	// Help is what --help prints before the list of variables.
	Help string
	// Usage says in one line which words there are.
	Usage string
	// Read returns the settings. Problems are recorded in the source.
	Read func(src *config.Source) S
	// Serve works until the context ends.
	Serve func(ctx context.Context, settings S, call Call) error
	// Health returns nil when the program of this machine, with the same settings,
	// is ready.
	Health func(ctx context.Context, settings S) error
	// Commands are the program's own, by the word that each begins with.
	Commands map[string]func(Call) error
}

// Run carries out one call, tells the error if there is one, and returns the exit
// code.
func (p Program[S]) Run(ctx context.Context, call Call) int {
	err := p.carryOut(ctx, call)
	if err == nil {
		return Done
	}
	misused := errors.Is(err, ErrUsage)
	if misused {
		err = fmt.Errorf("%w: %s", err, p.Usage)
	}
	_, _ = fmt.Fprintf(call.Stderr, "%s: %v\n", p.Name, err)
	if _, wrong := errors.AsType[*config.Error](err); wrong || misused {
		return Misconfigured
	}
	return Failed
}

func (p Program[S]) carryOut(ctx context.Context, call Call) error {
	word := ""
	if len(call.Args) > 0 {
		word = call.Args[0]
	}
	if command, found := p.Commands[word]; found {
		call.Args = call.Args[1:]
		return command(call)
	}
	var work func(S) error
	switch word {
	case "--help", "-h", "help":
		return p.writeHelp(call.Stdout)
	case "healthcheck":
		work = func(settings S) error { return p.Health(ctx, settings) }
	case "":
		work = func(settings S) error { return p.Serve(ctx, settings, call) }
	default:
		return fmt.Errorf("%q is %w", word, ErrUsage)
	}
	if len(call.Args) > 1 {
		return fmt.Errorf("%q is %w", call.Args[1], ErrUsage)
	}
	src := config.NewSource(call.Lookup)
	settings := p.Read(src)
	if err := src.Err(); err != nil {
		return err
	}
	return work(settings)
}

// writeHelp lists every variable, whatever this process's environment is.
func (p Program[S]) writeHelp(w io.Writer) error {
	src := config.NewSource(config.Map(nil))
	p.Read(src)
	if _, err := io.WriteString(w, p.Help); err != nil {
		return fmt.Errorf("print help: %w", err)
	}
	return config.WriteHelp(w, src.Known())
}

// Named parses the words of a command that is about one name, which stands before
// or after the flags. The error is an ErrUsage.
func Named(flags *flag.FlagSet, args []string) (name string, err error) {
	flags.SetOutput(io.Discard)
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return "", fmt.Errorf("%s: %w: %w", flags.Name(), err, ErrUsage)
	}
	left := flags.Args()
	if name == "" && len(left) > 0 {
		name, left = left[0], left[1:]
	}
	if name == "" || len(left) > 0 {
		return "", fmt.Errorf("%s: one name: %w", flags.Name(), ErrUsage)
	}
	return name, nil
}
