package api

import (
	"net/http"
	"net/url"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/gateway/access"
)

// eraseBody asks for an erasure. Who asks is the name of the API key.
type eraseBody struct {
	People []client.Person `json:"people"`
	Why    string          `json:"why"`
}

// erasureBody is an erasure as the API tells it. It names nobody.
type erasureBody struct {
	client.Erasure

	Links erasureLinks `json:"links"`
}

// erasureLinks are where to go on from an erasure.
type erasureLinks struct {
	Self string `json:"self"`
	// Statement is there once the erasure has concluded.
	Statement string `json:"statement,omitempty"`
}

// erasuresBody is a list of erasures, the newest first.
type erasuresBody struct {
	Erasures []erasureBody `json:"erasures"`
}

// erase removes people from their providers and from our storage. It takes
// longer than a request may, so the answer tells where to look.
func (s *Server) erase(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	key, err := keyOf(r)
	if err != nil {
		return err
	}
	var asked eraseBody
	if err := readJSON(w, r, &asked); err != nil {
		return err
	}
	erasing, err := s.journeys.Erase(r.Context(), key, asked.People, client.By{Who: caller.Name, Why: asked.Why})
	if err != nil {
		return err
	}
	body := erasureBodyOf(erasing)
	w.Header().Set("Location", body.Links.Self)
	if erasing.Statement.ConcludedAt.IsZero() {
		return answer(w, http.StatusAccepted, body)
	}
	return answer(w, http.StatusOK, body) // The key was used before.
}

// erasure tells how far an erasure has come.
func (s *Server) erasure(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	found, err := s.erasureOf(r)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, erasureBodyOf(found))
}

// statement is the document for whoever asked to be erased: what was removed
// when, without a name.
func (s *Server) statement(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	found, err := s.erasureOf(r)
	if err != nil {
		return err
	}
	if found.Statement.ConcludedAt.IsZero() {
		return problem(NotFound, "The erasure is under way. It has a statement once it has concluded.")
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+found.ID+`.json"`)
	return answer(w, http.StatusOK, found.Statement)
}

// erasures lists erasures.
func (s *Server) erasures(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	pending, limit, err := erasureFilter(r)
	if err != nil {
		return err
	}
	listed, err := s.journeys.Erasures(r.Context(), pending, limit)
	if err != nil {
		return err
	}
	body := erasuresBody{Erasures: make([]erasureBody, len(listed))}
	for i, one := range listed {
		body.Erasures[i] = erasureBodyOf(one)
	}
	return answer(w, http.StatusOK, body)
}

// erasureOf finds the erasure of the path.
func (s *Server) erasureOf(r *http.Request) (client.Erasure, error) {
	id := r.PathValue("id")
	if len(id) > maxIDBytes {
		return client.Erasure{}, client.ErrNotFound
	}
	return s.journeys.Erasure(r.Context(), id)
}

func erasureBodyOf(erasing client.Erasure) erasureBody {
	self := "/v1/erasures/" + url.PathEscape(erasing.ID)
	body := erasureBody{Erasure: erasing, Links: erasureLinks{Self: self}}
	if !erasing.Statement.ConcludedAt.IsZero() {
		body.Links.Statement = self + "/statement"
	}
	return body
}

// mostErasures is the most that one list has. There are few, so there is no
// cursor.
const mostErasures = 1000

// erasureFilter reads the parameters of a list of erasures.
func erasureFilter(r *http.Request) (pending bool, limit int, err error) {
	query, err := parameters(r, "pending", "limit")
	if err != nil {
		return false, 0, err
	}
	if value, given := query["pending"]; given && value != "true" && value != "false" {
		return false, 0, problem(InvalidRequest, "The parameter pending is true or false.")
	}
	if value, given := query["limit"]; given {
		limit, err = numberOf("limit", value, 1, mostErasures)
	}
	return query["pending"] == "true", limit, err
}
