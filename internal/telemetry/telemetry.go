package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// stopPatience is the time for the last spans and scrapes when a program ends.
const stopPatience = 5 * time.Second

// Telemetry measures and traces for one program.
type Telemetry struct {
	// Instruments are handed to whatever is to be measured and traced.
	Instruments
	// Metrics is the page of metrics; nil when nothing is measured.
	Metrics http.Handler

	listen string
	log    *zap.Logger
	stop   []func(context.Context) error
}

// New returns what the settings ask for. Nothing listens yet. The caller stops
// it.
func New(ctx context.Context, settings Settings, log *zap.Logger) (*Telemetry, error) {
	t := &Telemetry{listen: settings.Listen, log: log}
	if settings.Listen != "" {
		meters, page, err := newMetrics()
		if err != nil {
			return nil, err
		}
		t.Meters, t.Metrics = meters, page
		t.stop = append(t.stop, meters.Shutdown)
	}
	if settings.Endpoint != "" {
		exporter, err := newExporter(ctx, settings)
		if err != nil {
			return nil, errors.Join(err, t.Stop(ctx))
		}
		tracers := NewTracers(exporter, settings.Service, log)
		t.Tracers = tracers
		t.stop = append(t.stop, tracers.Shutdown)
		log.Info("traces are sent", zap.String("collector", settings.Endpoint))
	}
	return t, nil
}

// Serve listens on the address of the settings, if there is one, and serves
// metrics and health until Stop.
func (t *Telemetry) Serve(ctx context.Context, checks ...Check) error {
	if t.listen == "" {
		return nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", t.listen)
	if err != nil {
		return fmt.Errorf("telemetry: serve metrics on %s (set %s to a free address): %w", t.listen, Listen, err)
	}
	pages := http.NewServeMux()
	pages.Handle("GET /metrics", t.Metrics)
	pages.Handle("GET /livez", Live())
	pages.Handle("GET /readyz", Ready(t.log, checks...))
	web := &http.Server{
		Handler: pages, MaxHeaderBytes: 16 << 10, ErrorLog: zap.NewStdLog(t.log),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	t.stop = append(t.stop, func(ctx context.Context) error {
		if err := web.Shutdown(ctx); err != nil {
			return errors.Join(err, web.Close())
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	t.log.Info("metrics and health are served", zap.Stringer("address", listener.Addr()))
	return nil
}

// Stop ends what Serve began and sends the last spans. It takes at most five
// seconds, also when the context has ended.
func (t *Telemetry) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	var errs []error
	for _, stop := range t.stop {
		errs = append(errs, stop(ctx))
	}
	t.stop = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("telemetry: stop: %w", err)
	}
	return nil
}
