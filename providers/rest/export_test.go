package rest

import (
	"crypto/x509"
	"io"
	"net/http"
)

// Trust makes the client accept certificates of a test server.
func (c *Client) Trust(roots *x509.CertPool) {
	for _, client := range []*http.Client{c.shared.GetClient(), c.once.GetClient()} {
		if t, ok := client.Transport.(*http.Transport); ok {
			t.TLSClientConfig.RootCAs = roots
		}
	}
}

// Redact hides values in a text as answers do.
func Redact(text string, values ...string) string { return newRedactor(values).said(text) }

// Outgoing returns a stream as a transport gets it, and what takes it back.
func Outgoing(s Stream) (body io.Reader, end func()) {
	o := &outgoing{stream: s}
	return o, o.end
}
