package server

import (
	"crypto/rand"
	"crypto/sha256"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/bioenroll/bioenroll/internal/tokens"
)

const (
	// cookieName is the name of the cookie that a signed-in browser holds.
	cookieName = "bioenroll_codec"
	// maxSessions bounds how many browsers are signed in at once; beyond it the
	// one that would end first is signed out.
	maxSessions = 1024
)

// sessions are the browsers that are signed in. They are kept in memory, so a
// restart signs everybody out.
type sessions struct {
	life time.Duration
	now  func() time.Time

	mu     sync.Mutex
	signed map[[sha256.Size]byte]session // By the hash of the cookie's value.
}

// session is one signed-in browser.
type session struct {
	operator tokens.Hash // The hash of the operator's token.
	ends     time.Time
}

func newSessions(life time.Duration, now func() time.Time) *sessions {
	return &sessions{life: life, now: now, signed: map[[sha256.Size]byte]session{}}
}

// open signs the operator in and returns the cookie to set.
func (s *sessions) open(r *http.Request, operator Operator) *http.Cookie {
	value := rand.Text() + rand.Text()
	ends := s.now().Add(s.life)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom()
	s.signed[sha256.Sum256([]byte(value))] = session{operator: operator.hash, ends: ends}
	return cookie(r, value, s.life)
}

// makeRoom forgets sessions that have ended and, when there are still too many,
// the one that ends first.
func (s *sessions) makeRoom() {
	var first [sha256.Size]byte
	var ends time.Time
	for key, known := range s.signed {
		if !known.ends.After(s.now()) {
			delete(s.signed, key)
		} else if ends.IsZero() || known.ends.Before(ends) {
			first, ends = key, known.ends
		}
	}
	if len(s.signed) >= maxSessions {
		delete(s.signed, first)
	}
}

// find returns the session that the request's cookie names.
func (s *sessions) find(r *http.Request) (session, bool) {
	sent, err := r.Cookie(cookieName)
	if err != nil {
		return session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, found := s.signed[sha256.Sum256([]byte(sent.Value))]
	return known, found && known.ends.After(s.now())
}

// end signs the browser out and returns the cookie that takes the place of its
// own.
func (s *sessions) end(r *http.Request) *http.Cookie {
	if sent, err := r.Cookie(cookieName); err == nil {
		s.mu.Lock()
		delete(s.signed, sha256.Sum256([]byte(sent.Value)))
		s.mu.Unlock()
	}
	return cookie(r, "", -time.Second)
}

// cookie is readable by no script and sent by no other site. Over plain HTTP it
// works on this machine alone.
func cookie(r *http.Request, value string, life time.Duration) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // insecure only where nobody listens in
		Name: cookieName, Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil || !onThisMachine(r.Host),
	}
}

// onThisMachine reports whether a host, with or without a port, is a loopback
// address or localhost.
func onThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
