package delivery

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/bioenroll/bioenroll/internal/records"
)

// The limits of one attempt.
const (
	// attemptLimit bounds an attempt as a whole, unless the options say otherwise.
	attemptLimit = 15 * time.Second
	// connectLimit bounds the way to a connection, and its TLS handshake.
	connectLimit = 5 * time.Second
	// headLimit bounds the wait for the head of the answer.
	headLimit = 12 * time.Second
	// bodyLimit is how much of an answer's body is read, to keep the connection.
	bodyLimit = 16 << 10
	// bodyPatience bounds the reading: what is in it does not matter.
	bodyPatience = time.Second
)

// userAgent says who sends, so that a receiver's log can be read.
const userAgent = "bioenroll-events/1"

// Sender makes single attempts.
type Sender struct {
	http      *http.Client
	allowHTTP bool
	limit     time.Duration
}

// Transport says what a Sender may connect to, and how long it tries.
type Transport struct {
	// AllowHTTP lifts the rule that receivers are reached over https only.
	AllowHTTP bool
	// AllowInternal lifts the rule that receivers are on the public internet.
	AllowInternal bool
	// Limit bounds an attempt, from resolving the name to the head of the
	// answer; 15 s when it is zero.
	Limit time.Duration
}

// NewSender returns a Sender that goes straight to the receiver: no proxy, no
// redirects, no cookies. A proxy would make the check of the address one of the
// proxy's.
func NewSender(may Transport) *Sender {
	dialer := &net.Dialer{Timeout: connectLimit}
	if !may.AllowInternal {
		dialer.ControlContext = onlyPublic
	}
	return &Sender{
		allowHTTP: may.AllowHTTP, limit: cmp.Or(may.Limit, attemptLimit),
		http: &http.Client{
			Transport: &http.Transport{
				DialContext:            dialer.DialContext,
				TLSHandshakeTimeout:    connectLimit,
				TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
				ResponseHeaderTimeout:  headLimit,
				ForceAttemptHTTP2:      true,
				MaxIdleConnsPerHost:    inFlight,
				IdleConnTimeout:        30 * time.Second,
				MaxResponseHeaderBytes: 16 << 10,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// send makes one attempt. It returns within the limit of an attempt.
func (s *Sender) send(ctx context.Context, d records.Delivery) answer {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	request, err := s.request(ctx, d)
	if err != nil {
		return answer{trouble: Unsendable}
	}
	head, err := s.http.Do(request) //nolint:bodyclose // drop closes it
	if err != nil {
		return troubled(ctx, err)
	}
	drop(head.Body, cancel)
	return answered(head, time.Now())
}

// errScheme is the refusal of an address that is not https.
var errScheme = errors.New("the address is not https")

func (s *Sender) request(ctx context.Context, d records.Delivery) (*http.Request, error) {
	address, err := url.Parse(d.URL.Reveal())
	if err != nil {
		return nil, fmt.Errorf("read the address: %w", err)
	}
	if address.Scheme != "https" && (address.Scheme != "http" || !s.allowHTTP) {
		return nil, errScheme
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(d.Body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	if err := sign(request.Header, string(d.Event), time.Now(), d.Body, d.Secrets); err != nil {
		return nil, err
	}
	return request, nil
}

// drop reads a little of a body, so that the connection can be used again, and
// gives up on one that is long or slow.
func drop(body io.ReadCloser, cancel context.CancelFunc) {
	defer body.Close() //nolint:errcheck // nobody wants to know
	late := time.AfterFunc(bodyPatience, cancel)
	defer late.Stop()
	_, _ = io.CopyN(io.Discard, body, bodyLimit)
}
