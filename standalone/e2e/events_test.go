package e2e_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/demo"
)

// received is one request that a receiver got, as the library of Standard
// Webhooks has verified it.
type received struct {
	id, body string
	event    enroll.OutcomeEvent
	wrong    error
}

// audience is a receiver that accepts everything.
type audience struct {
	name   string
	secret chan enroll.Secret
	got    chan received
}

// receiver adds a receiver to the system for the time of a test.
func (s *system) receiver(t *testing.T, name string) *audience {
	t.Helper()
	b := &audience{name: name, secret: make(chan enroll.Secret, 1), got: make(chan received, 100)}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	by := client.By{Who: "e2e", Why: "a test"}
	secret, err := s.Client().AddReceiver(t.Context(), name, enroll.Secret(server.URL+"/hooks?token=e2e"), by)
	require.NoError(t, err)
	b.secret <- secret
	return b
}

// unsubscribe ends what is sent to the receiver.
func (s *system) unsubscribe(t *testing.T, b *audience) {
	t.Helper()
	require.NoError(t, s.Client().RemoveReceiver(t.Context(), b.name, client.By{Who: "e2e", Why: "the test is over"}))
}

// ServeHTTP takes an event, like a backend that does the work afterwards.
func (b *audience) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	one := received{id: r.Header.Get("Webhook-Id"), body: string(body), wrong: err}
	secret := <-b.secret
	b.secret <- secret
	if hook, err := standardwebhooks.NewWebhook(secret.Reveal()); err != nil {
		one.wrong = err
	} else if err := hook.Verify(body, r.Header); err != nil {
		one.wrong = err
	} else {
		one.wrong = json.Unmarshal(body, &one.event)
	}
	b.got <- one
	w.WriteHeader(http.StatusNoContent)
}

// next returns the next event of one of the journeys. What other tests do
// meanwhile is told, too, and passed over.
func (b *audience) next(t *testing.T, ids ...string) received {
	t.Helper()
	patience := time.After(time.Minute)
	for {
		select {
		case one := <-b.got:
			require.NoError(t, one.wrong)
			if slices.Contains(ids, one.event.Data.ID) {
				return one
			}
		case <-patience:
			require.Fail(t, "no event", "%v", ids)
		}
	}
}

func TestOutcomeEvents(t *testing.T) {
	b := shared.receiver(t, "e2e")
	door := shared.storefront()

	t.Run("tell_of_every_kind_of_journey_once", func(t *testing.T) {
		played := &demo.Demo{
			Client: shared.Client(), User: shared.user, Notebook: demo.NewNotebook(filepath.Join(t.TempDir(), "notebook.json")), JourneyID: shared.JourneyID,
			Progress: t.Logf,
		}
		rows := played.Run(t.Context(), subject())
		require.True(t, demo.AllAsExpected(rows), "%+v", rows)
		expected := map[string]demo.Row{}
		for _, row := range rows {
			expected[enroll.JourneyID(row.ID, row.RunID)] = row
		}
		require.Len(t, expected, len(enroll.Catalogue()))
		for len(expected) > 0 {
			one := b.next(t, slices.Collect(maps.Keys(expected))...)
			told, row := one.event, expected[one.event.Data.ID]
			delete(expected, told.Data.ID)
			require.Equal(t, enroll.EventConcluded, told.Type)
			require.Equal(t, []any{row.Journey, row.Outcome, 1}, []any{told.Data.Journey, told.Data.Outcome, told.Data.Sequence})
			for _, personal := range []string{"demo-", "bws.1."} {
				require.NotContains(t, one.body, personal, "who it is")
			}
			var shown struct {
				Outcome enroll.Outcome `json:"outcome"`
			}
			door.read(t, http.StatusOK, door.key, http.MethodGet, "/v1/journeys/"+told.Data.ID, "", &shown)
			require.Equal(t, row.Outcome, shown.Outcome, "the journey's ID is that of the API")
		}
	})

	t.Run("tell_what_an_operator_found_out", func(t *testing.T) {
		request := enrollment("magic-enroll-sms-lost")
		request.TransportType = 1
		started, err := shared.Client().Start(t.Context(), subject(), request)
		require.NoError(t, err)
		require.Equal(t, enroll.Unknown, started.Result.Outcome)
		id := enroll.JourneyID(started.ID, started.RunID)
		first := b.next(t, id)
		shown, err := shared.Client().Show(t.Context(), started.ID, started.RunID)
		require.NoError(t, err)
		require.NoError(t, shared.Client().Resolve(t.Context(), shown.Record, enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "seen in the portal"}))
		second := b.next(t, id)
		require.Equal(t, []any{enroll.EventConcluded, 1, enroll.EventResolved, 2},
			[]any{first.event.Type, first.event.Data.Sequence, second.event.Type, second.event.Data.Sequence})
		require.Equal(t, enroll.Enrolled, second.event.Data.Resolution.Outcome)
		require.NotContains(t, second.body, "olga")

		count, err := shared.Client().Redeliver(t.Context(), client.Redelivery{Receiver: b.name, Event: enroll.EventID(first.id)}, client.By{Who: "olga", Why: "it was lost"})
		require.NoError(t, err)
		require.Equal(t, 1, count)
		again := b.next(t, id)
		require.Equal(t, []string{first.id, first.body}, []string{again.id, again.body}, "a receiver can tell that it is the same")
	})
	shared.unsubscribe(t, b)
}
