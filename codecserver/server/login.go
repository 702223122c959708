package server

import (
	"crypto/rand"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// maxForm bounds the login form, in bytes.
const maxForm = 4 << 10

//go:embed login.html
var loginHTML string

var loginTemplate = template.Must(template.New("login").Parse(loginHTML))

// page is what the login page tells.
type page struct {
	// Nonce lets the page's own style pass, and nothing else.
	Nonce string
	// Name is the operator who is signed in, Ends when that ends.
	Name, Ends string
	// Reveal is the operator's right.
	Reveal bool
	// Problem is why the login failed.
	Problem string
	// UI is the address of the Temporal UI.
	UI string
}

// loginPage shows the form, or who is signed in.
func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	shown := page{}
	operators, err := s.operators.List()
	if err != nil {
		shown.Problem = "The list of operators cannot be used; the codec server's log says why."
	}
	if known, found := s.sessions.find(r); found {
		operator, still := withHash(known.operator, operators)
		if still {
			shown.Name, shown.Reveal, shown.Ends = operator.Name, operator.Reveal, known.ends.UTC().Format(time.RFC1123)
		}
	}
	s.show(w, http.StatusOK, shown)
}

// login exchanges the token of the form for a cookie.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	operators, err := s.operators.List()
	if err != nil {
		s.log.Error("the list of operators cannot be used", zap.Error(err))
		s.show(w, http.StatusServiceUnavailable, page{Problem: "The list of operators cannot be used; the codec server's log says why."})
		return
	}
	operator, refused := s.holder(r, r.PostFormValue("token"), operators)
	if refused != nil {
		s.log.Info("login refused", append(about(r, operator), zap.String("refused", refused.reason))...)
		s.show(w, refused.status, page{Problem: "Not signed in: " + refused.advice + "."})
		return
	}
	s.SignIn(w, r, operator)
	s.log.Info("login", about(r, operator)...)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// logout ends the session.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, s.sessions.end(r))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// show writes the page. It runs no script and is framed by nobody.
func (s *Server) show(w http.ResponseWriter, status int, shown page) {
	shown.Nonce, shown.UI = rand.Text(), s.origin
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", fmt.Sprintf(
		"default-src 'none'; style-src 'nonce-%s'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", shown.Nonce))
	head.Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	if err := loginTemplate.Execute(w, shown); err != nil {
		s.log.Debug("the login page was not read to its end", zap.Error(err))
	}
}
