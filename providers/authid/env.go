package authid

import "github.com/bioenroll/bioenroll/internal/config"

// LoadConfig reads the config from AUTHID_BASE_URL, AUTHID_API_KEY_ID and
// AUTHID_API_KEY_VALUE. What is missing or malformed is collected by src.
func LoadConfig(src *config.Source) Config {
	return Config{
		BaseURL:     src.BaseURL("AUTHID_BASE_URL", "", "authID's host, such as https://id-uat.authid.ai"),
		APIKeyID:    src.Required("AUTHID_API_KEY_ID", "authID's API key, its ID"),
		APIKeyValue: src.Secret("AUTHID_API_KEY_VALUE", "authID's API key, its value"),
	}
}
