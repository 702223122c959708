package client

import (
	"cmp"
	"errors"

	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// Client starts and follows journeys. It is safe for concurrent use.
type Client struct {
	temporal sdk.Client
	keys     *keys.Keys
	sealed   *seal.Store
	limits   enroll.Limits
	pace     enroll.Pace
	afterEnd enroll.AfterEnd
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
	// Limits bound inputs; the zero value means the defaults.
	Limits enroll.Limits
	// Pace is given to every journey started; the zero value means the
	// default.
	Pace enroll.Pace
	// AfterEnd says what becomes of a capture that the person completes after
	// the journey has ended; the zero value means that it is removed.
	AfterEnd enroll.AfterEnd
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
	return &Client{
		temporal: options.Temporal, keys: options.Keys, sealed: options.Sealed,
		limits: options.Limits, pace: options.Pace, afterEnd: cmp.Or(options.AfterEnd, enroll.RemoveLate),
	}, nil
}

// Close releases the connection to Temporal.
func (c *Client) Close() { c.temporal.Close() }
