// Package stack runs the whole system in one process: the embedded Temporal
// server with its web UI, a codec server that shows payloads there, the
// simulated providers, a worker, a client to start journeys with, the gateway for
// programs in any language, and a page to see it all work. The standalone program and the end-to-end tests
// stand on it.
//
// When TEMPORAL_ADDRESS is set, or another variable of the SDK's envconfig
// that names a server, that server takes the place of the embedded one.
package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	enumspb "go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/internal/dial"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/seal"
	"github.com/bioenroll/bioenroll/internal/vault"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/worker/host"
)

// Options say where the stack keeps its state and where it listens.
type Options struct {
	// DataDir holds everything that outlives the process. Required.
	DataDir string
	// TemporalPort, UIPort, CodecPort, MetricsPort, SimulatorPort, GatewayPort and
	// PagePort are on loopback; zero picks a free one. embedded.Off switches UI,
	// metrics or page off.
	TemporalPort, UIPort, CodecPort, MetricsPort, SimulatorPort, GatewayPort, PagePort int
	// External, when set, is the Temporal server to use instead of an
	// embedded one.
	External *External
	// Simulator sets the simulators' behaviour; its DataDir is overwritten.
	Simulator simulator.Options
	// Limits and Pace of the client; zero values mean the defaults.
	Limits enroll.Limits
	Pace   enroll.Pace
	// Gateway says whose pages the gateway answers and how often callers may
	// ask; its Keys are overwritten. The zero value answers no page and sets no
	// limit.
	Gateway access.Settings
	// Webhooks lets the simulated authID tell the gateway when a person is done.
	Webhooks bool
	// NoWorker leaves the worker to other processes, which join with
	// Environment.
	NoWorker bool
	// Log of gateway, worker and SDK; nil means none.
	Log *zap.Logger
}

// Stack is the running system.
type Stack struct {
	options   Options
	server    *embedded.Server
	decoding  *decoding
	simulator *Simulators
	temporal  sdk.Client
	host      *host.Host
	shared    *vault.Vault
	client    *client.Client
	gateway   *gateway
	page      *web
	namespace string
}

// Start brings everything up, or nothing.
func Start(ctx context.Context, options Options) (*Stack, error) {
	if options.Log == nil {
		options.Log = zap.NewNop()
	}
	s := &Stack{options: options}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(ctx))
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context) error {
	err := os.MkdirAll(s.options.DataDir, 0o700)
	if err != nil {
		return fmt.Errorf("create the data folder: %w", err)
	}
	places := vault.Settings{KeyFile: s.KeyFile(), SealedDir: s.SealedDir(), Records: enroll.Secret(s.RecordsURL())}
	if _, err := places.OpenOrCreateKeys(); err != nil {
		return err
	}
	shared, err := places.OpenOrCreate(ctx)
	if err != nil {
		return err
	}
	s.shared = &shared
	if s.decoding, err = startDecoding(ctx, s.options, shared.Keys); err != nil {
		return err
	}
	if err := s.listenPage(); err != nil {
		return err
	}
	if s.gateway, err = listenGateway(s.options); err != nil {
		return err
	}
	simulated := s.options.Simulator
	simulated.DataDir = s.options.DataDir
	if s.options.Webhooks {
		simulated.AuthIDWebhook = s.gateway.webhook()
	}
	if s.simulator, err = ServeSimulators(s.options.SimulatorPort, simulated); err != nil {
		return err
	}
	if s.temporal, err = s.dialTemporal(ctx); err != nil {
		return err
	}
	if !s.options.NoWorker {
		if s.host, err = s.startHost(ctx); err != nil {
			return err
		}
	}
	s.client, err = client.New(client.Options{
		Temporal: s.temporal, Keys: shared.Keys, Sealed: shared.Sealed, Records: shared.Records,
		Limits: s.options.Limits, Pace: s.options.Pace, AllowHTTP: true,
	})
	if err != nil {
		return err
	}
	if err := s.gateway.serve(s.client, shared.Keys, s.options.Log); err != nil {
		return err
	}
	return s.servePage(ctx)
}

