package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// HTTP returns an HTTP server for the handler, with the bounds in time and size
// that a server for operators needs. Connections that fail go to the log. The
// caller serves and stops it.
func HTTP(handler http.Handler, log *zap.Logger) *http.Server {
	return &http.Server{
		Handler: handler, MaxHeaderBytes: 32 << 10, ErrorLog: zap.NewStdLog(log),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
}

// Stop lets answers under way finish for as long as the patience lasts, and
// then hangs up.
func Stop(ctx context.Context, web *http.Server, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return web.Close()
	}
	return err
}
