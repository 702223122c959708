package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bioenroll/bioenroll/standalone/canary"
)

// tap stands between the worker and the simulated providers and keeps what goes
// over the wire: the secrets that a provider gives out, which a test cannot
// choose, and the requests, which tell what a provider gets to see.
type tap struct {
	http.Handler

	lock     sync.Mutex
	requests [][]byte
	secrets  map[string]string // the value with its name
}

func newTap(providers http.Handler) *tap {
	return &tap{Handler: providers, secrets: map[string]string{}}
}

// ServeHTTP lets the provider answer. What the test itself asks of the
// simulators is nobody's secret.
func (t *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_sim/") {
		t.Handler.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // The worker was killed as it spoke.
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := &heard{ResponseWriter: w}
	defer func() { t.keep(r, body, answer.body.Bytes()) }()
	t.Handler.ServeHTTP(answer, r)
}

func (t *tap) keep(r *http.Request, request, answer []byte) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.requests = append(t.requests, fmt.Appendf(request, "\n%s %v", r.URL, r.Header))
	_, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	t.secret("credentials sent to "+r.URL.Path, credentials)
	var value any
	if json.Unmarshal(answer, &value) != nil {
		value = string(answer) // BioID answers with the token alone.
	}
	t.secretsIn("answer of "+r.URL.Path, "", value)
}

// secretsIn keeps the secrets in a JSON value.
func (t *tap) secretsIn(from, name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			t.secretsIn(from, name, inner)
		}
	case []any:
		for _, inner := range value {
			t.secretsIn(from, name, inner)
		}
	case string:
		if isSecret(strings.ToLower(name), value) {
			t.secret(name+" in the "+from, value)
		}
	}
}

// isSecret tells a secret by its name or by its form.
func isSecret(name, value string) bool {
	if _, err := time.Parse(time.RFC3339, value); err == nil {
		return false // The end of a token is no secret.
	}
	return slices.ContainsFunc([]string{"token", "secret", "tempid", "frame"}, func(word string) bool { return strings.Contains(name, word) }) ||
		strings.HasPrefix(value, jwt)
}

// The beginnings that JWTs, and pictures in base64, have in common.
const (
	jwt    = "eyJ"
	pngs   = "iVBORw0KGgo"
	common = 64
)

// secret keeps a value. Of a JWT it keeps the signature, and of a picture what
// follows the header: they begin alike.
func (t *tap) secret(name, value string) {
	switch {
	case strings.HasPrefix(value, jwt):
		value = value[strings.LastIndex(value, ".")+1:]
	case strings.HasPrefix(value, pngs) && len(value) > common:
		value = value[common:]
	}
	if _, known := t.secrets[value]; !known && len(value) >= canary.PieceSize {
		t.secrets[value] = name
	}
}

// needles are the secrets so far.
func (t *tap) needles() []canary.Needle {
	t.lock.Lock()
	defer t.lock.Unlock()
	var needles []canary.Needle
	for value, name := range t.secrets {
		needles = append(needles, canary.Needle{Name: name, Value: []byte(value)})
	}
	return needles
}

// received is everything that providers were sent.
func (t *tap) received() []byte {
	t.lock.Lock()
	defer t.lock.Unlock()
	return bytes.Join(t.requests, []byte("\n"))
}

// heard keeps an answer as it is written.
type heard struct {
	http.ResponseWriter

	body bytes.Buffer
}

// Write keeps what it writes.
func (h *heard) Write(part []byte) (int, error) {
	_, _ = h.body.Write(part) // memory takes everything
	return h.ResponseWriter.Write(part)
}

// Unwrap lets the simulators reset the connection.
func (h *heard) Unwrap() http.ResponseWriter { return h.ResponseWriter }
