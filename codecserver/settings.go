package main

import (
	"net"
	"net/netip"
	"time"

	"github.com/bioenroll/bioenroll/codecserver/server"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/internal/origin"
)

// Names of the settings.
const (
	keyFile   = "BIOENROLL_KEY_FILE"            // The key file, as worker and client have it.
	listenOn  = "BIOENROLL_CODEC_LISTEN"        // Address to listen on.
	uiOrigin  = "BIOENROLL_CODEC_UI_ORIGIN"     // Origin of the Temporal UI.
	operators = "BIOENROLL_CODEC_OPERATORS"     // The operators file.
	session   = "BIOENROLL_CODEC_SESSION"       // How long a browser stays signed in.
	tlsCert   = "BIOENROLL_CODEC_TLS_CERT_FILE" // Certificate chain, PEM.
	tlsKey    = "BIOENROLL_CODEC_TLS_KEY_FILE"  // Its key, PEM.
	allowHTTP = "BIOENROLL_CODEC_ALLOW_HTTP"    // Plain HTTP beyond this machine.
)

// settings of the program.
type settings struct {
	logging   logging.Settings
	keyFile   string
	listen    string
	origin    string
	operators server.File
	session   time.Duration
	// cert and key are the files of a certificate, both or neither.
	cert, key string
}

// read returns the settings of the environment. Problems are recorded in the
// source.
func read(src *config.Source) settings {
	s := settings{
		logging:   logging.Read(src),
		keyFile:   src.Path(keyFile, "data/keys.json", "key file, the same that workers and clients have"),
		listen:    src.String(listenOn, "127.0.0.1:8234", "address to listen on"),
		origin:    src.String(uiOrigin, "", "origin of the Temporal UI, such as https://ui.example: the only one from which browsers are heard; none unless given"),
		operators: server.File(src.Path(operators, "data/operators", "file of those who may read payloads; 'codecserver operator NAME' writes it")),
		session:   src.Duration(session, server.DefaultSession, 5*time.Minute, 24*time.Hour, "how long a browser stays signed in"),
		cert:      src.String(tlsCert, "", "certificate chain in PEM, for https"),
		key:       src.String(tlsKey, "", "key of that certificate in PEM"),
	}
	plain := src.Bool(allowHTTP, false, "true serves plain http beyond this machine, where something in front speaks https")
	s.check(src, plain)
	return s
}

// check refuses settings that do not go together.
func (s settings) check(src *config.Source, plain bool) {
	if s.origin != "" {
		if err := origin.Check(s.origin); err != nil {
			src.Refuse(uiOrigin, "another form", err.Error())
		}
	}
	if (s.cert == "") != (s.key == "") {
		src.Refuse(tlsCert, "one of certificate and key", "both "+tlsCert+" and "+tlsKey+", or neither")
	}
	host, _, err := net.SplitHostPort(s.listen)
	if err != nil {
		src.Refuse(listenOn, "an address without a port", "host:port, such as 127.0.0.1:8234")
		return
	}
	if s.cert == "" && !plain && !isLoopback(host) {
		src.Refuse(listenOn, "an address beyond this machine", "a loopback address; others with "+tlsCert+" and "+tlsKey+", or with "+allowHTTP+"=true behind something that speaks https")
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
