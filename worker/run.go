package main

import (
	"context"
	"errors"
	"io"

	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/dial"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/internal/program"
	"github.com/bioenroll/bioenroll/internal/telemetry"
	"github.com/bioenroll/bioenroll/worker/host"
)

const help = `worker runs biometric enrollment journeys: their workflows, and their steps at the
providers. It has no flags; it reads its settings from the environment. It needs the key
file of the installation, which 'starter keys make' makes.

With BIOENROLL_METRICS_LISTEN it serves metrics for Prometheus at /metrics, and its health at
/livez and /readyz. With OTEL_EXPORTER_OTLP_ENDPOINT it sends traces.

On SIGINT or SIGTERM it takes nothing new, lets calls to providers that are under way
finish, and ends. Logs go to standard error.

'worker healthcheck' exits 0 when a worker of this machine serves the Temporal server.

Exit codes:
  0  stopped by request
  1  no Temporal server can be used, or the worker cannot go on
  2  a variable is missing or malformed, and all of them are named; or the key file is

Environment variables:
`

// settings of the program.
type settings struct {
	enroll.Private

	temporal  sdk.Options
	logging   logging.Settings
	host      host.Settings
	telemetry telemetry.Settings
}

func read(src *config.Source) settings {
	return settings{
		temporal: dial.Settings(src), logging: logging.Read(src), host: host.Load(src), telemetry: telemetry.Read(src, "worker"),
	}
}

// run is the program without the process around it; it returns the exit code.
func run(ctx context.Context, args []string, lookup config.Lookup, stdout, stderr io.Writer) int {
	worker := program.Program[settings]{
		Name: "worker", Help: help, Usage: "there is 'worker', 'worker healthcheck' and 'worker --help'",
		Read: read, Serve: serve, Health: checkHealth,
	}
	return worker.Run(ctx, program.Call{Args: args, Lookup: lookup, Stdout: stdout, Stderr: stderr})
}

// serve runs the host until the context ends.
func serve(ctx context.Context, settings settings, call program.Call) (err error) {
	log := logging.New(settings.logging, call.Stderr)
	known, err := settings.host.Vault.OpenKeys()
	if err != nil {
		return err
	}
	watched, err := telemetry.New(ctx, settings.telemetry, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, watched.Stop(ctx)) }()
	if settings.temporal, err = watched.Observe(settings.temporal, log); err != nil {
		return err
	}
	temporal, err := dial.Dial(ctx, settings.temporal, known, log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	settings.host.Meters = watched.Meters
	running, err := host.Start(ctx, temporal, settings.host, log)
	if err != nil {
		return err
	}
	defer running.Stop()
	if err := watched.Serve(ctx, readiness(ctx, temporal, running)...); err != nil {
		return err
	}
	return running.Wait(ctx)
}
