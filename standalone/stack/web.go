package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/bioenroll/bioenroll/standalone/embedded"
)

const loopback = "127.0.0.1"

// stopPatience is the time for answers under way when a listener is stopped,
// unless it has a patience of its own.
const stopPatience = 5 * time.Second

// web is one HTTP server on loopback.
type web struct {
	listener net.Listener
	server   *http.Server
	served   chan error
	patience time.Duration
}

// listen takes a port on loopback; port 0 picks a free one. It fails with a
// *embedded.PortTakenError, naming the option, when another program has the
// port. Nothing is answered before serve.
func listen(option string, port int) (*web, error) {
	address := net.JoinHostPort(loopback, strconv.Itoa(port))
	listener, err := net.Listen("tcp", address) //nolint:noctx // listening on loopback does not block
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &embedded.PortTakenError{Option: option, Host: loopback, Port: port}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return &web{listener: listener, patience: stopPatience}, nil
}

// serve begins to answer.
func (w *web) serve(server *http.Server) {
	w.server, w.served = server, make(chan error, 1)
	go func() { w.served <- server.Serve(w.listener) }()
}

// url is the server's address.
func (w *web) url() string { return "http://" + w.listener.Addr().String() }

// stop lets running answers finish, for a moment. It can be called on one that
// is nil or does not answer yet.
func (w *web) stop(ctx context.Context) error {
	if w == nil {
		return nil
	}
	if w.server == nil {
		return w.listener.Close()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.patience)
	defer cancel()
	err := w.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = w.server.Close()
	}
	if served := <-w.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
