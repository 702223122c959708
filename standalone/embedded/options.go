package embedded

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.uber.org/zap"
)

const (
	// Off is given as a port of a listener that is not wanted.
	Off = -1

	defaultHost      = "127.0.0.1"
	defaultNamespace = "default"
	defaultRetention = 7 * 24 * time.Hour
)

// Options says where the server keeps its state and where it listens. The zero
// value is a server in memory, on free loopback ports, that logs nothing.
type Options struct {
	// DataDir is the folder of the database temporal.db and of the log
	// temporal.log. It is created with mode 0700 when missing, and one process
	// at a time may use it. Empty keeps everything in memory.
	DataDir string

	// Host is the IP address of all three listeners, 127.0.0.1 when empty. The
	// server has no authentication, so any other address opens it to whoever
	// reaches that address.
	Host string

	// Port is the port of the Temporal frontend (gRPC). Zero picks a free one.
	Port int

	// UIPort is the port of the web UI. Zero picks a free one, Off serves no UI.
	UIPort int

	// MetricsPort is the port that serves the server's Prometheus metrics under
	// /metrics, among them the counter "action" of billable actions. Zero picks a
	// free one, Off serves no metrics.
	MetricsPort int

	// Namespace is created when the database does not have it, "default" when
	// empty.
	Namespace string

	// Retention is how long the histories of closed workflows are kept, seven
	// days when zero and never less than one hour. It is set when the namespace
	// is created and not changed on later starts.
	Retention time.Duration

	// SearchAttributes are registered in the namespace, on every start, as far
	// as they are missing. One that exists with another type is an error.
	SearchAttributes map[string]enumspb.IndexedValueType

	// CodecEndpoint is the URL of the codec server that the web UI asks, from the
	// browser and with its cookies, to decrypt payloads. Empty means none.
	CodecEndpoint string

	// TimeSkipping lets a client ask that a workflow skips the time it would
	// only wait. An experiment of the server, for tests and measurements; the
	// workflows of clients that do not ask are not touched.
	TimeSkipping bool

	// Log receives what the server has to say. When nil, warnings and errors go
	// to temporal.log in DataDir, or nowhere when in memory, and a failure that
	// makes the server end the process goes to standard error as well.
	Log *zap.Logger
}

// withDefaults fills what was left empty and refuses what cannot work.
func (o Options) withDefaults() (Options, error) {
	if o.Host == "" {
		o.Host = defaultHost
	}
	if o.Namespace == "" {
		o.Namespace = defaultNamespace
	}
	if o.Retention == 0 {
		o.Retention = defaultRetention
	}
	if _, err := netip.ParseAddr(o.Host); err != nil {
		return o, fmt.Errorf("host %q is not an IP address: give one such as %s", o.Host, defaultHost)
	}
	if o.Port < 0 {
		return o, fmt.Errorf("port %d is negative: the frontend cannot be switched off, 0 picks a free port", o.Port)
	}
	if o.Retention < time.Hour {
		return o, fmt.Errorf("retention %s is too short: Temporal keeps histories for at least 1h", o.Retention)
	}
	if o.DataDir == "" {
		return o, nil
	}
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return o, fmt.Errorf("resolve data folder %q: %w", o.DataDir, err)
	}
	o.DataDir = dir
	return o, nil
}
