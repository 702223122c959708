package stack

import (
	"maps"
	"os"
	"slices"
	"strings"

	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/dial"
)

// External is a Temporal server that takes the place of the embedded one.
type External struct {
	// Options to connect with.
	Options sdk.Options
	// Variables are those of the environment that led there, for the programs
	// that join; the secret ones are left out.
	Variables map[string]string
	// LeftOut names the secret variables that were given.
	LeftOut []string
}

// The variables of the SDK's envconfig begin with temporalPrefix; those with
// metaPrefix become headers of every call, which may hold credentials.
const (
	temporalPrefix = "TEMPORAL_"
	metaPrefix     = temporalPrefix + "GRPC_META_"
)

// ReadExternal reads the server that the environment names. Problems are
// recorded in the source.
func ReadExternal(src *config.Source) *External {
	external := &External{Options: dial.Settings(src), Variables: map[string]string{}}
	for _, variable := range src.Known() {
		if !strings.HasPrefix(variable.Name, temporalPrefix) {
			continue
		}
		for _, name := range variable.Names() {
			secret := variable.Secret && name == variable.Name || name == "TEMPORAL_TLS_CLIENT_KEY_DATA"
			external.add(src, name, secret)
		}
	}
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, metaPrefix) {
			external.add(src, name, true)
		}
	}
	slices.Sort(external.LeftOut)
	return external
}

func (e *External) add(src *config.Source, name string, secret bool) {
	value, given := src.LookupEnv(name)
	switch {
	case !given:
	case secret:
		e.LeftOut = append(e.LeftOut, name)
	default:
		e.Variables[name] = value
	}
}

// temporalEnvironment is what another program needs to find the server.
func (s *Stack) temporalEnvironment() map[string]string {
	variables := map[string]string{}
	if external := s.options.External; external != nil {
		maps.Copy(variables, external.Variables)
	}
	variables["TEMPORAL_ADDRESS"] = s.TemporalAddress()
	return variables
}
