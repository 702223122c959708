package api

import (
	"net/http"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
)

// whyBody is what goes into the audit trail beside the name of the API key.
type whyBody struct {
	Why string `json:"why"`
}

// canceledBody is the answer to a cancellation.
type canceledBody struct {
	ID    string `json:"id"`
	Links links  `json:"links"`
}

// cancel asks a journey to end and answers at once: the outcome tells how it
// did. A backend calls off what it started without a word; an operator, who
// calls off what somebody else did, gives a reason for the audit trail.
func (s *Server) cancel(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	id, err := journeyOf(r, caller)
	if err != nil {
		return err
	}
	by, err := reasonOf(w, r, caller)
	if err != nil {
		return err
	}
	if by.Why == "" {
		err = s.journeys.Cancel(r.Context(), id.workflow, id.run)
	} else {
		err = s.journeys.CancelBy(r.Context(), id.workflow, id.run, by)
	}
	if err != nil {
		return err
	}
	body := canceledBody{ID: id.String(), Links: linksOf(id, client.Shown{})}
	w.Header().Set("Location", body.Links.Self)
	return answer(w, http.StatusAccepted, body)
}

// reasonOf reads why an operator does something. From anybody else it may be
// left out. Without a body nothing is given, from an operator as well.
func reasonOf(w http.ResponseWriter, r *http.Request, caller access.Caller) (client.By, error) {
	var body whyBody
	if r.ContentLength != 0 {
		if err := readJSON(w, r, &body); err != nil {
			return client.By{}, err
		}
	}
	if body.Why == "" && caller.Role == access.Operator {
		return client.By{}, refuse([]enroll.FieldError{{Field: "why", Given: "nothing", Allowed: "some text, for the audit trail"}})
	}
	return client.By{Who: caller.Name, Why: body.Why}, nil
}
