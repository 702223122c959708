package rest

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"
)

// dialTimeout bounds the way to a connection, so that most of a call's time is
// left for the answer.
const dialTimeout = 4 * time.Second

// sharedTransport keeps connections open between calls.
func sharedTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// onceTransport sends each request at most once. When a kept connection dies
// before the first byte of an answer, net/http sends a GET again, although its
// effect may have happened; HTTP/2 has a replay of its own. A connection that
// was never used before is never replayed, so every call gets a fresh one, and
// HTTP/2 is off.
func onceTransport() *http.Transport {
	t := sharedTransport()
	t.DisableKeepAlives = true
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	return t
}

// forbidReplay takes from a request what net/http would need to send its body
// again.
func forbidReplay(c *resty.Client, r *http.Request) error {
	r.GetBody = nil
	r.Header.Del("Idempotency-Key")
	r.Header.Del("X-Idempotency-Key")
	return attach(c, r)
}
