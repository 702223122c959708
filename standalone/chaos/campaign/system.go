package campaign

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/dial"
	"github.com/bioenroll/bioenroll/internal/providerset"
	"github.com/bioenroll/bioenroll/internal/vault"
	"github.com/bioenroll/bioenroll/standalone/chaos/parts"
	"github.com/bioenroll/bioenroll/standalone/chaos/process"
	"github.com/bioenroll/bioenroll/standalone/chaos/proxy"
	"github.com/bioenroll/bioenroll/standalone/chaos/receiver"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
	"github.com/bioenroll/bioenroll/standalone/stack"
	"github.com/bioenroll/bioenroll/worker/host"
)

// system is everything that runs: the processes, and this process's own
// connection to them, with which it plays the backends.
type system struct {
	folder     string
	journal    *journal
	simulators *supervised
	server     *supervised
	workers    []*supervised
	proxies    map[enroll.Provider]*proxy.Proxy
	simulated  *control
	receiver   *receiver.Receiver
	temporal   sdk.Client
	shared     vault.Vault
	client     *client.Client
}

// httpTimeout bounds a call to a provider: short, so that a silent provider
// does not fill a campaign.
const httpTimeout = 3 * time.Second

// pace is quicker than the default, so that two minutes hold whole lives of
// journeys. The cap is still long enough for three of them to outlast a step
// whose worker was killed.
func pace() enroll.Pace {
	return enroll.Pace{
		BeginBudget: 12 * time.Second, HoldOff: 2 * time.Second, PollFirst: time.Second, PollFactor: 1.4, PollCap: 8 * time.Second, Renewals: 3,
	}
}

// limits allow waits that are shorter than the real ones.
func limits() enroll.Limits {
	l := enroll.DefaultLimits()
	l.AuthIDTimeoutMin = 5
	return l
}

// startSystem brings everything up, or nothing.
func startSystem(ctx context.Context, folder string, wanted script.Options, log *journal) (*system, error) {
	s := &system{folder: folder, journal: log}
	if err := s.start(ctx, wanted); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *system) start(ctx context.Context, wanted script.Options) error {
	simulators := filepath.Join(s.folder, "simulators")
	s.simulators = s.supervise("the simulators", parts.Simulators, map[string]string{parts.Folder: simulators})
	simulated, err := s.simulators.start(ctx)
	if err != nil {
		return err
	}
	s.simulated = newControl("http://" + simulated.Address)
	if err := s.startProxies(ctx, simulated.Address, wanted.Seed); err != nil {
		return err
	}
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	temporal := filepath.Join(s.folder, "temporal")
	s.server = s.supervise("the server", parts.Server, map[string]string{parts.Folder: temporal, parts.Port: strconv.Itoa(port)})
	served, err := s.server.start(ctx)
	if err != nil {
		return err
	}
	if err := s.connect(ctx, served.Address); err != nil {
		return err
	}
	if err := s.startReceiver(ctx, wanted.Seed); err != nil {
		return err
	}
	environment := s.workerEnvironment(served.Address)
	for i := range wanted.Workers {
		worker := s.supervise(fmt.Sprintf("worker %d", i), parts.Worker, environment)
		s.workers = append(s.workers, worker)
		if _, err := worker.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) supervise(name, part string, environment map[string]string) *supervised {
	return &supervised{name: name, journal: s.journal, program: process.Program{
		Part: part, Environment: environment, Log: filepath.Join(s.folder, part+".log"),
	}}
}

// workerEnvironment is that of every worker, the real program's settings.
func (s *system) workerEnvironment(temporal string) map[string]string {
	addresses := map[enroll.Provider]string{}
	for _, provider := range enroll.Providers() {
		addresses[provider] = "http://" + s.proxies[provider].Address()
	}
	environment := stack.Places{KeyFile: s.keyFile(), SealedDir: s.sealedDir(), Records: s.recordsURL(), Simulators: addresses}.Environment()
	maps.Copy(environment, map[string]string{
		"TEMPORAL_ADDRESS":      temporal,
		providerset.HTTPTimeout: httpTimeout.String(),
		host.StopTimeout:        (2 * httpTimeout).String(),
	})
	return environment
}

func (s *system) keyFile() string   { return filepath.Join(s.folder, "keys.json") }
func (s *system) sealedDir() string { return filepath.Join(s.folder, "sealed") }
func (s *system) recordsURL() string {
	return "sqlite:" + filepath.Join(s.folder, "records.db")
}

// connect makes the client that plays the backends.
func (s *system) connect(ctx context.Context, address string) error {
	var err error
	places := vault.Settings{KeyFile: s.keyFile(), SealedDir: s.sealedDir(), Records: enroll.Secret(s.recordsURL())}
	if _, err := places.OpenOrCreateKeys(); err != nil {
		return err
	}
	if s.shared, err = places.OpenOrCreate(ctx); err != nil {
		return err
	}
	if s.temporal, err = dial.Dial(ctx, sdk.Options{HostPort: address, Namespace: sdk.DefaultNamespace}, s.shared.Keys, zap.NewNop()); err != nil {
		return err
	}
	s.client, err = client.New(client.Options{
		Temporal: s.temporal, Keys: s.shared.Keys, Sealed: s.shared.Sealed, Records: s.shared.Records, Limits: limits(), Pace: pace(), AllowHTTP: true,
	})
	return err
}

// stop ends every process, whichever came up.
func (s *system) stop() error {
	var errs []error
	for _, worker := range s.workers {
		errs = append(errs, worker.stop())
	}
	if s.receiver != nil {
		errs = append(errs, s.receiver.Close())
	}
	if s.temporal != nil {
		s.temporal.Close()
	}
	errs = append(errs, s.shared.Close())
	for _, p := range s.proxies {
		errs = append(errs, p.Close())
	}
	for _, part := range []*supervised{s.server, s.simulators} {
		if part != nil {
			errs = append(errs, part.stop())
		}
	}
	return errors.Join(errs...)
}

// id is the workflow ID of a subject's journeys.
func (s *system) id(provider enroll.Provider, subject string) string {
	return string(provider) + "-" + s.shared.Keys.SubjectHash(provider, subject)
}

// freePort finds a port that a part keeps through all its lives. It is
// below the range that systems give to outgoing connections, because one of
// those could take it while the server is dead.
func freePort(ctx context.Context) (int, error) {
	const first, last = 20_000, 32_000
	start := first + 8*os.Getpid()%(last-first) // Campaigns that run at once stay apart.
	var lastErr error
	for i := range last - first {
		port := first + (start-first+i)%(last-first)
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, listener.Close()
		}
		lastErr = err
	}
	return 0, fmt.Errorf("find a free port: %w", lastErr)
}
