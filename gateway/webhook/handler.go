package webhook

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/api"
)

const (
	// Route is what a call is named in logs, metrics and traces.
	Route = "POST /webhooks/{provider}/{secret}"
	// MaxBody is how long a body may be, in bytes.
	MaxBody = 64 << 10
	// MaxHints is how many hints an operation is worth.
	MaxHints = 60

	// path begins the address of every webhook.
	path = "/webhooks/"
	// scope names who measures.
	scope = "github.com/bioenroll/bioenroll/gateway"
)

// The bounds of what is remembered: at most twice as many, and for less than
// twice as long.
const (
	maxBodies, bodyLife   = 1 << 13, 10 * time.Minute
	maxCounted, hintsLife = 1 << 15, 24 * time.Hour
)

// errStopped is why a journey was not looked for.
var errStopped = errors.New("the gateway stops")

// Journeys finds and wakes journeys; a *client.Client does.
type Journeys interface {
	// Webhook tells the journey of an operation, and reports whether there is one.
	Webhook(ctx context.Context, provider enroll.Provider, operationID string) (told bool, err error)
}

var _ Journeys = (*client.Client)(nil)

// Options are what a Handler is made of. All are required but Meters.
type Options struct {
	Settings

	// Journeys are told.
	Journeys Journeys
	// Next answers every request that is no webhook's.
	Next http.Handler
	// Meters count calls and what became of them; nil counts nothing.
	Meters metric.MeterProvider
	// Log gets what an operator has to know. Neither secrets nor operations are in
	// it.
	Log *zap.Logger
}

// Handler answers webhooks. It is safe for concurrent use. The caller closes it.
type Handler struct {
	hooks    map[enroll.Provider]hook
	journeys Journeys
	next     http.Handler
	log      *zap.Logger

	calls, hints metric.Int64Counter
	seen, hinted *memory
	pool         pool
}

// hook is a Hook of which no secret is kept.
type hook struct {
	secrets []digest
	// login is that of name and password; nil when nobody has to sign in.
	login *digest
	field string
}

// New returns a handler. Without webhooks it passes everything on.
func New(options Options) (*Handler, error) {
	h := &Handler{
		hooks: map[enroll.Provider]hook{}, journeys: options.Journeys, next: options.Next, log: options.Log,
		seen: newMemory(1, maxBodies, bodyLife), hinted: newMemory(MaxHints, maxCounted, hintsLife),
	}
	if options.Meters == nil {
		options.Meters = noop.NewMeterProvider()
	}
	var failed [2]error
	meter := options.Meters.Meter(scope)
	h.calls, failed[0] = meter.Int64Counter("bioenroll_webhooks", metric.WithDescription("Calls of providers' webhooks, by what they were taken for."))
	h.hints, failed[1] = meter.Int64Counter("bioenroll_webhook_hints", metric.WithDescription("Operations that webhooks named, by what came of looking for their journeys."))
	if err := errors.Join(failed[:]...); err != nil {
		return nil, fmt.Errorf("webhook: count calls: %w", err)
	}
	for provider, set := range options.Hooks {
		h.hooks[provider] = kept(set)
	}
	h.pool.look, h.pool.conclude = h.look, h.conclude
	h.pool.start()
	return h, nil
}

func kept(set Hook) hook {
	made := hook{field: set.Field}
	for _, secret := range set.Secrets {
		made.secrets = append(made.secrets, digestOf(secret.Reveal()))
	}
	if set.Login != "" {
		login := digestOf(set.Login, set.Password.Reveal())
		made.login = &login
	}
	return made
}

// Close takes no more calls and returns when those that were taken have become
// hints, or after some seconds. It can be called more than once.
func (h *Handler) Close() { h.pool.close() }

// ServeHTTP answers who has the secret, and lets the next handler answer
// everybody else.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	provider, known := h.find(r)
	if known == nil {
		h.next.ServeHTTP(w, r)
		return
	}
	r.Pattern = Route
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	taken := h.receive(w, r, provider, *known)
	h.calls.Add(r.Context(), 1, metric.WithAttributes(attribute.String("provider", string(provider)), attribute.String("result", taken)))
}

