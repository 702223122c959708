package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Trouble is why an attempt got no answer, in a word that tells nothing of the
// receiver's address.
type Trouble string

// The troubles.
const (
	TimedOut        Trouble = "timed_out"        // No answer in time.
	InternalAddress Trouble = "internal_address" // The name resolved to an address that is not on the public internet.
	Unresolved      Trouble = "unresolved"       // The name resolved to nothing.
	Untrusted       Trouble = "untrusted"        // TLS failed: a certificate, most often.
	Disconnected    Trouble = "disconnected"     // The connection failed or broke.
	Unsendable      Trouble = "unsendable"       // The receiver's address or secret is no good.
	Interrupted     Trouble = "interrupted"      // This program ended before the answer came.
)

// answer is what an attempt came to: a status, or the trouble in its place.
type answer struct {
	status     int
	trouble    Trouble
	retryAfter time.Duration
}

// class is the answer as metrics tell it: 2xx and so on, or the trouble.
func (a answer) class() string {
	if a.trouble != "" {
		return string(a.trouble)
	}
	return strconv.Itoa(a.status/100) + "xx"
}

// verdict is what follows from an answer.
type verdict int

const (
	// again: the receiver did not take the event, and may take it later.
	again verdict = iota
	// delivered: the receiver has the event.
	delivered
	// gone: the receiver wants no events any more.
	gone
	// handBack: nothing was learned of the receiver. It counts as no attempt.
	handBack
)

// verdict is the one place that decides what an answer means. What a receiver
// says beyond it does not matter: a body may hold anything, and a redirect is
// no receipt. Everything that is neither yes nor "never again" may be a mistake
// that somebody mends within three days, a 404 too.
func (a answer) verdict() verdict {
	switch {
	case a.trouble == Interrupted:
		return handBack
	case a.trouble != "":
		return again
	case a.status >= 200 && a.status < 300:
		return delivered
	case a.status == http.StatusGone:
		return gone
	default:
		return again
	}
}

// answered reads an answer's head.
func answered(head *http.Response, now time.Time) answer {
	a := answer{status: head.StatusCode}
	if a.verdict() == again {
		a.retryAfter = retryAfter(head.Header.Get("Retry-After"), now)
	}
	return a
}

// troubled says in a word why there was no answer. The error itself holds the
// receiver's address, which may hold a secret, and goes nowhere.
func troubled(ctx context.Context, err error) answer {
	return answer{trouble: trouble(ctx, err)}
}

func trouble(ctx context.Context, err error) Trouble {
	unresolved, isDNS := errors.AsType[*net.DNSError](err)
	failed, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, errInternal):
		return InternalAddress
	case errors.Is(ctx.Err(), context.Canceled):
		return Interrupted
	case isDNS && !unresolved.IsTimeout:
		return Unresolved
	case errors.Is(err, context.DeadlineExceeded), isNet && failed.Timeout():
		return TimedOut
	case isTLS(err):
		return Untrusted
	default:
		return Disconnected
	}
}

// isTLS reports a handshake that failed: a certificate that is not believed, an
// answer that is no TLS, or the other side's alert.
func isTLS(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return certificate || record || alert
}
