package dial

import (
	"os"
	"strings"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/bioenroll/bioenroll/internal/config"
)

// DefaultAddress is the server's address unless a setting or the SDK's
// configuration file says otherwise.
const DefaultAddress = "127.0.0.1:7233"

// apiKey is the one TEMPORAL_ variable that may also come from a file.
const apiKey = "TEMPORAL_API_KEY" //nolint:gosec // the name of a variable, not a key

// configFile is the variable that names the SDK's configuration file.
const configFile = "TEMPORAL_CONFIG_FILE"

// metaPrefix starts the variables that become headers of every call.
const metaPrefix = "TEMPORAL_GRPC_META_"

// Settings returns where and how to reach Temporal. Problems are recorded in
// the source, for its Err.
func Settings(src *config.Source) client.Options {
	note(src)
	if file, given := src.LookupEnv(configFile); given {
		if _, err := os.Stat(file); err != nil { // The SDK goes on without it, to a server nobody meant.
			src.Refuse(configFile, "a file that cannot be read: "+file, "an existing file")
		}
	}
	key := src.OptionalSecret(apiKey, "API key for Temporal Cloud")
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{
		EnvLookup: environment{src: src, apiKey: key.Reveal()},
	})
	if err != nil {
		src.Refuse("TEMPORAL_*", "settings that the Temporal SDK refuses ("+err.Error()+")",
			"what docs.temporal.io says of environment configuration")
	}
	if options.HostPort == "" {
		options.HostPort = DefaultAddress
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	return options
}

// note records the variables that the SDK reads by itself. The SDK ignores a
// switch it does not understand; a mistyped TEMPORAL_TLS must not mean no TLS.
func note(src *config.Source) {
	for _, v := range []config.Variable{
		{Name: "TEMPORAL_ADDRESS", Help: "address of the Temporal server", Default: DefaultAddress},
		{Name: "TEMPORAL_NAMESPACE", Help: "namespace at the server", Default: client.DefaultNamespace},
		{Name: "TEMPORAL_PROFILE", Help: "profile in the configuration file"},
		{Name: configFile, Help: "configuration file of the Temporal SDK and command line"},
		{Name: "TEMPORAL_CLIENT_AUTHORITY", Help: "authority header of calls"},
		{Name: "TEMPORAL_TLS_CLIENT_CERT_PATH", Help: "file of the client certificate"},
		{Name: "TEMPORAL_TLS_CLIENT_CERT_DATA", Help: "the client certificate itself"},
		{Name: "TEMPORAL_TLS_CLIENT_KEY_PATH", Help: "file of the client certificate's key"},
		{Name: "TEMPORAL_TLS_CLIENT_KEY_DATA", Help: "the client certificate's key itself"},
		{Name: "TEMPORAL_TLS_SERVER_CA_CERT_PATH", Help: "file of the server's authority certificate"},
		{Name: "TEMPORAL_TLS_SERVER_CA_CERT_DATA", Help: "the server's authority certificate itself"},
		{Name: "TEMPORAL_TLS_SERVER_NAME", Help: "name that the server's certificate must have"},
	} {
		src.Note(v)
	}
	src.OneOf("TEMPORAL_TLS", "", "whether to use TLS", "true", "false", "1", "0")
	src.OneOf("TEMPORAL_TLS_DISABLE_HOST_VERIFICATION", "", "true accepts any server certificate", "true", "false", "1", "0")
}

// environment shows the SDK the variables as the source sees them: an empty
// one is not set, and the API key may have come from a file.
type environment struct {
	src    *config.Source
	apiKey string
}

// LookupEnv finds one variable.
func (e environment) LookupEnv(name string) (string, bool) {
	if name == apiKey {
		return e.apiKey, e.apiKey != ""
	}
	return e.src.LookupEnv(name)
}

// Environ lists the variables that become headers. Their names are known from
// the process, their values from the source.
func (e environment) Environ() []string {
	var list []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, metaPrefix) {
			continue
		}
		if value, found := e.src.LookupEnv(name); found {
			list = append(list, name+"="+value)
		}
	}
	return list
}
