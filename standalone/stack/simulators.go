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

	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/embedded"
)

// simulators is the simulated providers' HTTP server.
type simulators struct {
	url    string
	state  *simulator.Server
	server *http.Server
	served chan error
}

const loopback = "127.0.0.1"

// serveSimulators listens on loopback and answers as the four providers. It
// fails with a *embedded.PortTakenError when another program has the port.
func serveSimulators(options Options) (*simulators, error) {
	address := net.JoinHostPort(loopback, strconv.Itoa(options.SimulatorPort))
	listener, err := net.Listen("tcp", address) //nolint:noctx // listening on loopback does not block
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &embedded.PortTakenError{Option: "SimulatorPort", Host: loopback, Port: options.SimulatorPort}
	}
	if err != nil {
		return nil, fmt.Errorf("simulators: listen on %s: %w", address, err)
	}
	settings := options.Simulator
	settings.DataDir = options.DataDir
	state, err := simulator.New(settings)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &simulators{
		url: "http://" + listener.Addr().String(), state: state, served: make(chan error, 1),
		server: &http.Server{Handler: state.Handler(), ReadHeaderTimeout: 10 * time.Second},
	}
	go func() { s.served <- s.server.Serve(listener) }()
	return s, nil
}

// stop lets running answers finish, for a moment.
func (s *simulators) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.server.Close()
	}
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, s.state.Close())
}
