// Package providerset makes the clients of the providers that a process asks,
// from one set of environment variables: the worker runs journeys with them,
// and the starter checks them.
//
// All four providers have to be configured unless BIOENROLL_PROVIDERS names
// those that this process asks.
package providerset

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/providers/authid"
	"github.com/bioenroll/bioenroll/providers/bioid"
	"github.com/bioenroll/bioenroll/providers/iproov"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/providers/smartid"
)

// Names of the settings.
const (
	Chosen      = "BIOENROLL_PROVIDERS"    // The providers that this process asks.
	HTTPTimeout = "BIOENROLL_HTTP_TIMEOUT" // Longest time of one call to a provider.
)

// longestCall keeps a call shorter than the 10 seconds that a step of a
// journey has for it, so that the step always learns how the call ended.
const longestCall = 9 * time.Second

// Settings are the configurations of the chosen providers.
type Settings struct {
	enroll.Private

	// Chosen lists the providers, in the order of the documentation.
	Chosen []enroll.Provider
	// Timeout bounds each call to a provider.
	Timeout time.Duration

	allowHTTP bool
	authID    authid.Config
	bioID     bioid.Config
	smartID   smartid.Config
	iProov    iproov.Config
}

// Read returns the settings of the providers that the environment chooses.
func Read(src *config.Source) Settings { return ReadOnly(src, chosen(src)) }

// ReadOnly returns the settings of the given providers; what the environment
// lacks for others does not matter.
func ReadOnly(src *config.Source, providers []enroll.Provider) Settings {
	s := Settings{
		Timeout:   src.Duration(HTTPTimeout, rest.DefaultTimeout, time.Second, longestCall, "longest time of one call to a provider"),
		allowHTTP: config.AllowsHTTP(src),
	}
	for _, provider := range enroll.Providers() {
		if slices.Contains(providers, provider) {
			s.Chosen = append(s.Chosen, provider)
			s.read(src, provider)
		}
	}
	return s
}

func (s *Settings) read(src *config.Source, provider enroll.Provider) {
	switch provider {
	case enroll.AuthID:
		s.authID = authid.LoadConfig(src)
	case enroll.BioID:
		s.bioID = bioid.LoadConfig(src)
	case enroll.SmartID:
		s.smartID = smartid.LoadConfig(src)
	case enroll.IProov:
		s.iProov = iproov.LoadConfig(src)
	}
}

// Variables lists every environment variable that Read reads.
func Variables() []config.Variable {
	src := config.NewSource(config.Map(nil))
	Read(src)
	return src.Known()
}

// chosen reads the list of providers; without one it is all of them.
func chosen(src *config.Source) []enroll.Provider {
	all := enroll.Providers()
	names := make([]string, len(all))
	for i, provider := range all {
		names[i] = string(provider)
	}
	every := strings.Join(names, ",")
	var list []enroll.Provider
	for name := range strings.SplitSeq(src.String(Chosen, every, "providers that this process asks, with commas"), ",") {
		provider := enroll.Provider(strings.TrimSpace(name))
		if !slices.Contains(all, provider) {
			src.Refuse(Chosen, fmt.Sprintf("%q", provider), "some of "+every)
			return all
		}
		list = append(list, provider)
	}
	return list
}

// Clients ask the providers. The client of a provider that was not chosen is
// nil.
type Clients struct {
	AuthID  *authid.Client
	BioID   *bioid.Client
	SmartID *smartid.Client
	IProov  *iproov.Client
}

// Open returns the clients, with options beyond the settings' own. Nothing is
// asked yet.
func (s Settings) Open(more ...rest.Option) (Clients, error) {
	options := append([]rest.Option{rest.WithTimeout(s.Timeout), rest.WithAllowHTTP(s.allowHTTP)}, more...)
	var clients Clients
	for _, provider := range s.Chosen {
		if err := s.open(provider, &clients, options); err != nil {
			return Clients{}, fmt.Errorf("providers: %w", err)
		}
	}
	return clients, nil
}

func (s Settings) open(provider enroll.Provider, clients *Clients, options []rest.Option) (err error) {
	switch provider {
	case enroll.AuthID:
		clients.AuthID, err = authid.New(s.authID, options...)
	case enroll.BioID:
		clients.BioID, err = bioid.New(s.bioID, options...)
	case enroll.SmartID:
		clients.SmartID, err = smartid.New(s.smartID, options...)
	case enroll.IProov:
		clients.IProov, err = iproov.New(s.iProov, options...)
	}
	return err
}

// Check tries credentials and region of a chosen provider without starting
// anything, and tells how far the provider's clock is ahead of ours.
func (c Clients) Check(ctx context.Context, provider enroll.Provider) (skew time.Duration, err error) {
	switch provider {
	case enroll.AuthID:
		return c.AuthID.Check(ctx)
	case enroll.BioID:
		return c.BioID.Check(ctx)
	case enroll.SmartID:
		return c.SmartID.Check(ctx)
	case enroll.IProov:
		return c.IProov.Check(ctx)
	}
	return 0, fmt.Errorf("check: %q is not a provider", provider)
}
