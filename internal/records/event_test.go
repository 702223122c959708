package records_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

func TestEvents(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			add(t, store, "shop", "bank")
			body := func(delivery records.Delivery) enroll.OutcomeEvent {
				var event enroll.OutcomeEvent
				require.NoError(t, json.Unmarshal(delivery.Body, &event))
				require.Equal(t, delivery.At, event.Timestamp)
				return event
			}
			// said returns the one event that was told since, to each receiver.
			said := func(t *testing.T) (records.Delivery, enroll.OutcomeEvent) {
				t.Helper()
				claimed := claimAll(t, store, claimer("w1"))
				require.Len(t, claimed, 2)
				require.Equal(t, claimed[0].Event, claimed[1].Event)
				require.Equal(t, string(claimed[0].Body), string(claimed[1].Body))
				require.NotEqual(t, claimed[0].Receiver, claimed[1].Receiver)
				for _, delivery := range claimed {
					require.NoError(t, store.Delivered(t.Context(), delivery, records.Attempt{Status: 204}))
				}
				return claimed[0], body(claimed[0])
			}
			var concluded enroll.OutcomeData

			t.Run("tell_the_first_outcome_alone", func(t *testing.T) {
				reset := opening("a")
				reset.RunID = "run-2"
				_, err := store.Begin(t.Context(), opening("a"))
				require.NoError(t, err)
				for _, outcome := range []enroll.Outcome{enroll.Unknown, enroll.Enrolled} {
					_, err := store.Conclude(t.Context(), records.Conclusion{Opening: reset, Result: result(outcome)})
					require.NoError(t, err)
				}
				_, event := said(t)
				require.Equal(t, enroll.EventConcluded, event.Type)
				concluded = event.Data
				require.Equal(t, enroll.OutcomeData{
					ID: "authid-a.run-1", Journey: enroll.AuthIDEnroll, Provider: enroll.AuthID, Sequence: 1,
					Outcome: enroll.Unknown, Reason: enroll.ReasonDeclined, ProviderCode: "7", CanRetry: true, ConcludedAt: began.Add(time.Minute),
				}, concluded)
			})
			t.Run("tell_a_resolution_once", func(t *testing.T) {
				resolution := enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "Anna is there", At: began.Add(time.Hour)}
				for range 2 {
					require.NoError(t, store.Resolve(t.Context(), "a", resolution))
				}
				delivery, event := said(t)
				require.Equal(t, enroll.EventResolved, event.Type)
				expected := concluded
				expected.Sequence, expected.Resolution = 2, &enroll.ResolvedOutcome{Outcome: enroll.Enrolled, At: resolution.At}
				require.Equal(t, expected, event.Data)
				require.NotContains(t, string(delivery.Body), "olga")
			})
			t.Run("tell_once_what_a_watch_found", func(t *testing.T) {
				for range 2 {
					require.NoError(t, store.Watched(t.Context(), "a", enroll.Watched{Completed: true, Kept: enroll.KeptBySetting}))
				}
				_, event := said(t)
				require.Equal(t, enroll.EventWatched, event.Type)
				require.Equal(t, 3, event.Data.Sequence)
				require.Equal(t, &enroll.FoundLate{Completed: true, Kept: enroll.KeptBySetting}, event.Data.Found)
				require.NotNil(t, event.Data.Resolution)
			})
			t.Run("hold_nothing_personal", func(t *testing.T) {
				rows, err := records.DB(store).QueryContext(t.Context(), "SELECT body FROM events")
				require.NoError(t, err)
				defer rows.Close() //nolint:errcheck // Err tells what matters
				for rows.Next() {
					var text string
					require.NoError(t, rows.Scan(&text))
					for _, personal := range []string{"nna", "hash-a", "digest-a", "user", "olga"} {
						require.NotContains(t, strings.ReplaceAll(text, "authid-a", ""), personal)
					}
				}
				require.NoError(t, rows.Err())
			})
			t.Run("are_those_of_transactions_that_took_effect", func(t *testing.T) {
				_, err := records.DB(store).ExecContext(t.Context(), "INSERT INTO events (id, record, sequence, type, at, body) VALUES ('evt_x', 'a', 9, 'x', 0, '{}')")
				require.NoError(t, err)
				tx, err := records.DB(store).BeginTx(t.Context(), nil)
				require.NoError(t, err)
				_, err = tx.ExecContext(t.Context(), "DELETE FROM events WHERE id = 'evt_x'")
				require.NoError(t, err)
				require.NoError(t, tx.Commit(), "its deliveries went with it")
				records.FailNextCommit(store)
				_, err = store.Conclude(t.Context(), records.Conclusion{Opening: opening("b"), Result: result(enroll.Enrolled)})
				require.Error(t, err)
				require.Empty(t, claimAll(t, store, claimer("w1")))
				_, err = store.Conclude(t.Context(), records.Conclusion{Opening: opening("b"), Result: result(enroll.Enrolled)})
				require.NoError(t, err)
				require.Len(t, claimAll(t, store, claimer("w1")), 2)
			})
			t.Run("wake_whoever_waits_in_this_process", func(t *testing.T) {
				select {
				case <-store.Woken():
				default:
				}
				ended(t, store, "c", "d")
				<-store.Woken()
				select {
				case <-store.Woken():
					t.Fatal("it is told once")
				default:
				}
			})
		})
	}
}
