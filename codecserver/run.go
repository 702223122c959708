package main

import (
	"context"
	"io"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/program"
	"github.com/bioenroll/bioenroll/internal/web"
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

const usage = "there is 'codecserver', 'codecserver operator NAME', 'codecserver healthcheck' and 'codecserver --help'"

// run is the program without the process around it; it returns the exit code.
func run(ctx context.Context, args []string, lookup config.Lookup, stdout, stderr io.Writer) int {
	codecserver := program.Program[settings]{
		Name: "codecserver", Help: help, Usage: usage, Read: read, Serve: serve,
		Health:   func(ctx context.Context, settings settings) error { return web.CheckHealth(ctx, settings.web) },
		Commands: map[string]func(program.Call) error{"operator": operatorCommand},
	}
	return codecserver.Run(ctx, program.Call{Args: args, Lookup: lookup, Stdout: stdout, Stderr: stderr})
}
