package page

import (
	"context"
	"embed"
	"io/fs"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/frontend"
)

//go:embed assets
var assets embed.FS

// Longest is how long a request may take that does not follow a journey.
const Longest = time.Minute

// Options say what the page works with. All are required but Secret
// and UI.
type Options struct {
	// Gateway is the address of the gateway, and Key a key of the role backend.
	Gateway string
	Key     enroll.Secret
	// Secret is that of the page's server as a receiver of outcome events; without
	// one it is told nothing.
	Secret enroll.Secret
	// Simulator is the address of the simulated providers.
	Simulator string
	// UI is the address of Temporal's web UI; empty when there is none.
	UI string
	// Temporal tells what happens in a journey.
	Temporal sdk.Client
	// Namespace is that of Temporal's.
	Namespace string
	// Log gets what a person at the page is not told.
	Log *zap.Logger
}

// Page answers for the page.
type Page struct {
	options Options
	calls   *http.Client
	gateway *url.URL
	files   http.Handler
	// verifier is nil when no outcome events come.
	verifier *webhooks.Webhook
	told     told
	// stopping is closed when streams should end.
	stopping chan struct{}
	stop     sync.Once
}

// New returns a page. It fails when the gateway's address or the secret cannot be
// read.
func New(options Options) (*Page, error) {
	gateway, err := url.Parse(options.Gateway)
	if err != nil {
		return nil, err
	}
	own, err := fs.Sub(assets, "assets")
	if err != nil {
		return nil, err
	}
	p := &Page{
		options: options, calls: &http.Client{Timeout: Longest}, gateway: gateway, files: http.FileServerFS(own),
		told:     told{events: map[string][]step{}, news: make(chan struct{})},
		stopping: make(chan struct{}),
	}
	if options.Secret != "" {
		if p.verifier, err = webhooks.NewWebhook(options.Secret.Reveal()); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Stop ends the streams that tell of journeys, which would go on as long as those.
// It can be called more than once.
func (p *Page) Stop() { p.stop.Do(func() { close(p.stopping) }) }

// Handler answers everything that the page asks.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /", p.files)
	mux.HandleFunc("GET /relay.js", script)
	mux.HandleFunc("GET /api/places", p.places)
	mux.HandleFunc("POST /api/journeys", p.start)
	asBackend := p.untilStopped(p.asBackend())
	for _, pattern := range []string{"GET /api/journeys/{id}", "GET /api/journeys/{id}/events", "POST /api/journeys/{id}/cancel"} {
		mux.Handle(pattern, asBackend)
	}
	mux.Handle("GET /api/journeys/{id}/steps", p.untilStopped(http.HandlerFunc(p.steps)))
	if p.verifier != nil {
		mux.HandleFunc("POST "+OutcomeEvents, p.receive)
	}
	// Another site's page in the same browser can make it send requests here.
	return p.guarded(http.NewCrossOriginProtection().Handler(mux))
}

// guarded adds the headers that bound what the page may do, and refuses names
// that are not this machine's: a stranger may have made them point here.
func (p *Page) guarded(next http.Handler) http.Handler {
	policy := strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
		"connect-src 'self' " + p.options.Gateway, "frame-src " + p.options.Simulator,
		"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if host == "localhost" { // The gateway knows the page under its address.
			http.Redirect(w, r, "http://127.0.0.1"+strings.TrimPrefix(r.Host, host)+r.URL.RequestURI(), http.StatusTemporaryRedirect) //nolint:gosec // it begins with our own address
			return
		}
		if address, err := netip.ParseAddr(host); err != nil || !address.IsLoopback() {
			http.Error(w, "Open this page under the address that the program printed, which begins with http://127.0.0.1", http.StatusMisdirectedRequest)
			return
		}
		head := w.Header()
		head.Set("Content-Security-Policy", policy)
		head.Set("Permissions-Policy", `camera=(self "`+p.options.Simulator+`")`)
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// untilStopped is for what may tell of a journey for an hour: it goes on as long
// as the browser listens, and ends with the program.
func (p *Page) untilStopped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		go func() {
			select {
			case <-p.stopping:
				cancel()
			case <-ctx.Done():
			}
		}()
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Time{})
		_ = control.SetReadDeadline(time.Time{})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// script is the take-home script, as frontends get it.
func script(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, frontend.Files(), frontend.Script)
}

// places tells the browser where everything is.
func (p *Page) places(w http.ResponseWriter, _ *http.Request) {
	journeys := ""
	if p.options.UI != "" {
		journeys = p.options.UI + "/namespaces/" + url.PathEscape(p.options.Namespace) + "/workflows"
	}
	write(w, http.StatusOK, map[string]string{"gateway": p.options.Gateway, "temporal_ui": journeys})
}

// asBackend passes a request on to the gateway, with the backend's key.
func (p *Page) asBackend() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(p.gateway)
			r.Out.URL.Path = path.Join("/v1", strings.TrimPrefix(r.In.URL.Path, "/api"))
			r.Out.URL.RawPath = ""
			r.Out.Header.Del("Cookie")
			r.Out.Header.Del("Origin") // What a backend asks comes from no page.
			r.Out.Header.Set("Authorization", "Bearer "+p.options.Key.Reveal())
		},
		FlushInterval: -1,                           // Events are told when they happen.
		ErrorLog:      zap.NewStdLog(p.options.Log), // A browser that goes in the middle is none of a person's business.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			problem(w, http.StatusBadGateway, "The gateway does not answer.")
		},
	}
}
