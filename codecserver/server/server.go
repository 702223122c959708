package server

import (
	"net/http"
	"time"

	"go.temporal.io/sdk/converter"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/internal/origin"
)

const (
	// maxBody bounds a request, in bytes. A page of the UI asks with far less.
	maxBody = 2 << 20
	// DefaultSession is how long a browser stays signed in unless a setting says
	// otherwise.
	DefaultSession = 8 * time.Hour
	// Longest is how long a request may take, of a program that serves the
	// handler.
	Longest = 30 * time.Second
)

// Options say whom the server answers, and with what.
type Options struct {
	// Codec encrypts and decrypts, knowing no workflow. Required.
	Codec converter.PayloadCodec
	// Operators may ask. Required.
	Operators Operators
	// UIOrigin is the origin of the Temporal UI, such as https://ui.example: the
	// only one from which browsers are heard. Empty means none.
	UIOrigin string
	// Session is how long a browser stays signed in; DefaultSession when zero.
	Session time.Duration
	// Log gets one line for each request. Required.
	Log *zap.Logger
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Server answers over HTTP. It is safe for concurrent use.
type Server struct {
	codec     converter.PayloadCodec
	operators Operators
	origin    string
	sessions  *sessions
	attempts  *attempts
	now       func() time.Time
	log       *zap.Logger
}

// New returns a server. It refuses a UIOrigin that is none.
func New(options Options) (*Server, error) {
	if options.UIOrigin != "" {
		if err := origin.Check(options.UIOrigin); err != nil {
			return nil, err
		}
	}
	if options.Session == 0 {
		options.Session = DefaultSession
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Server{
		codec: options.Codec, operators: options.Operators, origin: options.UIOrigin, log: options.Log, now: options.Now,
		sessions: newSessions(options.Session, options.Now), attempts: newAttempts(options.Now),
	}, nil
}

// Handler returns everything that the server answers.
func (s *Server) Handler() http.Handler {
	pages := http.NewServeMux()
	pages.Handle("/decode", s.guarded(rightRead))
	pages.Handle("/encode", s.guarded(rightRead))
	pages.Handle("/revealed/decode", s.guarded(rightReveal))
	pages.Handle("/revealed/encode", s.guarded(rightRead))
	own := http.NewCrossOriginProtection() // Forms are taken from our own pages only.
	pages.HandleFunc("GET /login", s.loginPage)
	pages.Handle("POST /login", own.Handler(http.HandlerFunc(s.login)))
	pages.Handle("POST /logout", own.Handler(http.HandlerFunc(s.logout)))
	pages.Handle("GET /{$}", http.RedirectHandler("/login", http.StatusSeeOther))
	pages.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "alive") })
	pages.HandleFunc("GET /readyz", s.ready)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Cache-Control", "no-store")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("X-Content-Type-Options", "nosniff")
		pages.ServeHTTP(w, r)
	})
}

// ready reports whether operators can be told apart.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if _, err := s.operators.List(); err != nil {
		s.log.Error("the list of operators cannot be used", zap.Error(err))
		text(w, http.StatusServiceUnavailable, "the list of operators cannot be used; the log says why")
		return
	}
	text(w, http.StatusOK, "ready")
}

// SignIn signs the browser in as the operator, without a token: for a program
// that embeds the server and knows by other means who is asking.
func (s *Server) SignIn(w http.ResponseWriter, r *http.Request, operator Operator) {
	http.SetCookie(w, s.sessions.open(r, operator))
}

// SignedIn reports whether the browser is signed in.
func (s *Server) SignedIn(r *http.Request) bool {
	_, found := s.sessions.find(r)
	return found
}

// text answers with one line.
func text(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(line + "\n")) // A caller who is gone needs no answer.
}
