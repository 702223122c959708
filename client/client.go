package client

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// Client starts and follows journeys. It is safe for concurrent use.
type Client struct {
	temporal sdk.Client
	keys     *keys.Keys
	sealed   *seal.Store
	records  *records.Store
	payloads converter.DataConverter
	limits   enroll.Limits
	pace     enroll.Pace
	afterEnd enroll.AfterEnd
	// allowHTTP takes receivers without TLS.
	allowHTTP bool
	// opened is what Close closes beside the connection; nil unless Dial made it.
	opened io.Closer
}

// Options are what a Client is made of. Most backends call Dial instead.
type Options struct {
	// Temporal is a connection whose data converter encrypts with the same
	// keys.
	Temporal sdk.Client
	// Keys hash subjects and requests.
	Keys *keys.Keys
	// Sealed keeps photos, samples and templates until their journey ends.
	Sealed *seal.Store
	// Records are those that the worker keeps; nil when there are none. The
	// client does not close them.
	Records *records.Store
	// Limits bound inputs; the zero value means the defaults.
	Limits enroll.Limits
	// Pace is given to every journey started; the zero value means the
	// default.
	Pace enroll.Pace
	// AfterEnd says what becomes of a capture that the person completes after
	// the journey has ended; the zero value means that it is removed.
	AfterEnd enroll.AfterEnd
	// AllowHTTP takes URLs of receivers without TLS, too.
	AllowHTTP bool
}

// New returns a Client on a connection that exists already.
func New(options Options) (*Client, error) {
	if options.Temporal == nil || options.Keys == nil || options.Sealed == nil {
		return nil, errors.New("client: a Temporal connection, keys and a sealed store are required; Dial makes all three")
	}
	if options.Limits == (enroll.Limits{}) {
		options.Limits = enroll.DefaultLimits()
	}
	if options.Pace == (enroll.Pace{}) {
		options.Pace = enroll.DefaultPace()
	}
	payloads, _, err := codec.Converters(options.Keys)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return &Client{
		temporal: options.Temporal, payloads: payloads, keys: options.Keys, sealed: options.Sealed, records: options.Records,
		limits: options.Limits, pace: options.Pace, afterEnd: cmp.Or(options.AfterEnd, enroll.RemoveLate), allowHTTP: options.AllowHTTP,
	}, nil
}

// Close releases the connection to Temporal, and what Dial opened beside it.
func (c *Client) Close() {
	c.temporal.Close()
	if c.opened != nil {
		_ = c.opened.Close() // Nothing is left to lose: every write has been acknowledged.
	}
}

// ID is the ID of the journeys of a subject at a provider, of which one can be
// alive at a time. It is opaque: a keyed hash.
func (c *Client) ID(provider enroll.Provider, subject string) string {
	return string(provider) + "-" + c.keys.SubjectHash(provider, written(provider, subject))
}
