package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/gateway/api"
	"github.com/bioenroll/bioenroll/gateway/follow"
)

// TestWait asks over a connection, whose deadlines end the context of a request
// that takes longer.
func TestWait(t *testing.T) {
	hub := follow.New(make(states), follow.DefaultLimits())
	t.Cleanup(hub.Close)
	server := httptest.NewServer(api.New(api.Options{
		Journeys: &scripted{shown: waiting()}, Access: &doorkeeper{}, Follow: hub, Log: zap.NewNop(),
	}).Handler())
	t.Cleanup(server.Close)

	t.Run("ends_with_the_phase_that_there_is", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+journey+"?wait=1", http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer backend")
		answer, err := server.Client().Do(request)
		require.NoError(t, err)
		require.Equal(t, "waiting", told(t, answer, http.StatusOK)["phase"])
	})
}
