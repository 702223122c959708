package web

import (
	"net"
	"net/netip"

	"github.com/bioenroll/bioenroll/internal/config"
)

// Settings say where a program listens.
type Settings struct {
	// Listen is the address, host:port.
	Listen string
	// Cert and Key are the files of a certificate in PEM, both or neither.
	Cert, Key string

	names names
}

// names are those of the settings, for what is said about them.
type names struct{ listen, cert, key, allowHTTP string }

// Read returns the settings whose names begin with the prefix, such as
// BIOENROLL_GATEWAY_. Problems are recorded in the source.
func Read(src *config.Source, prefix, address string) Settings {
	n := names{prefix + "LISTEN", prefix + "TLS_CERT_FILE", prefix + "TLS_KEY_FILE", prefix + "ALLOW_HTTP"}
	s := Settings{
		Listen: src.String(n.listen, address, "address to listen on"),
		Cert:   src.String(n.cert, "", "certificate chain in PEM, for https"),
		Key:    src.String(n.key, "", "key of that certificate in PEM"),
		names:  n,
	}
	plain := src.Bool(n.allowHTTP, false, "true serves plain http beyond this machine, where something in front speaks https")
	s.check(src, plain, address)
	return s
}

// check refuses settings that do not go together.
func (s Settings) check(src *config.Source, plain bool, example string) {
	if (s.Cert == "") != (s.Key == "") {
		src.Refuse(s.names.cert, "one of certificate and key", "both "+s.names.cert+" and "+s.names.key+", or neither")
	}
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		src.Refuse(s.names.listen, "an address without a port", "host:port, such as "+example)
		return
	}
	if s.Cert == "" && !plain && !isLoopback(host) {
		src.Refuse(s.names.listen, "an address beyond this machine", "a loopback address; others with "+s.names.cert+" and "+s.names.key+", or with "+s.names.allowHTTP+"=true behind something that speaks https")
	}
}

// isLoopback reports whether a host can be reached from this machine alone.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