// find returns the webhook whose secret ends the address, if there is one.
func (h *Handler) find(r *http.Request) (enroll.Provider, *hook) {
	rest, ours := strings.CutPrefix(r.URL.Path, path)
	name, secret, whole := strings.Cut(rest, "/")
	if !ours || !whole || r.Method != http.MethodPost {
		return "", nil
	}
	known, provider := h.hooks[enroll.Provider(name)], enroll.Provider(name)
	given, good := digestOf(secret), 0
	for _, secret := range known.secrets {
		good |= subtle.ConstantTimeCompare(given[:], secret[:])
	}
	if good == 0 {
		return "", nil
	}
	return provider, &known
}

// The results of a call, as they are counted.
const (
	accepted  = "accepted"     // Its operations were queued.
	repeated  = "repeated"     // The same body came before.
	surplus   = "surplus"      // Its operations have had their hints.
	nameless  = "no_operation" // It names no operation.
	noLogin   = "no_login"     // It came without the login; 401.
	tooLarge  = "too_large"    // 413.
	cutOff    = "cut_off"      // The body did not come to its end; 400.
	queueFull = "queue_full"   // 503.
)

// receive answers a call of a provider, and returns what it was taken for.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, provider enroll.Provider, known hook) (taken string) {
	if !known.admits(r) {
		// Who gets here knows the address, so there is nothing to hide, and many
		// clients send a login only when they are asked for one.
		w.Header().Set("WWW-Authenticate", `Basic realm="webhook", charset="UTF-8"`)
		api.Tell(w, api.Unauthenticated, "Sign in with the user name and the password of this webhook.")
		return noLogin
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		api.Tell(w, api.TooLarge, fmt.Sprintf("A webhook has up to %d bytes.", MaxBody))
		return tooLarge
	}
	if err != nil {
		api.Tell(w, api.InvalidRequest, "The body did not come to its end.")
		return cutOff
	}
	if taken = h.take(r.Context(), provider, known.field, string(body)); taken == queueFull {
		api.Tell(w, api.Unavailable, "Too many webhooks wait. Send this one again later.")
		return taken
	}
	w.WriteHeader(http.StatusAccepted)
	return taken
}

// admits reports whether the login is right, or none is asked for.
func (k hook) admits(r *http.Request) bool {
	if k.login == nil {
		return true
	}
	name, password, _ := r.BasicAuth()
	given := digestOf(name, password)
	return subtle.ConstantTimeCompare(given[:], k.login[:]) == 1
}

// take queues the operations that a body names.
func (h *Handler) take(ctx context.Context, provider enroll.Provider, field, body string) (taken string) {
	whole := digestOf("body", string(provider), body)
	if !h.seen.add(whole) {
		return repeated
	}
	named := operations(body, field)
	if len(named) == 0 {
		h.log.Info("a webhook names no operation, so no journey learns of it: does another field of the body?",
			zap.String("provider", string(provider)), zap.String("field", field), zap.Int("bytes", len(body)))
		return nameless
	}
	taken = surplus
	for _, operation := range named {
		counted := digestOf("operation", string(provider), operation)
		if !h.hinted.add(counted) {
			continue
		}
		if !h.pool.put(inquiry{ctx: context.WithoutCancel(ctx), provider: provider, operation: operation, body: whole}) {
			h.hinted.takeBack(counted)
			h.seen.takeBack(whole)
			return queueFull
		}
		taken = accepted
	}
	return taken
}

// look tells the journey, if there is one.
func (h *Handler) look(ctx context.Context, i inquiry) (told bool, err error) {
	return h.journeys.Webhook(ctx, i.provider, i.operation)
}

// conclude counts what came of it. A body that could not be passed on may come
// again. One of an operation that nobody knows may not: how fast a repetition is
// answered would tell it from one that somebody knows.
func (h *Handler) conclude(i inquiry, told bool, err error) {
	came := "hinted"
	switch {
	case err != nil:
		came = "failed"
		h.seen.takeBack(i.body)
		h.log.Warn("a webhook could not be passed on: its journey asks the provider by itself", zap.String("provider", string(i.provider)), zap.Error(err))
	case !told:
		came = "unknown"
	}
	h.hints.Add(i.ctx, 1, metric.WithAttributes(attribute.String("provider", string(i.provider)), attribute.String("result", came)))
}
