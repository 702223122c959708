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

// Simulators are the simulated providers' HTTP server.
type Simulators struct {
	url    string
	state  *simulator.Server
	server *http.Server
	served chan error
}

const loopback = "127.0.0.1"

// ServeSimulators listens on loopback and answers as the four providers; port 0
// picks a free one. It fails with a *embedded.PortTakenError when another
// program has the port. The caller stops them.
func ServeSimulators(port int, settings simulator.Options) (*Simulators, error) {
	address := net.JoinHostPort(loopback, strconv.Itoa(port))
	listener, err := net.Listen("tcp", address) //nolint:noctx // listening on loopback does not block
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &embedded.PortTakenError{Option: "SimulatorPort", Host: loopback, Port: port}
	}
	if err != nil {
		return nil, fmt.Errorf("simulators: listen on %s: %w", address, err)
	}
	state, err := simulator.New(settings)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &Simulators{
		url: "http://" + listener.Addr().String(), state: state, served: make(chan error, 1),
		server: &http.Server{Handler: state.Handler(), ReadHeaderTimeout: 10 * time.Second},
	}
	go func() { s.served <- s.server.Serve(listener) }()
	return s, nil
}

// URL is the address of the simulators.
func (s *Simulators) URL() string { return s.url }

// Stop lets running answers finish, for a moment, and closes their state.
func (s *Simulators) Stop(ctx context.Context) error {
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
