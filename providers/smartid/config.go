package smartid

import (
	"errors"

	"github.com/bioenroll/bioenroll/enroll"
)

// Config holds the settings of one SmartID tenant.
type Config struct {
	// BaseURL is the tenant's host, such as https://api.example.com; the paths
	// below /api/kyc are appended.
	BaseURL string
	// APIKey is sent in the header X-Api-Key.
	APIKey enroll.Secret
}

// validate returns an error that names every field that is missing. The base
// address is checked by package rest.
func (c Config) validate() error {
	if c.APIKey == "" {
		return errors.New("smartid: APIKey is missing")
	}
	return nil
}
