package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/worker/host"
)

// startHost runs the worker in this process, with the settings that a worker
// process would read from its environment.
func (s *Stack) startHost() (*host.Host, error) {
	src := config.NewSource(config.Map(s.Environment()))
	settings := host.Load(src)
	if err := src.Err(); err != nil {
		return nil, err
	}
	return host.Start(s.temporal, settings, s.options.Log)
}

// Environment is what worker and starter need in their environment to join
// this stack from another process. The secrets of an external Temporal server
// are left out.
func (s *Stack) Environment() map[string]string {
	known := simulator.DefaultCredentials()
	environment := map[string]string{
		"BIOENROLL_KEY_FILE":    s.KeyFile(),
		"BIOENROLL_SEALED_DIR":  s.SealedDir(),
		"BIOENROLL_ALLOW_HTTP":  strconv.FormatBool(true), // The simulators have no certificate.
		"AUTHID_BASE_URL":       s.SimulatorURL(),
		"AUTHID_API_KEY_ID":     known.AuthIDKeyID,
		"AUTHID_API_KEY_VALUE":  known.AuthIDKeyValue,
		"BIOID_BASE_URL":        s.SimulatorURL() + "/extension",
		"BIOID_APP_ID":          known.BioIDAppID,
		"BIOID_APP_SECRET":      known.BioIDAppSecret,
		"SMARTID_BASE_URL":      s.SimulatorURL(),
		"SMARTID_API_KEY":       known.SmartIDKey,
		"IPROOV_BASE_URL":       s.SimulatorURL() + "/api/v2",
		"IPROOV_API_KEY":        known.IProovKey,
		"IPROOV_API_SECRET":     known.IProovSecret,
		"IPROOV_OAUTH_USERNAME": known.IProovOAuthUser,
		"IPROOV_OAUTH_PASSWORD": known.IProovOAuthValue,
	}
	maps.Copy(environment, s.temporalEnvironment())
	return environment
}

// WriteEnvironment writes Environment as a file that a shell can read, so that
// worker and starter join the stack without copying lines by hand. A comment
// names the variables left out. It returns the file's path.
func (s *Stack) WriteEnvironment() (string, error) {
	path := filepath.Join(s.options.DataDir, "env")
	environment := s.Environment()
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
