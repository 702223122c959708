package stack

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/bioenroll/bioenroll/simulator"
)

// Simulators are the simulated providers' HTTP server.
type Simulators struct {
	web   *web
	state *simulator.Server
}

// ServeSimulators listens on loopback and answers as the four providers; port 0
// picks a free one. It fails with a *embedded.PortTakenError when another
// program has the port. The caller stops them.
func ServeSimulators(port int, settings simulator.Options) (*Simulators, error) {
	listening, err := listen("SimulatorPort", port)
	if err != nil {
		return nil, err
	}
	state, err := simulator.New(settings)
	if err != nil {
		return nil, errors.Join(err, listening.listener.Close())
	}
	listening.serve(&http.Server{Handler: state.Handler(), ReadHeaderTimeout: 10 * time.Second})
	return &Simulators{web: listening, state: state}, nil
}

// URL is the address of the simulators.
func (s *Simulators) URL() string { return s.web.url() }

// Stop lets running answers finish, for a moment, and closes their state.
func (s *Simulators) Stop(ctx context.Context) error {
	return errors.Join(s.web.stop(ctx), s.state.Close())
}
