package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func TestWebhook_finds_the_journey_by_each_of_its_operations(t *testing.T) {
	for name, request := range map[string]client.Request{
		"enrollment":  enrollment(shared.account(t)),
		"live_selfie": selfie(shared.account(t)),
	} {
		t.Run(name, func(t *testing.T) {
			started := shared.begin(t, "key", request)
			renewed, err := shared.Client().Renew(t.Context(), started.ID, started.RunID, "again")
			require.NoError(t, err)
			for _, handed := range []*enroll.HandOver{renewed.HandOver, started.HandOver} {
				before := webhooks(t, started)
				require.Eventually(t, func() bool { // The index takes a moment.
					_, err := shared.Client().Webhook(t.Context(), enroll.AuthID, handed.AuthID.OperationID)
					require.NoError(t, err)
					return webhooks(t, started) > before
				}, time.Minute, 200*time.Millisecond)
			}
			require.NoError(t, shared.Client().Cancel(t.Context(), started.ID, ""))
			require.Equal(t, enroll.Canceled, shared.outcome(t, started).Outcome)
			_, err = shared.Client().Webhook(t.Context(), enroll.AuthID, started.HandOver.AuthID.OperationID)
			require.NoError(t, err)
		})
	}
	told, err := shared.Client().Webhook(t.Context(), enroll.AuthID, "nobody's")
	require.NoError(t, err)
	require.False(t, told)
}

// webhooks counts the hints of the provider's own that the journey has had.
func webhooks(t *testing.T, started client.Started) int {
	t.Helper()
	shown, err := shared.Client().Show(t.Context(), started.ID, started.RunID)
	require.NoError(t, err)
	require.NotNil(t, shown.State, shown.StateMissing)
	return shown.State.Hints[enroll.Webhook]
}