// dialTemporal connects to the external server, or starts the embedded one.
func (s *Stack) dialTemporal(ctx context.Context) (sdk.Client, error) {
	var options sdk.Options
	if s.options.External != nil {
		options = s.options.External.Options
	} else {
		server, err := embedded.Start(ctx, embedded.Options{
			DataDir: s.options.DataDir, Port: s.options.TemporalPort, UIPort: min(s.options.UIPort, 0), MetricsPort: s.options.MetricsPort,
			SearchAttributes: SearchAttributes(), CodecEndpoint: s.CodecURL(),
		})
		if err != nil {
			return nil, err
		}
		s.server = server
		s.decoding.show(server.UIAddress())
		options = sdk.Options{HostPort: server.FrontendAddress(), Namespace: sdk.DefaultNamespace}
	}
	s.namespace = cmp.Or(options.Namespace, sdk.DefaultNamespace)
	return dial.Dial(ctx, options, s.shared.Keys, s.options.Log)
}

// SearchAttributes are those that a cluster must have.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	return map[string]enumspb.IndexedValueType{
		enroll.AttrProvider:  enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		enroll.AttrJourney:   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		enroll.AttrPhase:     enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		enroll.AttrOutcome:   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		enroll.AttrSubject:   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		enroll.AttrDeadline:  enumspb.INDEXED_VALUE_TYPE_DATETIME,
		enroll.AttrOperation: enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST,
	}
}

// Stop ends everything in the reverse order. Running provider calls finish
// first, also when the context has ended. It can be called on a stack that
// came up in part.
func (s *Stack) Stop(ctx context.Context) error {
	errs := []error{s.page.stop(ctx), s.gateway.stop(ctx)} // A start under way needs all the rest.
	if s.host != nil {
		s.host.Stop()
	}
	if s.temporal != nil {
		s.temporal.Close()
	}
	errs = append(errs, s.decoding.stop(ctx))
	if s.server != nil {
		errs = append(errs, s.server.Stop())
	}
	if s.simulator != nil {
		errs = append(errs, s.simulator.Stop(ctx))
	}
	if s.shared != nil {
		errs = append(errs, s.shared.Close())
	}
	return errors.Join(errs...)
}

// Client starts and follows journeys.
func (s *Stack) Client() *client.Client { return s.client }

// JourneyID is the ID that the client gives to the journeys of a subject at a
// provider, for those who have to know it before they start one.
func (s *Stack) JourneyID(provider enroll.Provider, subject string) string {
	return s.client.ID(provider, subject)
}

// Temporal is the connection that the client uses.
func (s *Stack) Temporal() sdk.Client { return s.temporal }

// Sealed is the store that client and worker share.
func (s *Stack) Sealed() *seal.Store { return s.shared.Sealed }

// Records is the store that client and worker share.
func (s *Stack) Records() *records.Store { return s.shared.Records }

// SimulatorURL is where the simulated providers answer.
func (s *Stack) SimulatorURL() string { return s.simulator.URL() }

// TemporalAddress is where worker and starter find the server.
func (s *Stack) TemporalAddress() string {
	if s.server == nil {
		return s.options.External.Options.HostPort
	}
	return s.server.FrontendAddress()
}

// UIURL is the web UI's address, or "" when the server is not embedded.
func (s *Stack) UIURL() string {
	if s.decoding.pages == nil {
		return ""
	}
	return s.decoding.pages.url()
}

// CodecURL is where the codec server answers, which shows payloads to the UI and
// to Temporal's command line.
func (s *Stack) CodecURL() string { return s.decoding.codec.url() }

// CodecToken lets a program read payloads at CodecURL, secrets and subjects
// included.
func (s *Stack) CodecToken() enroll.Secret { return s.decoding.token }

// MetricsAddress is where the embedded server's metrics are, or "".
func (s *Stack) MetricsAddress() string {
	if s.server == nil {
		return ""
	}
	return s.server.MetricsAddress()
}

// KeyFile holds the keys, made on the first run.
func (s *Stack) KeyFile() string { return filepath.Join(s.options.DataDir, "keys.json") }

// SealedDir holds sealed photos, samples and templates.
func (s *Stack) SealedDir() string { return filepath.Join(s.options.DataDir, "sealed") }

// RecordsURL is the address of the records.
func (s *Stack) RecordsURL() string {
	return "sqlite:" + filepath.Join(s.options.DataDir, "records.db")
}
