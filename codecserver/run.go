package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/internal/web"
)

// The exit codes.
const (
	exitDone          = 0 // Stopped by request, or the command was carried out.
	exitFailed        = 1 // It could not listen, or could not go on.
	exitConfiguration = 2 // Bad configuration or usage.
)

const help = `codecserver shows operators what is in the encrypted payloads of journeys, in the
Temporal UI and on Temporal's command line. Secrets and subjects stay hidden unless an
operator with the right to asks for them, and every request is logged with who asked.

  codecserver                       serve until SIGINT or SIGTERM; logs go to standard error
  codecserver operator NAME         let NAME read payloads: prints a token, once
  codecserver operator NAME --reveal
                                    the same, with the right to see secrets and subjects
  codecserver operator NAME --remove
                                    take the right away; it holds at once
  codecserver healthcheck           exit 0 when the server on this machine is ready

The Temporal UI needs the server's address as its codec endpoint, with credentials
included; operators sign in on the page /login. On the command line:

  temporal workflow show -w ID --codec-endpoint http://127.0.0.1:8234 --codec-auth 'Bearer TOKEN'

With /revealed behind the endpoint, secrets and subjects are shown, too.

Exit codes:
  0  stopped by request, or the command was carried out
  1  it cannot listen, cannot go on, or is not healthy
  2  a variable or the key file cannot be used, all of them are named; or bad usage

Environment variables:
`

// errUsage marks a command line that is not understood.
var errUsage = errors.New("not understood: there is 'codecserver', 'codecserver operator NAME', 'codecserver healthcheck' and 'codecserver --help'")

// run is the program without the process around it; it returns the exit code.
func run(ctx context.Context, args []string, lookup config.Lookup, stdout, stderr io.Writer) int {
	return report(stderr, command(ctx, args, lookup, stdout, stderr))
}

// command carries out one command line.
func command(ctx context.Context, args []string, lookup config.Lookup, stdout, stderr io.Writer) error {
	word := ""
	if len(args) > 0 {
		word = args[0]
	}
	switch word {
	case "--help", "-h", "help":
		return writeHelp(stdout)
	case "operator":
		return operatorCommand(args[1:], lookup, stdout)
	case "", "healthcheck":
	default:
		return fmt.Errorf("%q is %w", word, errUsage)
	}
	if len(args) > 1 {
		return fmt.Errorf("%q is %w", args[1], errUsage)
	}
	src := config.NewSource(lookup)
	settings := read(src)
	if err := src.Err(); err != nil {
		return err
	}
	if word == "healthcheck" {
		return web.CheckHealth(ctx, settings.web)
	}
	return serve(ctx, settings, logging.New(settings.logging, stderr))
}

// writeHelp lists every variable, whatever this process's environment is.
func writeHelp(w io.Writer) error {
	src := config.NewSource(config.Map(nil))
	read(src)
	if _, err := io.WriteString(w, help); err != nil {
		return fmt.Errorf("print help: %w", err)
	}
	return config.WriteHelp(w, src.Known())
}

// report tells the error, if any, and returns the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	_, _ = fmt.Fprintf(stderr, "codecserver: %v\n", err)
	if _, wrong := errors.AsType[*config.Error](err); wrong || errors.Is(err, errUsage) {
		return exitConfiguration
	}
	return exitFailed
}
