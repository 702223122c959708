package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/codecserver/server"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/internal/program"
	"github.com/bioenroll/bioenroll/internal/web"
)

// stopPatience is the time for answers under way when the program is told to
// stop.
const stopPatience = 5 * time.Second

// serve answers until the context ends.
func serve(ctx context.Context, settings settings, call program.Call) error {
	log := logging.New(settings.logging, call.Stderr)
	answers, err := open(settings, log)
	if err != nil {
		return err
	}
	return web.Serve(ctx, web.Server(answers.Handler(), server.Longest, log), settings.web, stopPatience, func(address net.Addr, https bool) {
		log.Info("codec server answers", zap.Stringer("address", address), zap.Bool("https", https), zap.String("ui", settings.origin))
	})
}

// open loads keys and operators.
func open(settings settings, log *zap.Logger) (*server.Server, error) {
	loaded, err := keys.Load(settings.keyFile)
	if err != nil {
		return nil, wrong(keyFile, err, "the key file of this installation")
	}
	payloads, err := codec.New(loaded)
	if err != nil {
		return nil, err
	}
	known, err := settings.operators.List()
	if err != nil {
		return nil, wrong(operators, err, "a file that 'codecserver operator NAME' wrote")
	}
	if len(known) == 0 {
		log.Warn("nobody may read payloads yet: run 'codecserver operator NAME'; it needs no restart", zap.String("file", string(settings.operators)))
	}
	return server.New(server.Options{
		Codec: payloads, Operators: settings.operators, UIOrigin: settings.origin, Session: settings.session, Log: log,
	})
}

// wrong makes an error of a setting whose file cannot be used.
func wrong(name string, err error, allowed string) error {
	return &config.Error{Problems: []config.Problem{{Name: name, Given: fmt.Sprintf("what cannot be used (%v)", err), Allowed: allowed}}}
}
