package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/follow"
)

// Follower watches journeys; *follow.Hub is one.
type Follower interface {
	Subscribe(ctx context.Context, id, runID string, who follow.Subscriber) (*follow.Subscription, error)
}

var _ Follower = (*follow.Hub)(nil)

const (
	// heartbeat is how often a stream without news says that it is there: what
	// lies in between hangs up on quiet connections.
	heartbeat = 15 * time.Second
	// firstAnswer is how long a stream waits for its first event before it
	// begins without one, because no worker runs.
	firstAnswer = 3 * time.Second
	// reader is how long a reader may take for one event.
	reader = 10 * time.Second
	// reconnect is how soon a browser comes back, in milliseconds.
	reconnect = 2000
	// lastEventID is that of the event with the outcome. Whoever asks for what
	// came after it has everything.
	lastEventID = "concluded"
)

// events tells how a journey stands, and again whenever that changes, up to its
// outcome: server-sent events of the form that get answers.
func (s *Server) events(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	id, err := journeyOf(r, caller)
	if err != nil {
		return err
	}
	if r.Header.Get("Last-Event-ID") == lastEventID {
		w.WriteHeader(http.StatusNoContent) // Which tells a browser to stay away.
		return nil
	}
	news, err := s.follow.Subscribe(r.Context(), id.workflow, id.run, subscriber(caller))
	if err != nil {
		return err
	}
	defer news.Close()
	out := &stream{w: w, control: http.NewResponseController(w), now: s.now}
	for patience := firstAnswer; ; patience = heartbeat {
		state, err := soon(r.Context(), news, patience)
		switch {
		case err == nil:
			if err := s.tellEvent(r.Context(), out, id, caller, state); err != nil {
				return errors.Join(err, r.Context().Err()) // Canceled when nobody reads any more.
			}
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil:
			if err := out.send(": nothing new\n\n"); err != nil {
				return errors.Join(err, r.Context().Err())
			}
		default:
			return err
		}
	}
}

// subscriber is what a caller is to the hub.
func subscriber(caller access.Caller) follow.Subscriber {
	if caller.Journey != "" {
		return follow.Page
	}
	return follow.Trusted
}

// soon is the next state, or an error when there is none within the time.
func soon(ctx context.Context, news *follow.Subscription, patience time.Duration) (enroll.State, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return news.Next(ctx)
}

// tellEvent writes one event. That of the outcome has everything that get
// answers.
func (s *Server) tellEvent(ctx context.Context, out *stream, id journeyID, caller access.Caller, state enroll.State) error {
	body := bodyOf(id, client.Shown{Journey: state.Journey, Phase: state.Phase, State: &state})
	eventID := ""
	if body.Phase == enroll.Concluded {
		full, err := s.current(ctx, id)
		if err != nil {
			return err
		}
		body, eventID = full, "id: "+lastEventID+"\n"
	}
	if caller.Role == access.Relay {
		body = relayed(body)
	}
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	return out.send("event: journey\n" + eventID + "data: " + string(data) + "\n\n")
}

// stream is an answer of server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	now     func() time.Time
	begun   bool
}

// send writes events and comments, and gives up on a reader who does not read.
func (s *stream) send(text string) error {
	if err := s.control.SetWriteDeadline(s.now().Add(reader)); err != nil {
		return fmt.Errorf("set a deadline: %w", err)
	}
	if !s.begun {
		if err := s.begin(); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	if err := s.control.Flush(); err != nil {
		return fmt.Errorf("send an event: %w", err)
	}
	return nil
}

// begin writes what comes before the first event. A stream has no end that
// could be told before, so the deadline of reading is lifted: it would end the
// request's context.
func (s *stream) begin() error {
	s.begun = true
	if err := s.control.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift the deadline: %w", err)
	}
	head := s.w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("X-Accel-Buffering", "no") // For nginx, which would keep events back.
	_, err := fmt.Fprintf(s.w, "retry: %d\n\n", reconnect)
	return err
}
