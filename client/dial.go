package client

import (
	"context"
	"errors"
	"os"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/dial"
	"github.com/bioenroll/bioenroll/internal/telemetry"
	"github.com/bioenroll/bioenroll/internal/vault"
)

// Variable is an environment variable that Dial reads.
type Variable = config.Variable

// dialing is what the options of Dial change.
type dialing struct {
	lookup  config.Lookup
	log     *zap.Logger
	watched telemetry.Instruments
}

// DialOption changes how Dial works.
type DialOption func(*dialing)

// WithLookup takes the settings from the function instead of the process's
// environment. It has the form of os.LookupEnv.
func WithLookup(lookup func(name string) (value string, found bool)) DialOption {
	return func(d *dialing) { d.lookup = lookup }
}

// WithLogger sends the Temporal SDK's log to the logger; without it there is
// none.
func WithLogger(log *zap.Logger) DialOption {
	return func(d *dialing) { d.log = log }
}

// WithMeters measures what the client asks of the Temporal server; without it
// nothing is measured.
func WithMeters(meters metric.MeterProvider) DialOption {
	return func(d *dialing) { d.watched.Meters = meters }
}

// WithTracers makes spans of what the client asks of the Temporal server, and
// lets the journeys go on with the trace of the context that started them. The
// trace's identifier, and nothing else of it, is in the journey's history in
// clear. Without it nothing is traced.
func WithTracers(tracers trace.TracerProvider) DialOption {
	return func(d *dialing) { d.watched.Tracers = tracers }
}

// Dial returns a client that is connected as the environment says: to the
// server of the TEMPORAL_ variables, with the key file, the sealed store and the
// records of the worker. Variables lists every variable. The caller closes the client.
//
// The error names every variable that is missing or malformed, or the server
// that cannot be reached; it comes within about 10 seconds.
func Dial(ctx context.Context, options ...DialOption) (*Client, error) {
	d := dialing{lookup: os.LookupEnv, log: zap.NewNop()}
	for _, option := range options {
		option(&d)
	}
	src := config.NewSource(d.lookup)
	settings := readSettings(src)
	if err := src.Err(); err != nil {
		return nil, err
	}
	shared, err := settings.vault.Open(ctx)
	if err != nil {
		return nil, err
	}
	if settings.temporal, err = d.watched.Observe(settings.temporal, d.log); err != nil {
		return nil, errors.Join(err, shared.Close())
	}
	temporal, err := dial.Dial(ctx, settings.temporal, shared.Keys, d.log)
	if err != nil {
		return nil, errors.Join(err, shared.Close())
	}
	c, err := New(Options{
		Temporal: temporal, Keys: shared.Keys, Sealed: shared.Sealed, Records: shared.Records, Limits: settings.limits, Pace: settings.pace,
		AfterEnd: settings.afterEnd, AllowHTTP: settings.allowHTTP,
	})
	if err != nil {
		temporal.Close()
		return nil, errors.Join(err, shared.Close())
	}
	c.opened = shared
	return c, nil
}

// Variables lists every environment variable that Dial reads, with its help
// and default.
func Variables() []Variable {
	src := config.NewSource(config.Map(nil))
	readSettings(src)
	return src.Known()
}

// settings of a client, as the environment has them.
type settings struct {
	enroll.Private

	temporal  sdk.Options
	vault     vault.Settings
	limits    enroll.Limits
	pace      enroll.Pace
	afterEnd  enroll.AfterEnd
	allowHTTP bool
}

func readSettings(src *config.Source) settings {
	return settings{
		temporal: dial.Settings(src), vault: vault.Read(src), limits: config.Limits(src), pace: config.Pace(src), afterEnd: config.AfterEnd(src),
		allowHTTP: config.AllowsHTTP(src),
	}
}
