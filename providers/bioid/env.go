package bioid

import "github.com/bioenroll/bioenroll/internal/config"

// LoadConfig reads the config from BIOID_BASE_URL, BIOID_APP_ID and
// BIOID_APP_SECRET. What is missing or malformed is collected by src.
func LoadConfig(src *config.Source) Config {
	return Config{
		BaseURL:   src.BaseURL("BIOID_BASE_URL", "", "BioID's BWS 2 extension, such as https://bws.bioid.com/extension"),
		AppID:     src.Required("BIOID_APP_ID", "BioID's app identifier"),
		AppSecret: src.Secret("BIOID_APP_SECRET", "BioID's app secret"),
	}
}
