package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"

	"go.uber.org/zap/zapcore"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/gateway/host"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/internal/vault"
	"github.com/bioenroll/bioenroll/internal/web"
	"github.com/bioenroll/bioenroll/standalone/bench/process"
)

// serveGateway is the gateway program: the same settings and the same host. It
// writes its access log, as any gateway does.
func serveGateway(ctx context.Context, env config.Lookup, in io.Reader, out io.Writer) (err error) {
	log := logging.New(logging.Settings{Level: zapcore.InfoLevel}, os.Stderr)
	src := config.NewSource(env)
	settings, places := host.Load(src), vault.Read(src)
	if err := src.Err(); err != nil {
		return err
	}
	known, err := places.OpenKeys()
	if err != nil {
		return err
	}
	journeys, err := client.Dial(ctx, client.WithLookup(env), client.WithLogger(log))
	if err != nil {
		return err
	}
	defer journeys.Close()
	door, err := host.New(host.Options{Settings: settings, Journeys: journeys, Signing: known, Log: log})
	if err != nil {
		return err
	}
	defer door.Stop()
	ctx, stop := context.WithCancel(ctx)
	address, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		ended <- web.Serve(ctx, door.Server(), settings.Web, host.StopPatience, func(at net.Addr, _ bool) { address <- at })
	}()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	select {
	case at := <-address:
		return process.Serve(in, out, gatewayReady{URL: "http://" + at.String()})
	case failed := <-ended:
		ended <- nil
		return failed
	}
}
