package stack

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/worker/host"
)

// Embedded is a variable of the file that WriteEnvironment writes: the address
// of the embedded server, which TEMPORAL_ADDRESS holds, too. It lets the
// standalone program start again in a shell that has read the file.
const Embedded = "BIOENROLL_EMBEDDED"

// startHost runs the worker in this process, with the settings that a worker
// process would read from its environment.
func (s *Stack) startHost(ctx context.Context) (*host.Host, error) {
	src := config.NewSource(config.Map(s.Environment()))
	settings := host.Load(src)
	if err := src.Err(); err != nil {
		return nil, err
	}
	return host.Start(ctx, s.temporal, settings, s.options.Log)
}

// Environment is what worker and starter need in their environment to join
// this stack from another process. The secrets of an external Temporal server
// are left out.
func (s *Stack) Environment() map[string]string {
	environment := Places{
		KeyFile: s.KeyFile(), SealedDir: s.SealedDir(), Records: s.RecordsURL(), Simulators: everywhere(s.SimulatorURL()),
	}.Environment()
	maps.Copy(environment, s.temporalEnvironment())
	return environment
}

// Places say where a worker finds what it works with.
type Places struct {
	// KeyFile and SealedDir are shared by all workers and clients.
	KeyFile, SealedDir string
	// Records is the address of the records, shared likewise.
	Records string
	// Simulators is the address of each simulated provider, such as
	// http://127.0.0.1:7400.
	Simulators map[enroll.Provider]string
}

// everywhere is one address for all providers.
func everywhere(url string) map[enroll.Provider]string {
	addresses := map[enroll.Provider]string{}
	for _, provider := range enroll.Providers() {
		addresses[provider] = url
	}
	return addresses
}

// Environment is what worker and starter need in their environment, all but
// the Temporal server.
func (p Places) Environment() map[string]string {
	known := simulator.DefaultCredentials()
	return map[string]string{
		"BIOENROLL_KEY_FILE":     p.KeyFile,
		"BIOENROLL_SEALED_DIR":   p.SealedDir,
		"BIOENROLL_RECORDS_URL":  p.Records,
		"BIOENROLL_ALLOW_HTTP":   strconv.FormatBool(true), // The simulators have no certificate.
		host.EventsAllowInternal: strconv.FormatBool(true), // A receiver that is being written is on this machine.
		"AUTHID_BASE_URL":        p.Simulators[enroll.AuthID],
		"AUTHID_API_KEY_ID":      known.AuthIDKeyID,
		"AUTHID_API_KEY_VALUE":   known.AuthIDKeyValue,
		"BIOID_BASE_URL":         p.Simulators[enroll.BioID] + "/extension",
		"BIOID_APP_ID":           known.BioIDAppID,
		"BIOID_APP_SECRET":       known.BioIDAppSecret,
		"SMARTID_BASE_URL":       p.Simulators[enroll.SmartID],
		"SMARTID_API_KEY":        known.SmartIDKey,
		"IPROOV_BASE_URL":        p.Simulators[enroll.IProov] + "/api/v2",
		"IPROOV_API_KEY":         known.IProovKey,
		"IPROOV_API_SECRET":      known.IProovSecret,
		"IPROOV_OAUTH_USERNAME":  known.IProovOAuthUser,
		"IPROOV_OAUTH_PASSWORD":  known.IProovOAuthValue,
	}
}

// WriteEnvironment writes Environment as a file that a shell can read, so that
// worker, starter, Temporal's own command line, and whoever asks the gateway join
// the stack without copying lines by hand. A comment names the variables left out. It returns the file's
// path.
func (s *Stack) WriteEnvironment() (string, error) {
	path := filepath.Join(s.options.DataDir, "env")
	environment := s.Environment()
	// Temporal's own command line reads these.
	environment["TEMPORAL_CODEC_ENDPOINT"] = s.CodecURL()
	environment["TEMPORAL_CODEC_AUTH"] = "Bearer " + s.CodecToken().Reveal()
	if s.server != nil {
		environment[Embedded] = s.TemporalAddress()
	}
	// 'gateway key' adds callers to this file, and curl asks with these.
	environment["BIOENROLL_GATEWAY_KEYS"] = s.GatewayKeyFile()
	backend, operator := s.GatewayKeys()
	environment["GATEWAY"] = s.GatewayURL()
	environment["GATEWAY_KEY"], environment["GATEWAY_OPERATOR_KEY"] = backend.Reveal(), operator.Reveal()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		fmt.Fprintf(&b, "export %s='%s'\n", name, strings.ReplaceAll(environment[name], "'", `'\''`))
	}
	if external := s.options.External; external != nil && len(external.LeftOut) > 0 {
		fmt.Fprintf(&b, "# Secrets are not written here, set them yourself: %s\n", strings.Join(external.LeftOut, ", "))
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return "", fmt.Errorf("write the environment file: %w", err)
	}
	return path, nil
}
