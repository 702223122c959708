package config

import (
	"net/url"
	"path/filepath"
	"strings"
)

// BaseURL returns the address under which a provider is reached, without a
// trailing slash. Without a default the variable has to be set. Only https is
// taken unless BIOENROLL_ALLOW_HTTP is true; an address on this machine is no
// exception, so that plain http is always somebody's decision. A login, a
// query or a fragment in the address is refused.
func (s *Source) BaseURL(name, fallback, help string) string {
	s.Note(Variable{Name: name, Help: help, Default: fallback, Required: fallback == ""})
	allowHTTP := AllowsHTTP(s)
	allowed := "an address such as https://host/path, without login, query or fragment"
	if allowHTTP {
		allowed = strings.Replace(allowed, "https://", "http(s)://", 1)
	}
	given := s.value(name)
	if given == "" {
		given = fallback
	}
	if given == "" {
		s.Refuse(name, nothing, allowed)
		return ""
	}
	address, err := url.Parse(given)
	switch {
	case err != nil || address.Hostname() == "" || !plain(given, address):
		s.Refuse(name, describeAddress(given), allowed)
		return fallback
	case address.Scheme == "http" && !allowHTTP:
		s.Refuse(name, describeAddress(given), allowed+"; plain http only with "+AllowHTTP+"=true")
		return fallback
	case address.Scheme != "https" && address.Scheme != "http":
		s.Refuse(name, describeAddress(given), allowed)
		return fallback
	}
	return strings.TrimRight(given, "/")
}

// AllowsHTTP returns whether others may be called without TLS.
func AllowsHTTP(s *Source) bool {
	return s.Bool(AllowHTTP, false, "true lifts the rule that providers and receivers of outcome events are called over https only")
}

// plain reports whether an address consists of scheme, host and path only.
func plain(given string, address *url.URL) bool {
	return address.User == nil && !strings.ContainsAny(given, "?#@")
}

// Path returns the cleaned path of a file or folder, or the default. A
// relative path is taken from where the program was started.
func (s *Source) Path(name, fallback, help string) string {
	s.Note(Variable{Name: name, Help: help, Default: fallback})
	given := s.value(name)
	if given == "" {
		given = fallback
	}
	if given == "" {
		s.Refuse(name, nothing, "a path")
		return ""
	}
	if strings.ContainsRune(given, 0) {
		s.Refuse(name, "a path with a zero byte", "a path")
		return fallback
	}
	return filepath.Clean(given)
}
