package telemetry

import (
	"net"
	"net/url"
	"strings"

	"github.com/bioenroll/bioenroll/internal/config"
)

// Names of the settings. Those of traces are OpenTelemetry's own.
const (
	Listen      = "BIOENROLL_METRICS_LISTEN"    // Where metrics and health are served.
	Endpoint    = "OTEL_EXPORTER_OTLP_ENDPOINT" // The collector of traces.
	ServiceName = "OTEL_SERVICE_NAME"           // How traces name the program.
)

// Settings say what is measured and traced, and where it goes. The zero value
// is nothing and nowhere.
type Settings struct {
	// Listen is the address on which metrics and health are served; none when
	// empty.
	Listen string
	// Endpoint is the address of the collector that traces are sent to over
	// OTLP and HTTP; none when empty.
	Endpoint string
	// Service is how traces name the program.
	Service string
}

// Read returns the settings of a program. Problems are recorded in the source.
func Read(src *config.Source, program string) Settings {
	s := Settings{
		Listen: src.String(Listen, "", "address on which metrics and health are served, such as 127.0.0.1:9464; neither unless given"),
		Endpoint: src.String(Endpoint, "",
			"address of the collector of traces (OTLP over HTTP), such as http://127.0.0.1:4318; no traces unless given"),
		Service: src.String(ServiceName, "bioenroll-"+program, "how traces name this program"),
	}
	for _, v := range []config.Variable{
		{Name: "OTEL_EXPORTER_OTLP_HEADERS", Help: "headers for the collector, such as a key; read by OpenTelemetry itself"},
		{Name: "OTEL_EXPORTER_OTLP_CERTIFICATE", Help: "file of the collector's authority certificate; read by OpenTelemetry itself"},
		{Name: "OTEL_TRACES_SAMPLER", Help: "which traces are kept; read by OpenTelemetry itself", Default: "parentbased_always_on"},
		{Name: "OTEL_TRACES_SAMPLER_ARG", Help: "the share of traces kept, for samplers that take one; read by OpenTelemetry itself"},
	} {
		src.Note(v)
	}
	if s.Listen != "" {
		if _, _, err := net.SplitHostPort(s.Listen); err != nil {
			src.Refuse(Listen, "an address without a port", "host:port, such as 127.0.0.1:9464")
		}
	}
	if s.Endpoint != "" && !isCollector(s.Endpoint) {
		src.Refuse(Endpoint, "another form", "an address such as http://127.0.0.1:4318, without login, query or fragment")
	}
	s.Endpoint = strings.TrimRight(s.Endpoint, "/")
	return s
}

// isCollector reports whether an address consists of scheme, host and path.
func isCollector(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		u.User == nil && !strings.ContainsAny(address, "?#@")
}
