// Package rest is the one HTTP client of all providers. It knows nothing of
// any provider: a provider says what to ask and what an answer means, and rest
// makes sure that
//
//   - every call has a deadline and every answer a bounded size,
//   - nothing is repeated behind the caller's back: no retries, no redirects,
//     and for a once-only call not even the silent replay that net/http does
//     when a reused connection dies,
//   - an answer is decoded strictly, and only from the bytes that were read,
//   - a failure says what the caller may do (enroll.Kind), and whether a
//     once-only call may have had its effect,
//   - no secret, subject or address reaches an error.
//
// Retrying is left to Temporal: one retry layer is enough.
package rest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
	"go.opentelemetry.io/otel/metric"

	"github.com/bioenroll/bioenroll/enroll"
)

// The settings of a client unless an option changes them.
const (
	// DefaultTimeout bounds a call from dialing to the last byte. It is
	// shorter than the time an activity has, so that an activity learns how
	// its call ended.
	DefaultTimeout = 8 * time.Second
	// DefaultBodyLimit bounds an answer, in bytes. Some answers carry a
	// picture that is dropped after reading; cutting those off would lose the
	// answer.
	DefaultBodyLimit = 8 << 20
	// DefaultMaxRetryAfter bounds what a provider may ask to wait.
	DefaultMaxRetryAfter = time.Minute
)

// Client asks one provider. It is safe for concurrent use.
type Client struct {
	provider enroll.Provider
	base     string
	settings settings
	shared   *resty.Client
	once     *resty.Client
	calls    metric.Float64Histogram
}

type settings struct {
	timeout       time.Duration
	bodyLimit     int
	maxRetryAfter time.Duration
	allowHTTP     bool
	now           func() time.Time
	meters        metric.MeterProvider
}

// Option changes a setting of a client.
type Option func(*settings)

// WithTimeout bounds each call, from dialing to the last byte of the answer.
func WithTimeout(d time.Duration) Option { return func(s *settings) { s.timeout = d } }

// WithBodyLimit bounds each answer, in bytes. A longer one cannot be read.
func WithBodyLimit(bytes int) Option { return func(s *settings) { s.bodyLimit = bytes } }

// WithMaxRetryAfter bounds the wait that a provider may ask for.
func WithMaxRetryAfter(d time.Duration) Option { return func(s *settings) { s.maxRetryAfter = d } }

// WithAllowHTTP lifts the rule that a provider is asked over https only. It is
// meant for simulators on this machine.
func WithAllowHTTP(allow bool) Option { return func(s *settings) { s.allowHTTP = allow } }

// WithClock replaces the clock, for tests.
func WithClock(now func() time.Time) Option { return func(s *settings) { s.now = now } }

// WithMeters measures each call: how long it took and how it ended. A nil one
// measures nothing.
func WithMeters(meters metric.MeterProvider) Option { return func(s *settings) { s.meters = meters } }

// New returns a client for the provider at the base address, such as
// https://bws.bioid.com/extension. The error tells what is wrong with the
// address.
func New(provider enroll.Provider, baseURL string, options ...Option) (*Client, error) {
	s := settings{timeout: DefaultTimeout, bodyLimit: DefaultBodyLimit, maxRetryAfter: DefaultMaxRetryAfter, now: time.Now}
	for _, option := range options {
		option(&s)
	}
	if err := CheckURL(baseURL, s.allowHTTP); err != nil {
		return nil, fmt.Errorf("%s: BaseURL: %w", provider, err)
	}
	calls, err := measure(s.meters)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", provider, err)
	}
	return &Client{
		calls:    calls,
		provider: provider,
		base:     strings.TrimRight(baseURL, "/"),
		settings: s,
		shared:   newResty(sharedTransport()).SetPreRequestHook(attach),
		once:     newResty(onceTransport()).SetPreRequestHook(forbidReplay),
	}, nil
}

// BaseURL returns the provider's address without a slash at the end.
func (c *Client) BaseURL() string { return c.base }

// Now returns the time of the client's clock, in UTC.
func (c *Client) Now() time.Time { return c.settings.now().UTC() }

// CheckURL says what is wrong with a provider's base address, or nothing. The
// address itself is not repeated: it may hold what does not belong there.
func CheckURL(raw string, allowHTTP bool) error {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return errors.New("is missing: give the provider's address, such as https://host/path")
	case err != nil || u.Host == "" || strings.ContainsAny(raw, "{}"):
		return errors.New("is not an absolute address: give one such as https://host/path")
	case u.Scheme == "http" && !allowHTTP:
		return errors.New("starts with http:// and would send credentials in clear: give an https:// address")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("has a scheme other than https: give an https:// address")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("holds credentials, a query or a fragment: give host and path only")
	}
	return nil
}

// newResty returns resty without the parts that act on their own: it neither
// retries, nor follows redirects, nor decodes, nor logs.
func newResty(transport http.RoundTripper) *resty.Client {
	return resty.NewWithClient(&http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).
		SetRetryCount(0).
		SetDoNotParseResponse(true).
		SetDisableWarn(true).
		SetLogger(silent{}).
		SetHeader("User-Agent", "bioenroll")
}

// silent keeps resty from writing to standard error.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
