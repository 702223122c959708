package smartid

import "github.com/bioenroll/bioenroll/internal/config"

// LoadConfig reads the settings from SMARTID_BASE_URL and SMARTID_API_KEY.
// What is missing or malformed is remembered by the source.
func LoadConfig(src *config.Source) Config {
	return Config{
		BaseURL: src.BaseURL("SMARTID_BASE_URL", "", "host of your SmartID tenant; the paths below /api/kyc are appended"),
		APIKey:  src.Secret("SMARTID_API_KEY", "SmartID key, sent as X-Api-Key"),
	}
}
