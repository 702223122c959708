package host

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
	"github.com/bioenroll/bioenroll/gateway/follow"
	"github.com/bioenroll/bioenroll/gateway/observe"
	"github.com/bioenroll/bioenroll/gateway/webhook"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/telemetry"
	"github.com/bioenroll/bioenroll/internal/web"
)

const (
	// longest is how long a request may take that neither uploads nor waits. A
	// start takes up to 40 seconds when a cluster is busy.
	longest = time.Minute
	// StopPatience is the time for answers under way when the gateway is told to
	// stop. Those that wait for news end at once.
	StopPatience = 20 * time.Second
)

// errStopping is why a gateway that has been told to stop is not ready, while it
// finishes what it has begun.
var errStopping = errors.New("the gateway is stopping")

// Journeys is everything that the gateway asks; a *client.Client is one.
type Journeys interface {
	api.Journeys
	follow.Journeys
	webhook.Journeys

	Reachable(ctx context.Context) error
	RecordsReachable(ctx context.Context) error
	SealedReachable(ctx context.Context) error
}

var _ Journeys = (*client.Client)(nil)

// Options are what a Host is made of. All are required but Watched.
type Options struct {
	Settings

	// Journeys starts and follows journeys. The host does not close it.
	Journeys Journeys
	// Signing are the keys of the installation, which sign relay tokens.
	Signing *keys.Keys
	// Watched measures and traces requests; the zero value does neither.
	Watched telemetry.Instruments
	// Log gets a line for each request, and what callers are not told.
	Log *zap.Logger
}

// Host is the gateway of one process. Nothing listens before its Server is
// served.
type Host struct {
	server   *http.Server
	checks   []telemetry.Check
	hub      *follow.Hub
	hooks    *webhook.Handler
	delay    time.Duration
	leave    func()
	stopping chan struct{}
	stop     sync.Once
}

// New returns a Host. The caller stops it.
func New(options Options) (*Host, error) {
	hub := follow.New(options.Journeys, follow.DefaultLimits())
	let := admission(options.Access, options.Signing, options.Log)
	hooks, err := webhook.New(webhook.Options{
		Settings: options.Webhooks, Journeys: options.Journeys, Meters: options.Watched.Meters, Log: options.Log,
		Next: api.New(api.Options{Journeys: options.Journeys, Access: let, Origins: options.Access.Origins, Follow: hub, Uploads: options.Uploads, Log: options.Log}).Handler(),
	})
	if err != nil {
		hub.Close()
		return nil, err
	}
	h := &Host{hub: hub, hooks: hooks, delay: options.StopDelay, stopping: make(chan struct{})}
	h.leave = sync.OnceFunc(func() { close(h.stopping) })
	answers, err := observe.Handler(hooks, options.Watched, options.Log)
	if err != nil {
		h.Stop()
		return nil, err
	}
	h.checks = h.readiness(options.Journeys, let)
	h.server = web.Server(h.pages(answers, options.Log), longest, options.Log)
	h.server.RegisterOnShutdown(h.Stop)
	return h, nil
}

// pages are those that tell the gateway's health, and what the next handler
// answers. It is no http.ServeMux: that would answer a path such as //livez with
// another one.
func (h *Host) pages(next http.Handler, log *zap.Logger) http.Handler {
	health := map[string]http.Handler{"/livez": telemetry.Live(), "/readyz": telemetry.Ready(log, h.checks...)}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, found := health[r.URL.Path]
		switch {
		case !found:
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			page.ServeHTTP(w, r)
		default:
			w.Header().Set("Allow", "GET, HEAD")
			api.Tell(w, api.MethodNotAllowed, "Allowed here: GET, HEAD.")
		}
	})
}

// Server answers the gateway's requests. Whoever serves it shuts it down, with
// StopPatience.
func (h *Host) Server() *http.Server { return h.server }

// Checks are what the gateway needs to answer.
func (h *Host) Checks() []telemetry.Check { return h.checks }

// Until returns a context that ends when the Server is to be shut down: some time
// after the program was told to stop. In between, requests are let in and /readyz
// says that none should be sent, so that a load balancer hears of it before
// anybody is turned away.
func (h *Host) Until(told context.Context) context.Context {
	ctx, end := context.WithCancel(context.WithoutCancel(told))
	go func() {
		defer end()
		<-told.Done()
		h.leave()
		delay := time.NewTimer(h.delay)
		defer delay.Stop()
		<-delay.C
	}()
	return ctx
}

// Stop answers requests that wait for news, says that the gateway is not ready
// any more, and returns when webhooks that were taken have become hints.
// Shutting the Server down does the same. It can be called more than once.
func (h *Host) Stop() {
	h.stop.Do(func() {
		h.leave()
		h.hub.Close()
		h.hooks.Close()
	})
}

// admission tells callers apart.
func admission(settings access.Settings, signing *keys.Keys, log *zap.Logger) *access.Access {
	let := access.New(access.Options{Keys: settings.Keys.Watch(time.Now), Signing: signing, KeyRate: settings.KeyRate, RelayRate: settings.RelayRate})
	switch known, err := let.Known(); {
	case err != nil:
		log.Warn("nobody can be let in: the API keys cannot be read", zap.Error(err))
	case known == 0:
		log.Warn("nobody can be let in yet: run 'gateway key NAME --role backend'; it needs no restart", zap.String("file", string(settings.Keys)))
	}
	return let
}

// readiness is what the gateway needs to answer.
func (h *Host) readiness(journeys Journeys, let *access.Access) []telemetry.Check {
	return []telemetry.Check{
		{Name: "running", Try: h.running},
		{Name: "temporal", Try: journeys.Reachable},
		{Name: "records", Try: journeys.RecordsReachable},
		{Name: "sealed", Try: journeys.SealedReachable},
		{Name: "keys", Try: func(context.Context) error { _, err := let.Known(); return err }},
	}
}

func (h *Host) running(context.Context) error {
	select {
	case <-h.stopping:
		return errStopping
	default:
		return nil
	}
}
