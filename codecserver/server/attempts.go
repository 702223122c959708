package server

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	// guesses is how many wrong tokens an address may send within guessTime.
	guesses   = 10
	guessTime = time.Minute
	// maxAddresses bounds the addresses that are told apart. Beyond it, new ones
	// share one count.
	maxAddresses = 1024
)

// attempts counts wrong tokens by the address that sent them. Unknown cookies
// are not counted: a browser whose session has ended sends dozens of them.
type attempts struct {
	now func() time.Time

	mu     sync.Mutex
	counts map[netip.Prefix]count
}

type count struct {
	wrong int
	ends  time.Time
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, counts: map[netip.Prefix]count{}}
}

// wait returns how long the address has to wait before its tokens are looked at
// again; zero when it need not.
func (a *attempts) wait(r *http.Request) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.counts[a.slot(network(r))]
	if known.wrong < guesses {
		return 0
	}
	return max(0, known.ends.Sub(a.now()))
}

// wrong counts a wrong token.
func (a *attempts) wrong(r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	slot := a.slot(network(r))
	known := a.counts[slot]
	if !known.ends.After(a.now()) {
		known = count{ends: a.now().Add(guessTime)}
	}
	known.wrong++
	a.counts[slot] = known
}

// slot returns where an address is counted: on its own, or, when there is no
// room, together with the others that came too late.
func (a *attempts) slot(from netip.Prefix) netip.Prefix {
	if _, found := a.counts[from]; found || len(a.counts) < maxAddresses {
		return from
	}
	for key, known := range a.counts {
		if !known.ends.After(a.now()) {
			delete(a.counts, key)
		}
	}
	if len(a.counts) < maxAddresses {
		return from
	}
	return netip.Prefix{}
}

// network is where a request comes from: an IPv4 address, or the 64 bits of an
// IPv6 address that are given to one customer.
func network(r *http.Request) netip.Prefix {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	address := from.Addr().Unmap()
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
