package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
)

// Journeys is everything that handlers ask; a *client.Client is one.
type Journeys interface {
	StartOrRepeat(ctx context.Context, key string, request client.Request) (started client.Started, repeated bool, err error)
	Show(ctx context.Context, id, runID string) (client.Shown, error)
	Wait(ctx context.Context, id, runID string) (enroll.Result, error)
	ListPage(ctx context.Context, filter client.Filter, after string) (client.ListedPage, error)
	ListRecorded(ctx context.Context, filter client.RecordFilter) (client.ListedPage, error)
	Hint(ctx context.Context, id, runID string, name enroll.HintName, hint enroll.Hint) (late bool, err error)
	HandOver(ctx context.Context, id, runID string) (*enroll.HandOver, error)
	Renew(ctx context.Context, id, runID, key string) (enroll.RenewReply, error)
	Cancel(ctx context.Context, id, runID string) error
	CancelBy(ctx context.Context, id, runID string, by client.By) error
	Resolve(ctx context.Context, id enroll.RecordID, resolution enroll.Resolution) error
	Erase(ctx context.Context, key string, people []client.Person, by client.By) (client.Erasure, error)
	Erasure(ctx context.Context, id string) (client.Erasure, error)
	Erasures(ctx context.Context, pending bool, limit int) ([]client.Erasure, error)

	Receivers
}

var _ Journeys = (*client.Client)(nil)

// Access tells who is asking, and hands out relay tokens; *access.Access is one.
type Access interface {
	Authenticate(r *http.Request) (access.Caller, error)
	Issue(journeyID, runID string, until time.Time) enroll.Secret
	Hint(caller access.Caller, journeyID, runID string) error
}

var _ Access = (*access.Access)(nil)

// Options are what a Server is made of. All are required but Now.
type Options struct {
	Journeys Journeys
	Access   Access
	// Origins are those whose pages frontends are; nil when there are none.
	Origins access.Origins
	// Follow tells of what becomes of journeys.
	Follow Follower
	// Spool keeps uploads until they are sealed.
	Spool Spool
	// Uploads is how many are taken at the same time; 0 means DefaultUploads.
	Uploads int
	// Log gets what callers are not told.
	Log *zap.Logger
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Server answers under /v1. It is safe for concurrent use.
type Server struct {
	journeys Journeys
	access   Access
	origins  access.Origins
	follow   Follower
	spool    Spool
	uploads  uploads
	log      *zap.Logger
	now      func() time.Time
}

// New returns a server.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Server{
		journeys: options.Journeys, access: options.Access, origins: options.Origins, follow: options.Follow, spool: options.Spool,
		uploads: make(uploads, cmp.Or(options.Uploads, DefaultUploads)), log: options.Log, now: options.Now,
	}
}

// handle answers a request of a caller whose role may make it. An error becomes
// a problem, unless the answer has begun.
type handle func(w http.ResponseWriter, r *http.Request, caller access.Caller) error

// route is one line of the API.
type route struct {
	// pattern is that of http.ServeMux, with the method.
	pattern string
	// roles may ask; none means anybody, without a key.
	roles  []access.Role
	handle handle
}

// forFrontends reports whether pages in a browser may ask.
func (r route) forFrontends() bool { return slices.Contains(r.roles, access.Relay) }

// routes lists the API, one line for each request.
func (s *Server) routes() []route {
	backend, operator := access.Backend, access.Operator
	return []route{
		{"POST /v1/journeys", []access.Role{backend}, s.start},
		{"GET /v1/journeys", []access.Role{backend, operator}, s.list},
		{"GET /v1/journeys/{id}", []access.Role{backend, operator, access.Relay}, s.get},
		{"GET /v1/journeys/{id}/events", []access.Role{backend, operator, access.Relay}, s.events},
		{"POST /v1/journeys/{id}/hints", []access.Role{backend, access.Relay}, s.hint},
		{"POST /v1/journeys/{id}/renew", []access.Role{backend, operator, access.Relay}, s.renew},
		{"POST /v1/journeys/{id}/cancel", []access.Role{backend, operator}, s.cancel},
		{"POST /v1/journeys/{id}/resolve", []access.Role{operator}, s.resolve},
		{"POST /v1/erasures", []access.Role{operator}, s.erase},
		{"GET /v1/erasures", []access.Role{operator}, s.erasures},
		{"GET /v1/erasures/{id}", []access.Role{operator}, s.erasure},
		{"GET /v1/erasures/{id}/statement", []access.Role{operator}, s.statement},
		{"GET /v1/receivers", []access.Role{operator}, s.receivers},
		{"POST /v1/receivers", []access.Role{operator}, s.addReceiver},
		{"DELETE /v1/receivers/{name}", []access.Role{operator}, s.removeReceiver},
		{"POST /v1/receivers/{name}/secret", []access.Role{operator}, s.changeSecret},
		{"POST /v1/receivers/{name}/resume", []access.Role{operator}, s.resumeReceiver},
		{"POST /v1/receivers/{name}/redeliver", []access.Role{operator}, s.redeliver},
		{"GET /v1/receivers/{name}/deliveries", []access.Role{operator}, s.deliveries},
		{"GET /v1/catalogue", []access.Role{backend, operator}, s.catalogue},
		{"GET /openapi.yaml", nil, s.openAPI},
		{"GET /openapi.json", nil, s.openAPI},
	}
}

