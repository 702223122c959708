package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/internal/config"
)

// LastWords is the time for an answer that tells a caller that the request took
// too long. Without it the connection would end with nothing said.
const LastWords = 5 * time.Second

// Server returns an HTTP server for the handler, with bounds in time and size.
// A request takes at most so long, from its first byte to where its handler knows
// the answer, and LastWords more to the last byte of that, unless the handler sets
// other deadlines. Connections that fail go to the log. The caller serves and stops it.
func Server(handler http.Handler, longest time.Duration, log *zap.Logger) *http.Server {
	return &http.Server{
		Handler: handler, MaxHeaderBytes: 32 << 10, ErrorLog: zap.NewStdLog(log),
		// A read that times out ends the context of a handler, also while nothing is
		// left to read.
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: longest, WriteTimeout: longest + LastWords, IdleTimeout: time.Minute,
	}
}

// Stop lets answers under way finish for as long as the patience lasts, and
// then hangs up.
func Stop(ctx context.Context, server *http.Server, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

// Serve answers where the settings say until the context ends, and then stops
// with patience. It calls listening with the address, once it is there.
func Serve(ctx context.Context, server *http.Server, settings Settings, patience time.Duration, listening func(address net.Addr, https bool)) error {
	https := settings.Cert != ""
	if https {
		pair, err := tls.LoadX509KeyPair(settings.Cert, settings.Key)
		if err != nil {
			return &config.Error{Problems: []config.Problem{{
				Name: settings.names.cert, Given: fmt.Sprintf("what cannot be used (%v)", err),
				Allowed: "a certificate and " + settings.names.key + " with its key, both in PEM",
			}}}
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	listener, err := listen(ctx, settings)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		if https {
			ended <- server.ServeTLS(listener, "", "")
		} else {
			ended <- server.Serve(listener)
		}
	}()
	listening(listener.Addr(), https)
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		return Stop(context.WithoutCancel(ctx), server, patience)
	}
}

// listen takes the address, with advice when somebody else has it.
func listen(ctx context.Context, settings Settings) (net.Listener, error) {
	var plain net.ListenConfig
	listener, err := plain.Listen(ctx, "tcp", settings.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program: stop that one, or set %s to another address: %w", settings.Listen, settings.names.listen, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", settings.Listen, err)
	}
	return listener, nil
}
