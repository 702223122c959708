package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"github.com/go-resty/resty/v2"

	"github.com/bioenroll/bioenroll/enroll"
)

// Do asks and reads the whole answer, whatever its status. The error is an
// *enroll.Error:
//
//   - enroll.KindUnavailable when no answer came; for a once-only call only if
//     the request surely was not sent,
//   - enroll.KindLost when a once-only call was sent and no whole answer came,
//   - enroll.KindUnsealed when what is to be sent cannot be read,
//   - enroll.KindUnexpected when the answer is longer than the limit,
//   - enroll.KindInvalid when the request cannot be sent at all.
//
// A cancelled context is the cause of the error that follows from it.
//
// The call is measured, and a span in the trace of the context.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	ctx, ended := c.observe(ctx, r.Op)
	answer, err := c.do(ctx, r)
	ended(answer, err)
	return answer, err
}

func (c *Client) do(ctx context.Context, r Request) (*Answer, error) {
	hidden := newRedactor(r.secrets())
	if err := r.check(); err != nil {
		return nil, &enroll.Error{Op: r.Op, Kind: enroll.KindInvalid, Err: err}
	}
	var sent atomic.Bool
	ctx, cancel := context.WithTimeout(traced(ctx, &sent), c.settings.timeout)
	defer cancel()
	ctx, body := carry(ctx, r.Body)
	defer body.end()

	response, err := c.prepare(ctx, r).Execute(r.Method, c.base+r.Path)
	if err == nil {
		defer func() { _ = response.RawBody().Close() }()
	}
	// No answer of the provider to half a request is one.
	if failed := body.failure(); failed != nil {
		kind := enroll.KindUnsealed
		if r.Once && sent.Load() {
			kind = enroll.KindLost
		}
		return nil, &enroll.Error{Op: r.Op, Kind: kind, NotSent: !sent.Load(), Err: failed}
	}
	if err != nil {
		return nil, c.noAnswer(r, err, sent.Load(), hidden)
	}
	data, err := io.ReadAll(io.LimitReader(response.RawBody(), int64(c.settings.bodyLimit)+1))
	if err != nil {
		return nil, c.noAnswer(r, fmt.Errorf("read the answer: %w", err), true, hidden)
	}
	now := c.settings.now()
	answer := &Answer{
		Status: response.StatusCode(),
		Skew:   skew(response.Header().Get("Date"), now),
		op:     r.Op,
		once:   r.Once,
		body:   data,
		hidden: hidden,
		wait:   retryAfter(response.Header().Get("Retry-After"), now, c.settings.maxRetryAfter),
	}
	if len(data) > c.settings.bodyLimit {
		return nil, answer.Unexpected("", fmt.Sprintf("the answer is longer than %d bytes", c.settings.bodyLimit))
	}
	return answer, nil
}

// traced notes that a connection is there. Up to that moment nothing can have
// been sent; from then on something may have been.
func traced(ctx context.Context, sent *atomic.Bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
}

// prepare writes the request down for resty.
func (c *Client) prepare(ctx context.Context, r Request) *resty.Request {
	client := c.shared
	if r.Once {
		client = c.once
	}
	accept := r.Accept
	if accept == "" {
		accept = "application/json"
	}
	// SetContentLength makes resty send an empty body as such, not as chunks.
	out := client.R().SetContext(ctx).SetContentLength(true).SetHeader("Accept", accept).SetPathParams(r.Params).SetQueryParamsFromValues(r.Query)
	if r.Auth.header != "" {
		out.SetHeader(r.Auth.header, r.Auth.value.Reveal())
	}
	if r.Body.contentType != "" {
		out.SetHeader("Content-Type", r.Body.contentType)
	}
	if r.Body.data != nil {
		out.SetBody(r.Body.data)
	}
	return out
}

// noAnswer is the error of a call that brought no whole answer.
func (c *Client) noAnswer(r Request, err error, sent bool, hidden *redactor) error {
	kind := enroll.KindUnavailable
	if r.Once && sent {
		kind = enroll.KindLost
	}
	return &enroll.Error{Op: r.Op, Kind: kind, NotSent: !sent, Err: c.cause(err, sent, hidden)}
}

// cause tells why there is no answer, without the address that url.Error
// repeats and without bytes of the answer that net/http quotes.
func (c *Client) cause(err error, sent bool, hidden *redactor) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("the call was given up: %w", context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no whole answer within %s: %w", c.settings.timeout, context.DeadlineExceeded)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection ended before the answer did")
	case harmless(err):
		return errors.New(hidden.clean(err.Error()))
	case sent:
		return errors.New("what came back is not HTTP")
	}
	return errors.New("no connection could be made, or the request cannot be written as HTTP")
}

// harmless reports whether the error's text holds nothing but names of hosts
// and of system errors.
func harmless(err error) bool {
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
