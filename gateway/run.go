package main

import (
	"context"
	"io"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/program"
	"github.com/bioenroll/bioenroll/internal/web"
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

const usage = "there is 'gateway', 'gateway key NAME --role ROLE', 'gateway healthcheck' and 'gateway --help'"

// run is the program without the process around it; it returns the exit code.
func run(ctx context.Context, args []string, lookup config.Lookup, stdout, stderr io.Writer) int {
	gateway := program.Program[settings]{
		Name: "gateway", Help: help, Usage: usage, Read: read, Serve: serve,
		Health:   func(ctx context.Context, settings settings) error { return web.CheckHealth(ctx, settings.host.Web) },
		Commands: map[string]func(program.Call) error{"key": keyCommand},
	}
	return gateway.Run(ctx, program.Call{Args: args, Lookup: lookup, Stdout: stdout, Stderr: stderr})
}
