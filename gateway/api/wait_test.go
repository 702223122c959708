package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
	"github.com/bioenroll/bioenroll/gateway/follow"
)

// open is a journey that has its outcome and has not closed yet.
type open struct{ scripted }

func (*open) Wait(ctx context.Context, _, _ string) (enroll.Result, error) {
	<-ctx.Done()
	return enroll.Result{}, ctx.Err()
}

// TestWait asks over a connection, whose deadlines end the context of a request
// that takes longer.
func TestWait(t *testing.T) {
	hub := follow.New(make(states), follow.DefaultLimits())
	t.Cleanup(hub.Close)
	server := httptest.NewServer(api.New(api.Options{
		Journeys: &scripted{shown: waiting()}, Access: &doorkeeper{}, Follow: hub, Log: zap.NewNop(),
	}).Handler())
	t.Cleanup(server.Close)

	t.Run("does_not_wait_for_what_a_concluded_journey_takes_back", func(t *testing.T) {
		result := enroll.Result{Journey: enroll.IProovPhotoEnroll, Verdict: enroll.Verdict{Outcome: enroll.Rejected}, UserID: enroll.Redacted}
		state := enroll.State{Journey: enroll.IProovPhotoEnroll, Phase: enroll.Concluded, Result: &result}
		s := &open{scripted{shown: client.Shown{Journey: enroll.IProovPhotoEnroll, Phase: enroll.Concluded, State: &state}}}
		synctest.Test(t, func(t *testing.T) {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, journey, http.NoBody)
			request.Header.Set("Authorization", "Bearer backend")
			recorder := httptest.NewRecorder()
			api.New(api.Options{Journeys: s, Access: &doorkeeper{}, Log: zap.NewNop()}).Handler().ServeHTTP(recorder, request)
			body := told(t, recorder.Result(), http.StatusOK)
			require.Equal(t, "rejected", body["outcome"])
			require.NotContains(t, body, "details", "of which only hidden ones are known")
		})
	})
	t.Run("ends_at_once_when_as_many_wait_as_may", func(t *testing.T) {
		crowded := follow.New(make(states), follow.Limits{Journeys: 1, Subscribers: 2, PerJourney: 1, Pages: 1})
		t.Cleanup(crowded.Close)
		other, err := crowded.Subscribe(t.Context(), journeyID, runID, follow.Trusted)
		require.NoError(t, err)
		defer other.Close()
		url := serving(t, &scripted{shown: waiting()}, func(o *api.Options) { o.Follow = crowded })
		for _, role := range []access.Role{access.Backend, access.Relay} {
			answer := send(t, url, http.MethodGet, journey+"?wait=50", role, http.NoBody)
			require.Equal(t, "waiting", told(t, answer, http.StatusOK)["phase"])
		}
	})
	t.Run("ends_with_the_phase_that_there_is", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+journey+"?wait=1", http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer backend")
		answer, err := server.Client().Do(request)
		require.NoError(t, err)
		require.Equal(t, "waiting", told(t, answer, http.StatusOK)["phase"])
	})
}
