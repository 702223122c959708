package host

import (
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/delivery"
	"github.com/bioenroll/bioenroll/internal/providerset"
	"github.com/bioenroll/bioenroll/internal/vault"
)

// Names of the settings.
const (
	StopTimeout = "BIOENROLL_STOP_TIMEOUT" // How long steps under way may go on when the process is told to stop.
	Deployment  = "BIOENROLL_DEPLOYMENT"   // Name of the worker deployment; none unless versions are kept apart.
	BuildID     = "BIOENROLL_BUILD_ID"     // Version of this worker in its deployment.
	// EventsAllowInternal lets outcome events go to internal addresses.
	EventsAllowInternal = "BIOENROLL_EVENTS_ALLOW_INTERNAL"
)

// Settings are what a host needs beside its connection to Temporal.
type Settings struct {
	// Vault says where the key file and the sealed store are.
	Vault vault.Settings
	// Providers are the providers whose steps the host runs.
	Providers providerset.Settings
	// Capacity bounds the steps at each of those providers.
	Capacity map[enroll.Provider]Capacity
	// Version is the worker deployment version that the host runs journeys
	// for. The zero value serves journeys of any version.
	Version worker.WorkerDeploymentVersion
	// Retention is how long things are kept.
	Retention activities.Retention
	// StopTimeout is how long steps under way may go on when the host stops:
	// never shorter than a call to a provider.
	StopTimeout time.Duration
	// Events says how outcome events are delivered. The host adds what measures
	// and logs.
	Events delivery.Options
	// Meters measure the calls to providers and receivers; nil measures nothing.
	// What the connection to Temporal measures is its own business.
	Meters metric.MeterProvider
}

// Load returns the settings of the environment. What is missing or malformed
// is remembered by the source, for its Err.
func Load(src *config.Source) Settings {
	const shortest, longest = time.Second, 10 * time.Minute
	s := Settings{
		Vault:     vault.Read(src),
		Providers: providerset.Read(src),
		Capacity:  map[enroll.Provider]Capacity{},
		Version:   readVersion(src),
		Retention: readRetention(src),
		StopTimeout: src.Duration(StopTimeout, 20*time.Second, shortest, longest,
			"how long calls under way may go on when the worker is told to stop"),
	}
	for _, provider := range s.Providers.Chosen {
		s.Capacity[provider] = readCapacity(src, provider)
	}
	s.Events = delivery.DefaultOptions()
	s.Events.Patience = s.StopTimeout
	s.Events.Transport = delivery.Transport{
		AllowHTTP: config.AllowsHTTP(src),
		AllowInternal: src.Bool(EventsAllowInternal, false,
			"true lets outcome events go to addresses that are not on the public internet, such as 10.0.0.7"),
	}
	if s.StopTimeout < s.Providers.Timeout {
		src.Refuse(StopTimeout, "less than "+providerset.HTTPTimeout, "at least "+providerset.HTTPTimeout+", so that no call is cut off")
	}
	return s
}
