package iproov

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
)

// DefaultResource is the name under which iProov's portal files our tokens
// unless a setting says otherwise.
const DefaultResource = "bioenroll"

// apiPath is the end of every regional base address of the REST API; what
// stands before it is the address for the SDKs.
const apiPath = "/api/v2"

// streamingForm shows what a streaming address looks like.
const streamingForm = "https://eu.rp.secure.iproov.me or wss://eu.rp.secure.iproov.me/ws"

// Config holds the settings of one iProov service provider.
type Config struct {
	// BaseURL is the address of the REST API in the region of the keys, such
	// as https://eu.rp.secure.iproov.me/api/v2.
	BaseURL string
	// APIKey and APISecret authenticate the Service API.
	APIKey    enroll.Secret
	APISecret enroll.Secret
	// OAuthUsername and OAuthPassword authenticate the user endpoints.
	OAuthUsername string
	OAuthPassword enroll.Secret
	// Resource names what the person enrolls for; DefaultResource when empty.
	Resource string
	// StreamingURL is the address for the SDKs; BaseURL without /api/v2 when
	// empty. The native SDKs may want one that starts with wss://.
	StreamingURL string
}

// validate returns an error that names every field that is missing or
// malformed, and never a value. The base address is checked by package rest.
func (c Config) validate() error {
	var problems []error
	if !streamable(c.StreamingURL) {
		problems = append(problems, errors.New("iproov: StreamingURL is not an address such as "+streamingForm))
	}
	required := []struct{ field, value string }{
		{"APIKey", c.APIKey.Reveal()},
		{"APISecret", c.APISecret.Reveal()},
		{"OAuthUsername", c.OAuthUsername},
		{"OAuthPassword", c.OAuthPassword.Reveal()},
	}
	for _, r := range required {
		if r.value == "" {
			problems = append(problems, fmt.Errorf("iproov: %s is missing", r.field))
		}
	}
	return errors.Join(problems...)
}

// withDefaults fills in what may be left empty.
func (c Config) withDefaults() Config {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Resource == "" {
		c.Resource = DefaultResource
	}
	if c.StreamingURL == "" {
		c.StreamingURL = strings.TrimSuffix(c.BaseURL, apiPath)
	}
	return c
}

// streamable reports whether a frontend can be sent to the address.
func streamable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" &&
		slices.Contains([]string{"https", "wss", "http", "ws"}, u.Scheme)
}
