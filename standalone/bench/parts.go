package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/dial"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/bench/baseline"
	"github.com/bioenroll/bioenroll/standalone/bench/process"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/standalone/stack"
	"github.com/bioenroll/bioenroll/worker/host"
)

// The parts, each a process of its own.
const (
	partServer     = "server"
	partSimulators = "simulators"
	partWorker     = "worker"
	partGateway    = "gateway"
	partClear      = "worker-in-clear"
	partBaselines  = "baselines"
)

// folderVariable is the variable that tells a part where to keep its state.
const folderVariable = "BENCH_FOLDER"

// serverReady is what the server announces.
type serverReady struct {
	Frontend string `json:"frontend"`
	Metrics  string `json:"metrics"`
}

// simulatorsReady is what the simulators announce.
type simulatorsReady struct {
	URL string `json:"url"`
}

// gatewayReady is what the gateway announces.
type gatewayReady struct {
	URL string `json:"url"`
}

// workerReady is what a worker announces.
type workerReady struct{}

// part runs a part until the parent closes the input.
func part(ctx context.Context, name string, env config.Lookup, in io.Reader, out io.Writer) error {
	log := logging.New(logging.Settings{Level: zapcore.WarnLevel}, os.Stderr)
	folder, _ := env(folderVariable)
	switch name {
	case partServer:
		return serveTemporal(ctx, folder, in, out)
	case partSimulators:
		return serveSimulators(ctx, folder, in, out)
	case partWorker:
		return work(ctx, env, dial.Dial, log, in, out)
	case partGateway:
		return serveGateway(ctx, env, in, out)
	case partClear:
		return work(ctx, env, dialOursClear, log, in, out)
	case partBaselines:
		return workBaselines(ctx, env, log, in, out)
	default:
		return fmt.Errorf("there is no part %q", name)
	}
}

func serveTemporal(ctx context.Context, folder string, in io.Reader, out io.Writer) error {
	server, err := embedded.Start(ctx, embedded.Options{
		DataDir: filepath.Join(folder, "temporal"), UIPort: embedded.Off, SearchAttributes: stack.SearchAttributes(),
	})
	if err != nil {
		return err
	}
	err = process.Serve(in, out, serverReady{Frontend: server.FrontendAddress(), Metrics: server.MetricsAddress()})
	return errors.Join(err, server.Stop())
}

func serveSimulators(ctx context.Context, folder string, in io.Reader, out io.Writer) error {
	simulators, err := stack.ServeSimulators(0, simulator.Options{DataDir: folder})
	if err != nil {
		return err
	}
	err = process.Serve(in, out, simulatorsReady{URL: simulators.URL()})
	return errors.Join(err, simulators.Stop(ctx))
}

// dialer connects the worker to Temporal.
type dialer func(ctx context.Context, options sdk.Options, known *keys.Keys, log *zap.Logger) (sdk.Client, error)

// work is the worker program: the same settings and the same host.
func work(ctx context.Context, env config.Lookup, connect dialer, log *zap.Logger, in io.Reader, out io.Writer) error {
	src := config.NewSource(env)
	settings, options := host.Load(src), dial.Settings(src)
	if err := src.Err(); err != nil {
		return err
	}
	known, err := settings.Vault.OpenKeys()
	if err != nil {
		return err
	}
	temporal, err := connect(ctx, options, known, log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	running, err := host.Start(ctx, temporal, settings, log)
	if err != nil {
		return err
	}
	defer running.Stop()
	return process.Serve(in, out, workerReady{})
}

// workBaselines runs the workers of the baselines, without encryption.
func workBaselines(ctx context.Context, env config.Lookup, log *zap.Logger, in io.Reader, out io.Writer) error {
	address, _ := env("TEMPORAL_ADDRESS")
	temporal, err := dialClear(ctx, sdk.Options{HostPort: address, Namespace: baselineNamespace}, log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	stop, err := baseline.StartWorkers(temporal)
	if err != nil {
		return err
	}
	defer stop()
	return process.Serve(in, out, workerReady{})
}

// The namespaces beside the default one. The queues have the same names in all
// of them, and the server counts the actions of each apart.
const (
	baselineNamespace = "baseline"
	clearNamespace    = "clear"
)

// dialOursClear connects those who play our journeys without encryption: the
// converters are the only thing that dial.Dial does differently.
func dialOursClear(ctx context.Context, options sdk.Options, _ *keys.Keys, log *zap.Logger) (sdk.Client, error) {
	options.Namespace, options.DataConverter = clearNamespace, codec.Plain()
	return dialClear(ctx, options, log)
}

// dialClear connects without encryption.
func dialClear(ctx context.Context, options sdk.Options, log *zap.Logger) (sdk.Client, error) {
	options.Logger = logging.Bridge(log)
	options.ConnectionOptions.GrpcCompression = &sdk.GrpcCompressionNone{} // As ours.
	connected, err := sdk.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("connect without encryption: %w", err)
	}
	return connected, nil
}

// environment is what the worker needs to join.
func environment(folder, temporal, simulators string) map[string]string {
	known := simulator.DefaultCredentials()
	// No limit of a provider is measured, only what the journeys cost.
	const unlimited = "100000"
	return map[string]string{
		"AUTHID_RATE": unlimited, "BIOID_RATE": unlimited, "SMARTID_RATE": unlimited, "IPROOV_RATE": unlimited,
		"TEMPORAL_ADDRESS":      temporal,
		"BIOENROLL_KEY_FILE":    filepath.Join(folder, "keys.json"),
		"BIOENROLL_SEALED_DIR":  filepath.Join(folder, "sealed"),
		"BIOENROLL_RECORDS_URL": "sqlite:" + filepath.Join(folder, "records.db"),
		"BIOENROLL_ALLOW_HTTP":  "true", // The simulators have no certificate.
		"AUTHID_BASE_URL":       simulators,
		"AUTHID_API_KEY_ID":     known.AuthIDKeyID,
		"AUTHID_API_KEY_VALUE":  known.AuthIDKeyValue,
		"BIOID_BASE_URL":        simulators + "/extension",
		"BIOID_APP_ID":          known.BioIDAppID,
		"BIOID_APP_SECRET":      known.BioIDAppSecret,
		"SMARTID_BASE_URL":      simulators,
		"SMARTID_API_KEY":       known.SmartIDKey,
		"IPROOV_BASE_URL":       simulators + "/api/v2",
		"IPROOV_API_KEY":        known.IProovKey,
		"IPROOV_API_SECRET":     known.IProovSecret,
		"IPROOV_OAUTH_USERNAME": known.IProovOAuthUser,
		"IPROOV_OAUTH_PASSWORD": known.IProovOAuthValue,
	}
}

// openKeys makes the keys that worker and client share.
func openKeys(environment map[string]string) (*keys.Keys, error) {
	return keys.LoadOrCreate(environment["BIOENROLL_KEY_FILE"])
}
