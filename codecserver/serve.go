package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/codecserver/server"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// stopPatience is the time for answers under way when the program is told to
// stop.
const stopPatience = 5 * time.Second

// serve answers until the context ends.
func serve(ctx context.Context, settings settings, log *zap.Logger) error {
	answers, err := open(settings, log)
	if err != nil {
		return err
	}
	web, https := server.HTTP(answers.Handler(), log), settings.cert != ""
	if https {
		pair, err := tls.LoadX509KeyPair(settings.cert, settings.key)
		if err != nil {
			return wrong(tlsCert, err, "a certificate and "+tlsKey+" with its key, both in PEM")
		}
		web.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	listener, err := listen(ctx, settings.listen)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		if https {
			ended <- web.ServeTLS(listener, "", "")
		} else {
			ended <- web.Serve(listener)
		}
	}()
	log.Info("codec server answers", zap.Stringer("address", listener.Addr()), zap.Bool("https", https), zap.String("ui", settings.origin))
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		return server.Stop(context.WithoutCancel(ctx), web, stopPatience)
	}
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

// listen takes the address, with advice when somebody else has it.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program: stop that one, or set %s to another address: %w", address, listenOn, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener, nil
}

// wrong makes an error of a setting whose file cannot be used.
func wrong(name string, err error, allowed string) error {
	return &config.Error{Problems: []config.Problem{{Name: name, Given: fmt.Sprintf("what cannot be used (%v)", err), Allowed: allowed}}}
}
