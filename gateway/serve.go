package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
	"github.com/bioenroll/bioenroll/gateway/follow"
	"github.com/bioenroll/bioenroll/gateway/observe"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/telemetry"
	"github.com/bioenroll/bioenroll/internal/web"
)

const (
	// longest is how long a request may take that neither uploads nor waits. A
	// start takes up to 40 seconds when a cluster is busy.
	longest = time.Minute
	// stopPatience is the time for answers under way when the program is told to
	// stop. Those that wait for news end at once.
	stopPatience = 20 * time.Second
)

// serve answers until the context ends.
func serve(ctx context.Context, settings settings, lookup config.Lookup, log *zap.Logger) (err error) {
	known, err := settings.vault.OpenKeys()
	if err != nil {
		return err
	}
	watched, err := telemetry.New(ctx, settings.telemetry, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, watched.Stop(ctx)) }()
	journeys, err := client.Dial(ctx, client.WithLookup(lookup), client.WithLogger(log), client.WithMeters(watched.Meters), client.WithTracers(watched.Tracers))
	if err != nil {
		return err
	}
	defer journeys.Close()
	hub := follow.New(journeys, follow.DefaultLimits())
	defer hub.Close()
	let := admission(settings.access, known, log)
	checks := readiness(ctx, journeys, let)
	if err := watched.Serve(ctx, checks...); err != nil {
		return err
	}
	pages := http.NewServeMux()
	pages.Handle("GET /livez", telemetry.Live())
	pages.Handle("GET /readyz", telemetry.Ready(log, checks...))
	answers, err := observe.Handler(
		api.New(api.Options{Journeys: journeys, Access: let, Origins: settings.access.Origins, Follow: hub, Log: log}).Handler(), watched.Instruments, log)
	if err != nil {
		return err
	}
	pages.Handle("/", answers)
	server := web.Server(pages, longest, log)
	server.RegisterOnShutdown(hub.Close)
	return web.Serve(ctx, server, settings.web, stopPatience, func(address net.Addr, https bool) {
		log.Info("gateway answers", zap.Stringer("address", address), zap.Bool("https", https))
	})
}

// admission tells callers apart.
func admission(settings access.Settings, known *keys.Keys, log *zap.Logger) *access.Access {
	let := access.New(access.Options{Keys: settings.Keys.Watch(time.Now), Signing: known, KeyRate: settings.KeyRate, RelayRate: settings.RelayRate})
	if err := let.Ready(); err != nil {
		log.Warn("nobody can be let in yet: run 'gateway key NAME --role backend'; it needs no restart", zap.Error(err))
	}
	return let
}

// readiness is what the gateway needs to answer. One that has been told to stop
// is not ready, while it finishes what it has begun.
func readiness(running context.Context, journeys *client.Client, let *access.Access) []telemetry.Check {
	return []telemetry.Check{
		{Name: "running", Try: func(context.Context) error { return running.Err() }},
		{Name: "temporal", Try: journeys.Reachable},
		{Name: "keys", Try: func(context.Context) error { return let.Ready() }},
	}
}
