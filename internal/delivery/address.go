package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// errInternal is the refusal to connect to an address that is not on the public
// internet.
var errInternal = errors.New("the address is not on the public internet")

// notPublic are the ranges that look public and are not, from the registries of
// special-purpose addresses (RFC 6890 and what followed). What netip itself can
// tell is not repeated here.
func notPublic() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),       // "This network": Linux takes it for this machine.
		netip.MustParsePrefix("100.64.0.0/10"),   // Carrier-grade NAT, and clouds' own services.
		netip.MustParsePrefix("192.0.0.0/24"),    // Protocol assignments.
		netip.MustParsePrefix("192.0.2.0/24"),    // Documentation.
		netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays.
		netip.MustParsePrefix("198.18.0.0/15"),   // Benchmarks.
		netip.MustParsePrefix("198.51.100.0/24"), // Documentation.
		netip.MustParsePrefix("203.0.113.0/24"),  // Documentation.
		netip.MustParsePrefix("240.0.0.0/4"),     // Reserved, and broadcast.
		netip.MustParsePrefix("2001::/23"),       // Protocol assignments; Teredo holds an IPv4 address.
		netip.MustParsePrefix("2001:db8::/32"),   // Documentation.
		netip.MustParsePrefix("2002::/16"),       // 6to4 holds an IPv4 address.
		netip.MustParsePrefix("3fff::/20"),       // Documentation.
	}
}

// public reports whether an address is on the public internet, by what is known
// of it and not by what is forbidden: of IPv6 only the range that is given to
// networks counts, and none that carries an IPv4 address inside.
func public(address netip.Addr) bool {
	given := netip.MustParsePrefix("2000::/3")
	address = address.Unmap() // ::ffff:10.0.0.1 is dialled as 10.0.0.1.
	switch {
	case !address.IsGlobalUnicast(), address.IsPrivate(), address.Zone() != "":
		return false
	case address.Is6() && !given.Contains(address): // NAT64, the old IPv4 forms, and whatever comes.
		return false
	}
	for _, prefix := range notPublic() {
		if prefix.Contains(address) {
			return false
		}
	}
	return true
}

// onlyPublic refuses a connection to an internal address. It runs when a name
// has been resolved and the socket is about to connect, so the address it sees
// is the one that is used: a name that resolves to something else the second
// time gains nothing.
func onlyPublic(_ context.Context, _, address string, _ syscall.RawConn) error {
	resolved, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: it cannot be read", errInternal)
	}
	if !public(resolved.Addr()) {
		return errInternal
	}
	return nil
}
