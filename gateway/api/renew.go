package api

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
)

// renewedBody is the answer to a renewal.
type renewedBody struct {
	ID           string         `json:"id"`
	Deadline     time.Time      `json:"deadline,omitzero"`
	RenewalsLeft int            `json:"renewals_left"`
	HandOver     jsontext.Value `json:"hand_over"`
	// RelayToken lives as long as the new hand-over.
	RelayToken string `json:"relay_token"`
}

// renew brings a waiting journey a new hand-over, for a
// frontend whose old one ran out or was used up. A journey that has concluded has none to give, also when it did so because it
// was asked to: the person had finished, and the outcome is there to be read.
func (s *Server) renew(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	id, err := journeyOf(r, caller)
	if err != nil {
		return err
	}
	key, err := keyOf(r)
	if err != nil {
		return err
	}
	reply, err := s.journeys.Renew(r.Context(), id.workflow, id.run, key)
	switch {
	case errors.Is(err, client.ErrConcluded):
		return handOverGone()
	case err != nil:
		return err
	case reply.Result != nil:
		return handOverGone()
	case reply.Refused != nil:
		return notRenewed(*reply.Refused)
	}
	return s.tellRenewed(w, r, id, reply)
}

// tellRenewed answers with the new hand-over. A key that is repeated after the
// end brings that of then, which is good for nothing any more.
func (s *Server) tellRenewed(w http.ResponseWriter, r *http.Request, id journeyID, reply enroll.RenewReply) error {
	shown, err := s.journeys.Show(r.Context(), id.workflow, id.run)
	if err != nil {
		return err
	}
	now := bodyOf(id, shown)
	if now.Phase == enroll.Concluded {
		return handOverGone()
	}
	body := renewedBody{ID: now.ID, Deadline: now.Deadline, RenewalsLeft: reply.Left}
	if body.HandOver, err = client.HandOverJSON(reply.HandOver); err != nil {
		return err
	}
	until := now.Deadline
	if until.Before(reply.HandOver.ExpiresAt) { // The index may not know the deadline yet.
		until = reply.HandOver.ExpiresAt
	}
	body.RelayToken = s.access.Issue(id.workflow, id.run, until).Reveal()
	return answer(w, http.StatusOK, body)
}

func handOverGone() *Problem {
	return problem(HandOverGone, "Read the journey: it has an outcome. For another attempt start a new journey.")
}

// notRenewed tells why the provider gave nothing new. Its own words are for
// operators.
func notRenewed(refused enroll.Verdict) *Problem {
	detail := fmt.Sprintf("The provider gave nothing new: %s.", refused.Reason)
	if refused.ProviderCode != "" {
		detail = fmt.Sprintf("The provider gave nothing new: %s, code %s.", refused.Reason, refused.ProviderCode)
	}
	p := problem(NotRenewable, "%s The journey goes on waiting with the hand-over it has.", detail)
	p.Reason, p.ProviderCode = refused.Reason, refused.ProviderCode
	return p
}
