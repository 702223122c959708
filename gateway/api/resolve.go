package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
)

// resolveBody settles an unknown outcome. Who does so is the name of the API
// key.
type resolveBody struct {
	Outcome enroll.Outcome `json:"outcome"`
	Why     string         `json:"why"`
}

// check refuses what settles nothing, whatever the journey.
func (b resolveBody) check(caller access.Caller) error {
	wrong := enroll.CheckReason(caller.Name, b.Why)
	if outcomes := enroll.Outcomes(); !slices.Contains(outcomes, b.Outcome) {
		wrong = append(wrong, enroll.FieldError{Field: "outcome", Given: fmt.Sprintf("%.40q", b.Outcome), Allowed: "what the outcome was: " + strings.Join(words(outcomes), ", ")})
	}
	return refuse(wrong)
}

// resolvedBody is a journey whose unknown outcome has been settled. The outcome
// stays unknown.
type resolvedBody struct {
	journeyBody

	Resolution enroll.Resolution `json:"resolution"`
}

// resolve settles an unknown outcome with what an operator learned from the
// provider by other means.
func (s *Server) resolve(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	id, err := journeyOf(r, caller)
	if err != nil {
		return err
	}
	var asked resolveBody
	if err := readJSON(w, r, &asked); err != nil {
		return err
	}
	if err := asked.check(caller); err != nil {
		return err
	}
	shown, err := s.journeys.Show(r.Context(), id.workflow, id.run)
	if err != nil {
		return err
	}
	// A journey without a record has not begun, so nothing is unknown of it.
	if shown.Record == "" {
		return client.ErrNotUnknown
	}
	err = s.journeys.Resolve(r.Context(), shown.Record, enroll.Resolution{Outcome: asked.Outcome, Who: caller.Name, Why: asked.Why})
	if err != nil {
		return err
	}
	if shown, err = s.journeys.Show(r.Context(), id.workflow, id.run); err != nil {
		return err
	}
	body := resolvedBody{journeyBody: bodyOf(id, shown)}
	if shown.Resolution != nil {
		body.Resolution = *shown.Resolution
	}
	return answer(w, http.StatusOK, body)
}
