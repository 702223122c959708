package main

import (
	"context"
	"errors"
	"net"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/gateway/host"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/internal/program"
	"github.com/bioenroll/bioenroll/internal/telemetry"
	"github.com/bioenroll/bioenroll/internal/web"
)

// serve answers until the context ends.
func serve(ctx context.Context, settings settings, call program.Call) (err error) {
	log := logging.New(settings.logging, call.Stderr)
	known, err := settings.vault.OpenKeys()
	if err != nil {
		return err
	}
	watched, err := telemetry.New(ctx, settings.telemetry, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, watched.Stop(ctx)) }()
	journeys, err := client.Dial(ctx, client.WithLookup(call.Lookup), client.WithLogger(log), client.WithMeters(watched.Meters), client.WithTracers(watched.Tracers))
	if err != nil {
		return err
	}
	defer journeys.Close()
	door, err := host.New(host.Options{Settings: settings.host, Journeys: journeys, Signing: known, Watched: watched.Instruments, Log: log})
	if err != nil {
		return err
	}
	defer door.Stop()
	if err := watched.Serve(ctx, door.Checks()...); err != nil {
		return err
	}
	return web.Serve(door.Until(ctx), door.Server(), settings.host.Web, host.StopPatience, func(address net.Addr, https bool) {
		log.Info("gateway answers", zap.Stringer("address", address), zap.Bool("https", https))
	})
}
