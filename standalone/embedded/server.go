package embedded

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gofrs/flock"
	uiserver "github.com/temporalio/ui-server/v2/server"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/temporal"
)

// stopLimit bounds Stop. The services need one to six seconds in the worst
// case, which is when workers are still polling.
const stopLimit = 20 * time.Second

// Server is a running Temporal server. It is made by Start and may be used from
// several goroutines.
type Server struct {
	opts     Options
	ports    ports
	database *config.SQL

	temporal temporal.Server
	ui       *uiserver.Server // nil when switched off
	lock     *flock.Flock     // nil when in memory
	closeLog func() error

	stopOnce sync.Once
	stopErr  error
}

// Start brings up a server and returns when a client can start workflows in the
// namespace, with all search attributes, and when the web UI answers.
//
// It fails with a *PortTakenError or a *DataDirInUseError before anything is
// started. When ctx ends meanwhile, what was started is stopped again; once
// Start has returned, ctx has no further meaning and Stop ends the server.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("embedded Temporal server: %w", err)
	}
	s := &Server{opts: opts, database: database(opts.DataDir)}
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("embedded Temporal server: %w", errors.Join(err, s.Stop()))
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	var err error
	if s.opts.DataDir != "" {
		if s.lock, err = lockDataDir(s.opts.DataDir); err != nil {
			return err
		}
	}
	if s.ports, err = choosePorts(s.opts); err != nil {
		return err
	}
	if err := s.startTemporal(); err != nil {
		return err
	}
	if err := s.ensureSearchAttributes(ctx); err != nil {
		return err
	}
	if s.ports.ui != Off {
		s.ui, err = startUI(ctx, s.opts, s.ports)
	}
	return err
}

func (s *Server) startTemporal() error {
	if err := prepareDatabase(s.database, s.opts); err != nil {
		return err
	}
	logger, closeLog, err := openLog(s.opts)
	if err != nil {
		return err
	}
	s.closeLog = closeLog
	server, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(s.opts, s.ports, s.database)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(s.opts, s.ports)),
		temporal.WithDynamicConfigClient(dynamicConfig(s.opts)),
		temporal.WithLogger(log.NewZapLogger(logger)),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
	if err != nil {
		return fmt.Errorf("assemble: %w", err)
	}
	s.temporal = server
	if err := server.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	return nil
}

// FrontendAddress is the host:port that clients and workers dial.
func (s *Server) FrontendAddress() string { return reachable(s.opts.Host, s.ports.frontend) }

// UIAddress is the host:port of the web UI, empty when it is switched off.
func (s *Server) UIAddress() string {
	if s.ports.ui == Off {
		return ""
	}
	return reachable(s.opts.Host, s.ports.ui)
}

// MetricsAddress is the host:port that serves /metrics, empty when switched off.
func (s *Server) MetricsAddress() string {
	if s.ports.metrics == Off {
		return ""
	}
	return reachable(s.opts.Host, s.ports.metrics)
}

// Stop ends the UI and the services, and returns when all state is in the
// database file and the data folder is free for the next server. Stop workers
// first: a server waits a few seconds for their open polls. It gives up after
// twenty seconds with an error. Later calls return what the first one returned.
func (s *Server) Stop() error {
	s.stopOnce.Do(func() { s.stopErr = s.stop() })
	return s.stopErr
}

func (s *Server) stop() error {
	if s.ui != nil {
		s.ui.Stop()
	}
	var errs []error
	if s.temporal != nil {
		if err := s.stopTemporal(); err != nil {
			return err // it may still write: keep the folder locked until the process ends
		}
		if s.opts.DataDir != "" {
			errs = append(errs, settle(s.database))
		}
	}
	if s.closeLog != nil {
		errs = append(errs, s.closeLog())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Unlock())
	}
	return errors.Join(errs...)
}

func (s *Server) stopTemporal() error {
	stopped := make(chan error, 1)
	go func() { stopped <- s.temporal.Stop() }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(stopLimit):
		return fmt.Errorf("the server has not stopped within %s: end the process, no acknowledged state is lost", stopLimit)
	}
}
