package server

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/converter"
	"go.uber.org/zap"
)

// refusal is why a request gets no payloads.
type refusal struct {
	status int
	// reason is one word for the log.
	reason string
	// advice is for the caller.
	advice string
	// retryAfter is how long to wait, for a caller who guesses.
	retryAfter time.Duration
}

// guarded answers requests for payloads: from the UI's origin or from no
// browser, by an operator who has the right.
func (s *Server) guarded(right string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refused := s.crossOrigin(w, r); refused != nil {
			s.refuse(w, r, Operator{}, refused)
			return
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		operator, refused := s.admit(r, right)
		if refused != nil {
			s.refuse(w, r, operator, refused)
			return
		}
		s.answer(w, r, operator, right == rightReveal)
	})
}

// crossOrigin lets the UI's pages read the answer, and refuses the pages of
// everybody else.
func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) *refusal {
	head := w.Header()
	head.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	switch {
	case origin == "":
		return nil
	case origin != s.origin:
		return &refusal{status: http.StatusForbidden, reason: "origin", advice: "pages from this origin are not answered; BIOENROLL_CODEC_UI_ORIGIN names the one that is"}
	}
	head.Set("Access-Control-Allow-Origin", s.origin)
	head.Set("Access-Control-Allow-Credentials", "true")
	if r.Method == http.MethodOptions {
		head.Set("Access-Control-Allow-Methods", http.MethodPost)
		head.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
		head.Set("Access-Control-Max-Age", "600")
	}
	return nil
}

// admit tells who asks, and refuses who may not, or asks in another way than
// the UI and the command line do.
func (s *Server) admit(r *http.Request, right string) (Operator, *refusal) {
	if r.Method != http.MethodPost {
		return Operator{}, &refusal{status: http.StatusMethodNotAllowed, reason: "method", advice: "use POST"}
	}
	operator, refused := s.authenticate(r)
	if refused != nil {
		return operator, refused
	}
	if right == rightReveal && !operator.Reveal {
		return operator, &refusal{status: http.StatusForbidden, reason: "right", advice: operator.Name + " has no right to see secrets and subjects; what is not secret is under /decode"}
	}
	// Only a page that has passed the preflight can send this type.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return operator, &refusal{status: http.StatusUnsupportedMediaType, reason: "content type", advice: "send application/json"}
	}
	if r.Header.Get("Content-Encoding") != "" {
		return operator, &refusal{status: http.StatusUnsupportedMediaType, reason: "compressed", advice: "send it uncompressed"}
	}
	if r.ContentLength > maxBody {
		return operator, &refusal{status: http.StatusRequestEntityTooLarge, reason: "size", advice: fmt.Sprintf("at most %d bytes are taken", maxBody)}
	}
	return operator, nil
}

// authenticate tells who asks: by a token or, from a page of the UI, by a
// cookie.
func (s *Server) authenticate(r *http.Request) (Operator, *refusal) {
	operators, err := s.operators.List()
	if err != nil {
		s.log.Error("the list of operators cannot be used", zap.Error(err))
		return Operator{}, &refusal{status: http.StatusServiceUnavailable, reason: "operators", advice: "the list of operators cannot be used; the codec server's log says why"}
	}
	if token, given := bearer(r); given {
		return s.holder(r, token, operators)
	}
	known, found := s.sessions.find(r)
	if !found || s.origin == "" || r.Header.Get("Origin") != s.origin {
		return Operator{}, &refusal{status: http.StatusUnauthorized, reason: "not signed in", advice: "sign in on the page /login of this server, or send the header Authorization: Bearer TOKEN"}
	}
	operator, found := withHash(known.operator, operators)
	if !found {
		return Operator{}, &refusal{status: http.StatusUnauthorized, reason: "no longer an operator", advice: "this login is no longer good; sign in again on the page /login"}
	}
	return operator, nil
}

// holder returns the operator whose token it is, unless too many wrong ones
// came from there.
func (s *Server) holder(r *http.Request, token string, operators []Operator) (Operator, *refusal) {
	if wait := s.attempts.wait(r); wait > 0 {
		return Operator{}, &refusal{status: http.StatusTooManyRequests, reason: "too many wrong tokens", advice: "too many wrong tokens came from this address; wait a minute", retryAfter: wait}
	}
	operator, found := holderOf(token, operators)
	if !found {
		s.attempts.wrong(r)
		return Operator{}, &refusal{status: http.StatusUnauthorized, reason: "wrong token", advice: "the token is not that of an operator; 'codecserver operator NAME' makes one"}
	}
	return operator, nil
}

// bearer returns the token of the header Authorization.
func bearer(r *http.Request) (token string, given bool) {
	given = r.Header.Get("Authorization") != ""
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		token = ""
	}
	return strings.TrimSpace(token), given
}

// answer encrypts or decrypts with the SDK's own handler, and writes down what
// was asked.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, operator Operator, revealed bool) {
	work := &reading{codec: s.codec, revealed: revealed}
	seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	converter.NewPayloadCodecHTTPHandler(work).ServeHTTP(seen, r)
	s.log.Info("payloads", append(about(r, operator),
		zap.Strings("workflows", work.workflows), zap.Int("payloads", work.payloads), zap.Int("unreadable", work.unreadable),
		zap.Bool("revealed", revealed), zap.Int("status", seen.status))...)
}

// refuse says why, to the caller and in the log.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, operator Operator, refused *refusal) {
	s.log.Info("payloads refused", append(about(r, operator), zap.String("refused", refused.reason), zap.Int("status", refused.status))...)
	switch refused.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="bioenroll codec server"`)
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", "POST, OPTIONS")
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(int(refused.retryAfter/time.Second)+1))
	}
	text(w, refused.status, refused.advice)
}

// about is what every line of the log says.
func about(r *http.Request, operator Operator) []zap.Field {
	return []zap.Field{
		zap.String("who", operator.Name), zap.String("from", r.RemoteAddr), zap.String("path", r.URL.Path),
		zap.String("namespace", fmt.Sprintf("%.200s", r.Header.Get("X-Namespace"))),
	}
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter

	status int
}

// WriteHeader remembers the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
