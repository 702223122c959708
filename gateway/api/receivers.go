package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
)

// Receivers is what the handlers about outcome events ask; a *client.Client is
// one.
type Receivers interface {
	Receivers(ctx context.Context) ([]client.Receiver, error)
	AddReceiver(ctx context.Context, name string, url enroll.Secret, by client.By) (enroll.Secret, error)
	RemoveReceiver(ctx context.Context, name string, by client.By) error
	NewReceiverSecret(ctx context.Context, name string, atOnce bool, by client.By) (enroll.Secret, error)
	ResumeReceiver(ctx context.Context, name string, by client.By) error
	Redeliver(ctx context.Context, chosen client.Redelivery, by client.By) (int, error)
	Deliveries(ctx context.Context, filter client.DeliveryFilter) (client.DeliveryPage, error)
}

// receiversBody is all receivers, by their names.
type receiversBody struct {
	Receivers []client.Receiver `json:"receivers"`
}

// addBody adds a receiver. Who does so is the name of the API key, as with
// everything here.
type addBody struct {
	Name string        `json:"name"`
	URL  enroll.Secret `json:"url"`
	Why  string        `json:"why"`
}

// secretBody is a new secret of a receiver. It is told this once.
type secretBody struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
}

// changeBody changes a receiver's secret.
type changeBody struct {
	AtOnce bool   `json:"at_once"`
	Why    string `json:"why"`
}

// redeliverBody chooses what to send again.
type redeliverBody struct {
	Event enroll.EventID `json:"event"`
	Since time.Time      `json:"since"`
	Until time.Time      `json:"until"`
	Why   string         `json:"why"`
}

// redeliveredBody tells how many events are sent again.
type redeliveredBody struct {
	Events int `json:"events"`
}

// deliveriesBody is one page of deliveries to a receiver, those of the newest
// events first.
type deliveriesBody struct {
	Deliveries []client.DeliveryStatus `json:"deliveries"`
	// NextCursor brings the next page; absent on the last.
	NextCursor string `json:"next_cursor,omitempty"`
}

// receivers lists receivers.
func (s *Server) receivers(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	found, err := s.journeys.Receivers(r.Context())
	if err != nil {
		return err
	}
	if found == nil {
		found = []client.Receiver{} // In JSON an empty list, never null.
	}
	return answer(w, http.StatusOK, receiversBody{found})
}

// addReceiver adds a receiver, and tells its secret.
func (s *Server) addReceiver(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	var asked addBody
	if err := readJSON(w, r, &asked); err != nil {
		return err
	}
	secret, err := s.journeys.AddReceiver(r.Context(), asked.Name, asked.URL, client.By{Who: caller.Name, Why: asked.Why})
	if err != nil {
		return err
	}
	return answer(w, http.StatusCreated, secretBody{asked.Name, secret.Reveal()})
}

// removeReceiver removes a receiver. A DELETE has no body, so why is a parameter.
func (s *Server) removeReceiver(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	query, err := parameters(r, "why")
	if err != nil {
		return err
	}
	if err := s.journeys.RemoveReceiver(r.Context(), r.PathValue("name"), client.By{Who: caller.Name, Why: query["why"]}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// changeSecret makes another secret for a receiver, and tells it.
func (s *Server) changeSecret(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	var asked changeBody
	if err := readJSON(w, r, &asked); err != nil {
		return err
	}
	name := r.PathValue("name")
	secret, err := s.journeys.NewReceiverSecret(r.Context(), name, asked.AtOnce, client.By{Who: caller.Name, Why: asked.Why})
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, secretBody{name, secret.Reveal()})
}

// resumeReceiver has sent to a receiver what waits for it.
func (s *Server) resumeReceiver(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	var asked whyBody
	if err := readJSON(w, r, &asked); err != nil {
		return err
	}
	if err := s.journeys.ResumeReceiver(r.Context(), r.PathValue("name"), client.By{Who: caller.Name, Why: asked.Why}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// redeliver has outcome events sent to a receiver again.
func (s *Server) redeliver(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	var asked redeliverBody
	if err := readJSON(w, r, &asked); err != nil {
		return err
	}
	chosen := client.Redelivery{Receiver: r.PathValue("name"), Event: asked.Event, Since: asked.Since, Until: asked.Until}
	count, err := s.journeys.Redeliver(r.Context(), chosen, client.By{Who: caller.Name, Why: asked.Why})
	if err != nil {
		return err
	}
	return answer(w, http.StatusAccepted, redeliveredBody{count})
}

// deliveries tells what was sent to a receiver, and what became of it.
func (s *Server) deliveries(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	filter, err := deliveryFilter(r)
	if err != nil {
		return err
	}
	page, err := s.journeys.Deliveries(r.Context(), filter)
	if err != nil {
		return err
	}
	if page.Deliveries == nil {
		page.Deliveries = []client.DeliveryStatus{} // In JSON an empty list, never null.
	}
	return answer(w, http.StatusOK, deliveriesBody{page.Deliveries, page.Next})
}

// deliveryFilter reads the parameters of a list of deliveries.
func deliveryFilter(r *http.Request) (client.DeliveryFilter, error) {
	query, err := parameters(r, "cursor", "state", "limit")
	if err != nil {
		return client.DeliveryFilter{}, err
	}
	filter := client.DeliveryFilter{Receiver: r.PathValue("name"), After: query["cursor"], Limit: defaultPage}
	if state, given := query["state"]; given {
		if filter.State = client.DeliveryState(state); !slices.Contains(client.DeliveryStates(), filter.State) {
			return filter, problem(InvalidRequest, "The parameter state is one of %s.", strings.Join(words(client.DeliveryStates()), ", "))
		}
	}
	if limit, given := query["limit"]; given {
		filter.Limit, err = numberOf("limit", limit, 1, mostPage)
	}
	return filter, err
}
