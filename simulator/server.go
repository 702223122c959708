package simulator

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Server is the four simulated providers on one state file.
type Server struct {
	opts      Options
	store     *store
	providers []provider
	magic     magicRows
	handler   http.Handler
	// life ends when the server closes; it bounds answers held back and webhooks under way.
	life       context.Context //nolint:containedctx // the server's own life, not a caller's
	end        context.CancelFunc
	hooks      sync.WaitGroup
	hookClient *http.Client
	closeOnce  sync.Once
	closeErr   error
}

// New opens the state in opts.DataDir, or makes it, and returns a simulator that is ready to serve. It fails when the state
// file cannot be opened, for example because another simulator holds it.
func New(opts Options) (*Server, error) {
	st, err := openStore(opts.DataDir)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts.withDefaults(), store: st, magic: indexMagic(MagicSubjects()), hookClient: &http.Client{}}
	s.life, s.end = context.WithCancel(context.Background()) //nolint:forbidigo // a server outlives the call that makes it
	s.providers = catalogue(s)
	s.handler = s.routes()
	return s, nil
}

// Handler serves all providers, the capture page and the control interface.
func (s *Server) Handler() http.Handler { return s.handler }

// Close ends answers that are being held back and closes the state file. Shut the HTTP server down first.
// Calling it again does nothing and returns the same error.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		s.end()
		s.hooks.Wait()
		s.closeErr = s.store.close()
	})
	return s.closeErr
}

func (s *Server) provider(name string) (provider, bool) {
	i := slices.IndexFunc(s.providers, func(p provider) bool { return p.name == name })
	if i < 0 {
		return provider{}, false
	}
	return s.providers[i], true
}

func (s *Server) providerNames() string {
	var names []string
	for _, p := range s.providers {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}

// update runs work in one transaction, after the agenda was brought up to now.
func (s *Server) update(work func(*txn)) error {
	t := &txn{srv: s}
	if err := s.store.update(t, func() {
		t.now = s.opts.Now().UTC().Round(0)
		t.catchUp()
		if t.err == nil {
			work(t)
		}
	}); err != nil {
		return err
	}
	for _, do := range t.done {
		do()
	}
	return nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	preflighted := map[string]bool{}
	for _, p := range s.providers {
		for _, e := range p.endpoints {
			mux.HandleFunc(e.pattern, s.answerTo(p, e))
			_, path, _ := strings.Cut(e.pattern, " ")
			if e.browser && !preflighted[path] {
				preflighted[path] = true
				mux.HandleFunc("OPTIONS "+path, preflight)
			}
		}
		if p.root != "" {
			mux.HandleFunc(p.root, s.answerTo(p, nowhere(p)))
		}
		for _, e := range p.controls {
			mux.HandleFunc(e.pattern, s.controlled(e.handle))
		}
	}
	s.routeControl(mux)
	return mux
}

// nowhere answers paths of a provider that none of its endpoints has.
func nowhere(p provider) endpoint {
	return endpoint{name: p.name + ".unknown_path", handle: func(c *call) reply {
		return p.refuse(http.StatusNotFound, "No HTTP resource was found that matches the request URI "+c.r.URL.Path+".")
	}}
}
