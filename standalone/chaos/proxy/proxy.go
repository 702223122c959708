// Package proxy is a TCP proxy that damages connections on purpose: it cuts
// them before, within and after a request or an answer, closes one half, slows
// them down, and swallows what is sent. It knows nothing of HTTP, so it hits
// whatever stands there, as a bad network does.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// dialLimit bounds the way to the target, which is on this machine.
const dialLimit = 5 * time.Second

// Proxy forwards connections to one target.
type Proxy struct {
	target   string
	listener net.Listener
	damaged  func(fate string, from, to time.Time)
	group    sync.WaitGroup

	mu     sync.Mutex // guards what follows
	chance *rand.Rand
	share  int
	links  map[*link]struct{}
	closed bool
}

// Start listens on a free port of the loopback address. What happens to which
// connection is drawn from the seed, in the order in which they arrive. The
// function is told of every damage, with the time between the strike and the
// end of the connection.
func Start(ctx context.Context, target string, seed uint64, damaged func(fate string, from, to time.Time)) (*Proxy, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("fault proxy: %w", err)
	}
	p := &Proxy{
		target: target, listener: listener, damaged: damaged, links: map[*link]struct{}{},
		chance: rand.New(rand.NewPCG(seed, 0)), //nolint:gosec // a campaign has to be repeatable
	}
	p.group.Go(p.accept)
	return p, nil
}

// Address is where the proxy listens.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Worsen damages the share of connections from now on, in percent, and cuts
// the same share of those that are open. Zero is good weather.
func (p *Proxy) Worsen(share int) {
	p.mu.Lock()
	var cut []*link
	p.share = share
	for l := range p.links {
		if share > 0 && p.chance.IntN(100) < share {
			cut = append(cut, l)
		}
	}
	p.mu.Unlock()
	for _, l := range cut {
		l.strike("cut while open")
		l.reset()
	}
}

// Close cuts all connections and ends the proxy.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for l := range p.links {
		l.reset()
	}
	p.mu.Unlock()
	p.group.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // One connection less, as on any network.
		}
		p.group.Go(func() { p.forward(client) })
	}
}

// forward serves one connection to its end.
func (p *Proxy) forward(client net.Conn) {
	server, err := net.DialTimeout("tcp", p.target, dialLimit) //nolint:noctx // bounded by its own limit
	if err != nil {
		_ = client.Close() // Nobody is there, and the client sees that.
		return
	}
	l := &link{client: client, server: server}
	p.mu.Lock()
	if p.closed {
		l.reset()
	}
	if p.chance.IntN(100) < p.share {
		l.fate = draw(p.chance)
	} else {
		l.fate = harmless()
	}
	p.links[l] = struct{}{}
	p.mu.Unlock()
	l.run()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
	if struck, at := l.struck(); struck != "" {
		p.damaged(struck, at, time.Now())
	}
}

// link is one connection through the proxy.
type link struct {
	client, server net.Conn
	fate           fate

	mu  sync.Mutex // guards what follows
	hit string
	at  time.Time
}

// strike notes that the connection is damaged from now on.
func (l *link) strike(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hit == "" {
		l.hit, l.at = what, time.Now()
	}
}

func (l *link) struck() (string, time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hit, l.at
}

// run copies both ways until both have ended.
func (l *link) run() {
	var group sync.WaitGroup
	group.Go(l.requests)
	group.Go(l.answers)
	group.Wait()
	_ = l.client.Close() // Both ways have ended.
	_ = l.server.Close()
}

// requests copies what the client sends.
func (l *link) requests() {
	if copyUpTo(l.server, l.client, l.fate.request) {
		closeWrite(l.server) // The client is done; the answer may still come.
		return
	}
	l.strike(l.fate.name)
	l.end(l.fate.request == 0)
	if l.fate.silent {
		_, _ = io.Copy(io.Discard, l.client) // Until the client gives up.
	}
	l.reset()
}

// answers copies what the target answers.
func (l *link) answers() {
	if l.fate.delay > 0 {
		l.strike(l.fate.name)
	}
	if copyUpTo(&late{Writer: l.client, delay: l.fate.delay}, l.server, l.fate.answer) {
		closeWrite(l.client)
		return
	}
	l.strike(l.fate.name)
	l.end(false)
}

// end carries a fate out: silence, half a close, or a reset. A connection that
// never reached the target leaves it alone.
func (l *link) end(unreached bool) {
	switch {
	case l.fate.silent && unreached:
		_ = l.server.Close()
	case l.fate.silent:
	case l.fate.halfClose:
		closeWrite(l.client)
	default:
		l.reset()
	}
}

// reset ends both connections without a goodbye.
func (l *link) reset() {
	for _, conn := range []net.Conn{l.client, l.server} {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // Turns close into a reset; should it fail, the close alone still cuts.
		}
		_ = conn.Close()
	}
}

// copyUpTo copies until the source ends, and reports true, or until the limit,
// and reports false. A negative limit is none.
func copyUpTo(to io.Writer, from io.Reader, limit int64) bool {
	if limit < 0 {
		_, _ = io.Copy(to, from) // Whichever side ends, the connection does.
		return true
	}
	copied, _ := io.CopyN(to, from, limit)
	if copied < limit {
		return true
	}
	// Wait for the next byte, so that a fate of no bytes strikes a call and not
	// an idle connection.
	_, err := io.ReadFull(from, make([]byte, 1))
	return err != nil
}

func closeWrite(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite() // The other side may be gone already.
	}
}

// late waits before it passes anything on.
type late struct {
	io.Writer
	delay time.Duration
}

// Write waits and writes.
func (l *late) Write(b []byte) (int, error) {
	if l.delay > 0 {
		time.Sleep(l.delay)
	}
	return l.Writer.Write(b)
}
