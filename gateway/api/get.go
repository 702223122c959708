package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/follow"
)

// mostWait is the longest that a caller can ask to wait, in seconds: what lies
// in between may hang up on quiet connections soon after.
const mostWait = 50

// get tells how a journey stands, at once or when it has concluded.
func (s *Server) get(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	id, err := journeyOf(r, caller)
	if err != nil {
		return err
	}
	wait, err := waitOf(r)
	if err != nil {
		return err
	}
	if wait > 0 {
		if err := s.await(w, r, caller, id, wait); err != nil {
			return err
		}
	}
	body, err := s.current(r.Context(), id)
	if err != nil {
		return err
	}
	if caller.Role == access.Relay {
		body = relayed(body)
	}
	return answer(w, http.StatusOK, body)
}

// relayed is what a frontend sees of a journey with its relay token: how long it
// waits, and whether another one is worth while. How it went is for the backend
// to say.
func relayed(body journeyBody) journeyBody {
	told := journeyBody{
		ID: body.ID, Journey: body.Journey, Provider: body.Provider, Phase: body.Phase, Deadline: body.Deadline,
		AttemptsLeft: body.AttemptsLeft, RenewalsLeft: body.RenewalsLeft, CanRetry: body.CanRetry, Links: body.Links,
	}
	told.Links.Cancel = ""
	return told
}

// waitOf reads ?wait=.
func waitOf(r *http.Request) (time.Duration, error) {
	query, err := parameters(r, "wait")
	if err != nil {
		return 0, err
	}
	value, given := query["wait"]
	if !given {
		return 0, nil
	}
	seconds, err := numberOf("wait", value, 0, mostWait)
	return time.Duration(seconds) * time.Second, err
}

// await returns when the journey has concluded or the time is over, and at once
// when as many as may wait for it do. Why it could not wait is of no interest
// unless the journey cannot be shown either.
func (s *Server) await(w http.ResponseWriter, r *http.Request, caller access.Caller, id journeyID, wait time.Duration) error {
	if err := patience(w, s.now(), wait); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	news, err := s.follow.Subscribe(ctx, id.workflow, id.run, subscriber(caller))
	if errors.Is(err, follow.ErrCrowded) {
		return nil
	}
	if err != nil {
		return err
	}
	defer news.Close()
	for {
		if state, err := news.Next(ctx); err != nil || state.Phase == enroll.Concluded {
			return r.Context().Err()
		}
	}
}

// closing is how long an answer waits for a journey that has its outcome to
// close, which takes a moment unless it has to take something back at a provider.
const closing = 2 * time.Second

// current is how the journey stands now. Of one that has closed it has everything
// that the outcome brought, the provider's references included; until then it
// goes without these details.
func (s *Server) current(ctx context.Context, id journeyID) (journeyBody, error) {
	shown, err := s.journeys.Show(ctx, id.workflow, id.run)
	if err != nil {
		return journeyBody{}, err
	}
	body := bodyOf(id, shown)
	if body.Phase != enroll.Concluded {
		return body, nil
	}
	soon, cancel := context.WithTimeout(ctx, closing)
	defer cancel()
	result, err := s.journeys.Wait(soon, id.workflow, id.run)
	switch {
	case err == nil:
		body.conclude(result)
	case body.Outcome != "" && errors.Is(soon.Err(), context.DeadlineExceeded) && ctx.Err() == nil:
		body.Details = nil // Who the person is stays hidden in what is shown.
	default:
		return journeyBody{}, err
	}
	return body, nil
}
