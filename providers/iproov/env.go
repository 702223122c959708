package iproov

import "github.com/bioenroll/bioenroll/internal/config"

// LoadConfig reads the settings from the variables that start with IPROOV_.
// What is missing or malformed is remembered by the source.
func LoadConfig(src *config.Source) Config {
	loaded := Config{
		BaseURL:       src.BaseURL("IPROOV_BASE_URL", "", "iProov's REST API in the region of your keys, such as https://eu.rp.secure.iproov.me"+apiPath),
		APIKey:        src.Secret("IPROOV_API_KEY", "iProov Service API key"),
		APISecret:     src.Secret("IPROOV_API_SECRET", "iProov Service API secret"),
		OAuthUsername: src.Required("IPROOV_OAUTH_USERNAME", "iProov OAuth user, for reading and removing users"),
		OAuthPassword: src.Secret("IPROOV_OAUTH_PASSWORD", "iProov OAuth password"),
		Resource:      src.String("IPROOV_RESOURCE", DefaultResource, "what iProov's portal files our tokens under"),
		StreamingURL:  src.String("IPROOV_STREAMING_URL", "", "address for iProov's SDKs; IPROOV_BASE_URL without "+apiPath+" unless given"),
	}
	if loaded.StreamingURL != "" && !streamable(loaded.StreamingURL) {
		src.Refuse("IPROOV_STREAMING_URL", "something else", "an address such as "+streamingForm)
	}
	return loaded
}
