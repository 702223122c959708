package host

import (
	"time"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/providerset"
	"github.com/bioenroll/bioenroll/internal/vault"
)

// StopTimeout is the setting for how long steps under way may go on when the
// process is told to stop.
const StopTimeout = "BIOENROLL_STOP_TIMEOUT"

// Settings are what a host needs beside its connection to Temporal.
type Settings struct {
	// Vault says where the key file and the sealed store are.
	Vault vault.Settings
	// Providers are the providers whose steps the host runs.
	Providers providerset.Settings
	// StopTimeout is how long steps under way may go on when the host stops:
	// never shorter than a call to a provider.
	StopTimeout time.Duration
}

// Load returns the settings of the environment. What is missing or malformed
// is remembered by the source, for its Err.
func Load(src *config.Source) Settings {
	const shortest, longest = time.Second, 10 * time.Minute
	s := Settings{
		Vault:     vault.Read(src),
		Providers: providerset.Read(src),
		StopTimeout: src.Duration(StopTimeout, 20*time.Second, shortest, longest,
			"how long calls under way may go on when the worker is told to stop"),
	}
	if s.StopTimeout < s.Providers.Timeout {
		src.Refuse(StopTimeout, "less than "+providerset.HTTPTimeout, "at least "+providerset.HTTPTimeout+", so that no call is cut off")
	}
	return s
}
