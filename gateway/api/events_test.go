package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
	"github.com/bioenroll/bioenroll/gateway/follow"
)

// states is where a journey's states come from; closing it ends them.
type states chan enroll.State

func (s states) Follow(ctx context.Context, _, _ string) iter.Seq2[enroll.State, error] {
	return func(yield func(enroll.State, error) bool) {
		for {
			select {
			case state, more := <-s:
				if !more {
					yield(enroll.State{}, client.ErrNotFound)
					return
				}
				if !yield(state, nil) || state.Result != nil {
					return
				}
			case <-ctx.Done():
				yield(enroll.State{}, ctx.Err())
				return
			}
		}
	}
}

// line is a connection with deadlines, which a recorder has not.
type line struct {
	*httptest.ResponseRecorder

	broken bool
}

func (*line) SetReadDeadline(time.Time) error  { return nil }
func (*line) SetWriteDeadline(time.Time) error { return nil }

func (l *line) Write(p []byte) (int, error) {
	if l.broken {
		return 0, errors.New("hung up")
	}
	return l.ResponseRecorder.Write(p)
}

// stream asks for events in a bubble of its own and returns what came, once
// the answer has ended.
func (s *scripted) stream(t *testing.T, role access.Role, from states, l *line, play func()) {
	t.Helper()
	hub := follow.New(from, follow.Limits{Journeys: 1, Subscribers: 1, PerJourney: 1, Pages: 1})
	defer hub.Close()
	server := api.New(api.Options{Journeys: s, Access: &doorkeeper{}, Follow: hub, Log: zap.NewNop()})
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, journey+"/events", nil)
	request.Header.Set("Authorization", "Bearer "+string(role))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Handler().ServeHTTP(l, request)
	}()
	play()
	<-ended
	for line := range strings.Lines(l.Body.String()) {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(data))
			require.NoError(t, err)
			require.NoError(t, published().check("/components/schemas/Journey", value), "%s", data)
			require.Empty(t, published().undescribed("/components/schemas/Journey", value), "%s", data)
		}
	}
}

func TestEvents(t *testing.T) {
	result := enroll.Result{Journey: enroll.IProovPhotoEnroll, Verdict: enroll.Verdict{Outcome: enroll.Enrolled}, UserID: "u-1"}
	concluded := enroll.State{Journey: enroll.IProovPhotoEnroll, Phase: enroll.Concluded, Result: &result}
	now := enroll.State{Journey: enroll.IProovPhotoEnroll, Phase: enroll.Waiting, WaitingOn: "person", Since: noon}
	complete := func() *scripted {
		return &scripted{result: result, shown: client.Shown{Journey: enroll.IProovPhotoEnroll, Phase: enroll.Concluded, State: &concluded}}
	}

	t.Run("tell_each_change_and_end_with_the_outcome", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			from, l := make(states), &line{ResponseRecorder: httptest.NewRecorder()}
			complete().stream(t, access.Backend, from, l, func() {
				from <- now
				synctest.Wait()
				from <- concluded
			})
			require.Equal(t, "text/event-stream", l.Header().Get("Content-Type"))
			events := strings.Split(strings.TrimSpace(l.Body.String()), "\n\n")
			require.Len(t, events, 3, "%q", events)
			require.Equal(t, "retry: 2000", events[0])
			require.Contains(t, events[1], "event: journey\ndata: {")
			require.Contains(t, events[1], `"phase":"waiting"`)
			require.Contains(t, events[2], "event: journey\nid: concluded\ndata: {")
			require.Contains(t, events[2], `"user_id":"u-1"`, "everything that get answers")
		})
	})
	t.Run("tell_a_frontend_the_phase_and_no_outcome", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			from, l := make(states), &line{ResponseRecorder: httptest.NewRecorder()}
			complete().stream(t, access.Relay, from, l, func() { from <- concluded })
			_, data, _ := strings.Cut(l.Body.String(), "data: ")
			var told map[string]any
			require.NoError(t, json.Unmarshal([]byte(data), &told))
			require.Equal(t, "concluded", told["phase"])
			require.NotContains(t, told, "outcome")
			require.NotContains(t, told, "details")
		})
	})
	t.Run("say_now_and_then_that_nothing_is_new", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			from, l := make(states), &line{ResponseRecorder: httptest.NewRecorder()}
			complete().stream(t, access.Backend, from, l, func() {
				time.Sleep(35 * time.Second) // The bubble's clock: after 3, 18 and 33 seconds.
				from <- concluded
			})
			require.Equal(t, 3, strings.Count(l.Body.String(), ": nothing new\n\n"))
		})
	})
	t.Run("of_a_journey_that_is_not_there_are_not_found", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			from, l := make(states), &line{ResponseRecorder: httptest.NewRecorder()}
			complete().stream(t, access.Backend, from, l, func() { close(from) })
			requireProblem(t, l.Result(), http.StatusNotFound, api.NotFound)
		})
	})
	t.Run("end_when_nobody_reads", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			from, l := make(states), &line{ResponseRecorder: httptest.NewRecorder(), broken: true}
			complete().stream(t, access.Backend, from, l, func() { from <- now })
			require.Empty(t, l.Body.String())
		})
	})
	t.Run("are_not_sent_again_after_the_outcome", func(t *testing.T) {
		answer := complete().ask(t, access.Backend, http.MethodGet, journey+"/events", "", "Last-Event-ID", "concluded")
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusNoContent, answer.StatusCode)
	})
	t.Run("leave_places_of_a_journey_to_its_backend", func(t *testing.T) {
		hub := follow.New(make(states), follow.Limits{Journeys: 1, Subscribers: 3, PerJourney: 3, Pages: 1})
		defer hub.Close()
		page, err := hub.Subscribe(t.Context(), journeyID, runID, follow.Page)
		require.NoError(t, err)
		defer page.Close()
		handler := api.New(api.Options{Journeys: complete(), Access: &doorkeeper{}, Follow: hub, Log: zap.NewNop()}).Handler()
		ask := func(role access.Role) *http.Response {
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // Whoever finds a place does not stay.
			request := httptest.NewRequestWithContext(ctx, http.MethodGet, journey+"/events", nil)
			request.Header.Set("Authorization", "Bearer "+string(role))
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			return recorder.Result()
		}
		refused := ask(access.Relay)
		require.Equal(t, "1", refused.Header.Get("Retry-After"))
		requireProblem(t, refused, http.StatusTooManyRequests, api.TooManyRequests)
		requireProblem(t, ask(access.Backend), http.StatusServiceUnavailable, api.Unavailable)
	})
	t.Run("are_refused_while_there_is_no_room", func(t *testing.T) {
		full := follow.New(make(states), follow.Limits{})
		server := api.New(api.Options{Journeys: complete(), Access: &doorkeeper{}, Follow: full, Log: zap.NewNop()})
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, journey+"/events", nil)
		request.Header.Set("Authorization", "Bearer backend")
		recorder := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorder, request)
		require.Equal(t, "5", recorder.Header().Get("Retry-After"))
		requireProblem(t, recorder.Result(), http.StatusServiceUnavailable, api.Unavailable)
	})
}
