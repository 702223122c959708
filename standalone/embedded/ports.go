package embedded

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// PortTakenError reports that a listener's address is in use by another
// program. Nothing has been started when it is returned.
type PortTakenError struct {
	// Option names the field of Options that chose the port: Port, UIPort or
	// MetricsPort, for a caller that wants to name its own flag instead. A
	// caller with further listeners may use the type with a name of its own.
	Option string
	// Host and Port are the address that is in use.
	Host string
	Port int
}

// Error names the address and what to do about it.
func (e *PortTakenError) Error() string {
	return fmt.Sprintf("address %s is in use: stop the program that holds it, or set %s to another port (0 picks a free one)",
		address(e.Host, e.Port), e.Option)
}

// ports are the five ports of a server; ui and metrics may be Off.
type ports struct {
	frontend, ui, metrics     int
	history, matching, worker int
}

// choosePorts settles every port before anything starts, because the server
// ends the whole process when it cannot listen. The listeners that prove the
// ports free stay open together until all are found, so no two agree.
func choosePorts(opts Options) (ports, error) {
	var probe prober
	defer probe.release()
	chosen := ports{
		frontend: probe.want("Port", opts.Host, opts.Port),
		ui:       probe.want("UIPort", opts.Host, opts.UIPort),
		metrics:  probe.want("MetricsPort", opts.Host, opts.MetricsPort),
		history:  probe.want("", defaultHost, 0),
		matching: probe.want("", defaultHost, 0),
		worker:   probe.want("", defaultHost, 0),
	}
	return chosen, probe.err
}

// prober holds the listeners of the ports found so far and the first error.
type prober struct {
	held []net.Listener
	err  error
}

func (p *prober) want(option, host string, port int) int {
	switch {
	case p.err != nil || port < 0:
		return Off
	case port == 0:
		return p.free(host)
	}
	err := p.hold(host, port)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = &PortTakenError{Option: option, Host: host, Port: port}
	}
	p.err = err
	return port
}

// free finds a port below the range that Linux and the BSDs give to outgoing
// connections (32768 and up): one of those could take the port between this
// probe and the moment the server listens.
func (p *prober) free(host string) int {
	const first, last, attempts = 20_000, 32_000, 100
	var err error
	for range attempts {
		port := first + rand.IntN(last-first) //nolint:gosec // spreads processes apart, guards nothing
		if err = p.hold(host, port); err == nil {
			return port
		}
	}
	p.err = fmt.Errorf("find a free port on %s between %d and %d: %w", host, first, last, err)
	return Off
}

func (p *prober) hold(host string, port int) error {
	listener, err := net.Listen("tcp", address(host, port)) //nolint:noctx // a probe that returns at once
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address(host, port), err)
	}
	p.held = append(p.held, listener)
	return nil
}

func (p *prober) release() {
	for _, listener := range p.held {
		_ = listener.Close() // held for nothing but its address
	}
}

func address(host string, port int) string {
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// reachable turns the address listened on into one that can be dialled:
// 0.0.0.0 and :: mean every interface, loopback among them.
func reachable(host string, port int) string {
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = defaultHost
	}
	return address(host, port)
}