// Handler returns everything that the API answers.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	shared := map[string][]string{}
	for _, r := range s.routes() {
		mux.Handle(r.pattern, s.guarded(r))
		if r.forFrontends() {
			method, place, _ := strings.Cut(r.pattern, " ")
			shared[place] = append(shared[place], method)
		}
	}
	for place, methods := range shared {
		mux.Handle(http.MethodOptions+" "+place, s.origins.Preflight(methods...))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Cache-Control", "no-store")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("X-Content-Type-Options", "nosniff")
		defer s.recovered(w)
		if asked := r.URL.EscapedPath(); asked != path.Clean(asked) {
			nothingHere().tell(w) // The mux would send the caller to another path.
			return
		}
		answering, pattern := mux.Handler(r)
		if pattern == "" {
			unrouted(w, r, answering).tell(w)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// guarded lets those through whose role may ask.
func (s *Server) guarded(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &answering{ResponseWriter: w}
		if route.forFrontends() {
			s.origins.Share(answer, r)
		}
		if err := s.admit(answer, r, route); err != nil {
			s.fail(answer, r, err)
		}
	})
}

func (s *Server) admit(w http.ResponseWriter, r *http.Request, route route) error {
	if len(route.roles) == 0 {
		return route.handle(w, r, access.Caller{})
	}
	caller, err := s.access.Authenticate(r)
	if err != nil {
		return err
	}
	if !slices.Contains(route.roles, caller.Role) {
		return problem(Forbidden, "This needs the role %s.", rolesInWords(route.roles))
	}
	return route.handle(w, r, caller)
}

// fail tells the caller the problem, and the log what the caller is not told.
func (s *Server) fail(w *answering, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.log.Error("a request failed", zap.String("method", r.Method), zap.String("route", r.Pattern), zap.String("problem", string(p.kind)), zap.Error(err))
	}
	if !w.begun {
		p.tell(w)
	}
}

// recovered answers for a handler that panicked. What it panicked with may hold
// anything, so the log gets its type and where it happened.
func (s *Server) recovered(w http.ResponseWriter) {
	value := recover()
	if value == nil {
		return
	}
	if value == http.ErrAbortHandler { //nolint:errorlint,err113 // the value itself is what net/http compares
		panic(value)
	}
	s.log.Error("a handler panicked", zap.String("type", fmt.Sprintf("%T", value)), zap.ByteString("stack", debug.Stack()))
	problem(Internal, "The log of the gateway tells more.").tell(w)
}

// answering remembers whether the answer has begun.
type answering struct {
	http.ResponseWriter
	begun bool
}

// WriteHeader begins the answer.
func (a *answering) WriteHeader(status int) {
	a.begun = true
	a.ResponseWriter.WriteHeader(status)
}

// Write begins the answer, too.
func (a *answering) Write(p []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find what can flush and has deadlines.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// unrouted makes a problem of what the mux says of a request that it does not
// know: a wrong path, or a wrong method and the right ones.
func unrouted(w http.ResponseWriter, r *http.Request, says http.Handler) *Problem {
	heard := &listening{head: http.Header{}}
	says.ServeHTTP(heard, r)
	if heard.status != http.StatusMethodNotAllowed {
		return nothingHere()
	}
	allowed := heard.head.Get("Allow")
	w.Header().Set("Allow", allowed)
	return problem(MethodNotAllowed, "Allowed here: %s.", allowed)
}

// nothingHere is the problem of a path that the API has not.
func nothingHere() *Problem {
	return problem(NotFound, "There is nothing at this path. GET /openapi.yaml describes what there is.")
}

// listening hears the status and headers of an answer and drops its body.
type listening struct {
	head   http.Header
	status int
}

func (l *listening) Header() http.Header         { return l.head }
func (l *listening) Write(p []byte) (int, error) { return len(p), nil }
func (l *listening) WriteHeader(status int)      { l.status = status }
