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

const help = `gateway is the HTTP API of Bioenroll: backends start journeys and learn their outcomes,
frontends send hints with the relay token that a start hands out, and operators put right
what needs a person. GET /openapi.yaml describes all of it.

  gateway                           serve until SIGINT or SIGTERM; logs go to standard error
  gateway key NAME --role ROLE      make an API key for a program; prints it, once
                                    ROLE is backend, relay or operator
  gateway key NAME --remove         take the key away; it holds at once
  gateway healthcheck               exit 0 when the gateway on this machine is ready

For example:

  gateway key shop --role backend
  curl -H 'Authorization: Bearer KEY' http://127.0.0.1:7480/v1/catalogue

Exit codes:
  0  stopped by request, or the command was carried out
  1  it cannot listen, cannot go on, or is not healthy
  2  a variable or a file that one names cannot be used; or bad usage

Environment variables:
`

// errUsage marks a command line that is not understood.
var errUsage = errors.New("not understood: there is 'gateway', 'gateway key NAME --role ROLE', 'gateway healthcheck' and 'gateway --help'")

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
	case "key":
		return keyCommand(args[1:], lookup, stdout)
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
		return web.CheckHealth(ctx, settings.host.Web)
	}
	return serve(ctx, settings, lookup, logging.New(settings.logging, stderr))
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
	_, _ = fmt.Fprintf(stderr, "gateway: %v\n", err)
	if _, wrong := errors.AsType[*config.Error](err); wrong || errors.Is(err, errUsage) {
		return exitConfiguration
	}
	return exitFailed
}
