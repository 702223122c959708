// Package parts is what the processes of a fault campaign do: the embedded
// Temporal server, the simulated providers, and the worker, each as its own
// program would do it, told by the environment where everything is.
package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/delivery"
	"github.com/bioenroll/bioenroll/internal/dial"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/chaos/process"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/standalone/stack"
	"github.com/bioenroll/bioenroll/worker/host"
)

// The parts.
const (
	Server     = "server"
	Simulators = "simulators"
	Worker     = "worker"
)

// The variables that tell a part where to keep its state and where to listen.
const (
	Folder = "CHAOS_FOLDER"
	Port   = "CHAOS_PORT"
)

// The life spans of what the simulated providers hand out: shorter than the
// real ones, so that a campaign sees them end.
const (
	bioIDTokenLife  = 40 * time.Second
	iProovClaimLife = 25 * time.Second
)

// Ready is what a part announces.
type Ready struct {
	// Address is the host:port on which the part answers, if it does.
	Address string `json:"address"`
}

// Run plays a part until the parent closes the input.
func Run(ctx context.Context, name string, env config.Lookup, in io.Reader, out io.Writer) error {
	switch name {
	case Server:
		return serveTemporal(ctx, env, in, out)
	case Simulators:
		return serveSimulators(ctx, env, in, out)
	case Worker:
		return work(ctx, env, in, out)
	default:
		return fmt.Errorf("there is no part %q", name)
	}
}

func serveTemporal(ctx context.Context, env config.Lookup, in io.Reader, out io.Writer) error {
	folder, _ := env(Folder)
	text, _ := env(Port)
	port, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%s: %w", Port, err)
	}
	server, err := embedded.Start(ctx, embedded.Options{
		DataDir: folder, Port: port, UIPort: embedded.Off, MetricsPort: embedded.Off, SearchAttributes: stack.SearchAttributes(),
	})
	if err != nil {
		return err
	}
	err = process.Serve(in, out, Ready{Address: server.FrontendAddress()})
	return errors.Join(err, server.Stop())
}

func serveSimulators(ctx context.Context, env config.Lookup, in io.Reader, out io.Writer) error {
	folder, _ := env(Folder)
	simulators, err := stack.ServeSimulators(0, simulator.Options{
		DataDir: folder, Lifetimes: simulator.Lifetimes{BioIDToken: bioIDTokenLife, IProovClaim: iProovClaimLife},
	})
	if err != nil {
		return err
	}
	err = process.Serve(in, out, Ready{Address: strings.TrimPrefix(simulators.URL(), "http://")})
	return errors.Join(err, simulators.Stop(ctx))
}

// work is the worker program: the same settings and the same host.
func work(ctx context.Context, env config.Lookup, in io.Reader, out io.Writer) error {
	log := logging.New(logging.Settings{Level: zapcore.ErrorLevel}, os.Stderr)
	src := config.NewSource(env)
	settings, options := host.Load(src), dial.Settings(src)
	settings.Events = hasty(settings.Events)
	if err := src.Err(); err != nil {
		return err
	}
	known, err := settings.Vault.OpenKeys()
	if err != nil {
		return err
	}
	temporal, err := dial.Dial(ctx, options, known, log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	running, err := host.Start(ctx, temporal, settings, log)
	if err != nil {
		return err
	}
	defer running.Stop()
	ctx, cancel := context.WithCancelCause(ctx)
	go func() { cancel(running.Wait(ctx)) }()
	ended := make(chan error, 1)
	go func() { ended <- process.Serve(in, out, Ready{}) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// hasty delivers outcome events as the worker does, in the times of a campaign:
// what goes wrong is tried again within seconds, for longer than a campaign
// lasts, and what a killed worker had in hand is soon free.
func hasty(events delivery.Options) delivery.Options {
	events.Transport.Limit = 2 * time.Second
	events.Lease = 5 * time.Second
	events.Cooldown = delivery.Cooldown{After: 5, First: 300 * time.Millisecond, Longest: 2 * time.Second}
	events.Schedule = delivery.Schedule{200 * time.Millisecond, 500 * time.Millisecond}
	for range 3600 {
		events.Schedule = append(events.Schedule, time.Second)
	}
	return events
}
