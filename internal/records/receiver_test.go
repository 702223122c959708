package records_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

func TestReceivers(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			store := f.open(t)
			signing, err := store.AddReceiver(t.Context(), shop, "olga", "the shop goes live")
			require.NoError(t, err)

			t.Run("have_a_secret_of_32_bytes", func(t *testing.T) {
				random, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(signing.Reveal(), "whsec_"))
				require.NoError(t, err)
				require.Len(t, random, 32)
			})
			t.Run("are_listed_without_secrets", func(t *testing.T) {
				found, err := store.Receivers(t.Context())
				require.NoError(t, err)
				require.Len(t, found, 1)
				require.Equal(t, "https://shop.example/hooks", found[0].URL)
				require.WithinDuration(t, time.Now(), found[0].CreatedAt, time.Minute)
				require.Equal(t, records.Receiver{Name: "shop", URL: found[0].URL, CreatedAt: found[0].CreatedAt}, found[0])
			})
			t.Run("have_names_of_their_own", func(t *testing.T) {
				_, err := store.AddReceiver(t.Context(), shop, "olga", "again")
				require.ErrorIs(t, err, records.ErrReceiverExists)
			})
			t.Run("are_told_what_comes_after_them", func(t *testing.T) {
				ended(t, store, "a")
				add(t, store, "late")
				require.Empty(t, listed(t, store, "late"))
				require.Len(t, listed(t, store, "shop"), 1)
			})
			t.Run("leave_nothing_behind_when_they_are_removed", func(t *testing.T) {
				ended(t, store, "b")
				held := claimAll(t, store, claimer("w1"))
				require.NoError(t, store.RemoveReceiver(t.Context(), "late", "olga", "closed"))
				require.ErrorIs(t, store.RemoveReceiver(t.Context(), "late", "olga", "closed"), records.ErrNoReceiver)
				add(t, store, "late")
				require.Empty(t, listed(t, store, "late"))
				for _, delivery := range held {
					require.NoError(t, store.Delivered(t.Context(), delivery, records.Attempt{Status: 200}), "an answer that comes late is nobody's fault")
				}
			})
			t.Run("are_in_the_audit_trail_with_who_and_why", func(t *testing.T) {
				entries, err := store.Audit(t.Context(), "")
				require.NoError(t, err)
				require.Equal(t, []string{"receiver_added", "olga", "shop: the shop goes live"}, []string{entries[0].What, entries[0].Who, entries[0].Detail})
				require.Equal(t, "receiver_removed", entries[2].What)
				for _, refused := range []error{
					store.RemoveReceiver(t.Context(), "shop", "", "why"), store.ResumeReceiver(t.Context(), "shop", "who", " "),
				} {
					var input *enroll.InputError
					require.ErrorAs(t, refused, &input)
				}
			})
			t.Run("keep_their_secrets_encrypted", func(t *testing.T) {
				var url, secrets []byte
				require.NoError(t, records.DB(store).QueryRowContext(t.Context(), "SELECT url, secrets FROM receivers WHERE name = 'shop'").Scan(&url, &secrets))
				require.NotContains(t, string(url)+string(secrets), "shop.example")
				require.NotContains(t, string(url)+string(secrets), "whsec")
				_, err := records.DB(store).ExecContext(t.Context(), "UPDATE receivers SET url = $1, secrets = $2 WHERE name = 'late'", url, secrets)
				require.NoError(t, err)
				found, err := store.Receivers(t.Context())
				require.NoError(t, err)
				require.Equal(t, []any{"late", true, ""}, []any{found[0].Name, found[0].Unreadable, found[0].URL}, "one receiver's do not pass for another's")
			})
		})
	}
}

func TestAddReceiver_refuses_what_cannot_be_reached(t *testing.T) {
	store := databases()[0].empty(t).open(t)
	for given, described := range map[string]string{
		"":                                       "nothing",
		"http://shop.example":                    "an http address",
		"ftp://shop.example":                     "an address of another kind",
		"shop.example":                           "an address of another kind",
		"https:shop.example":                     "an address of another kind",
		"https://":                               "an address without a host",
		"https:///hooks":                         "an address without a host",
		"https://shop.example:":                  "an address without a host or with an empty port",
		"https://shop.example:99999":             "a port that does not exist",
		"https://shop.example:65536/hunter2":     "a port that does not exist",
		"https://[2001:db8::1]:0":                "a port that does not exist",
		"https://hunter2@shop.example":           "an address with a login",
		"https://me:hunter2@shop.example":        "an address with a login",
		"https://shop.example/#hunter2":          "an address with a fragment",
		"https://shop.example/#":                 "an address with a fragment",
		"https://shop.example/hunter2 x":         "what is no URL",
		"https://shop.example/\nhunter2":         "what is no URL",
		"https://shop.example:hunter2/":          "what is no URL",
		"https://x/" + strings.Repeat("y", 2040): "2050 bytes",
	} {
		t.Run(described, func(t *testing.T) {
			_, err := store.AddReceiver(t.Context(), records.NewReceiver{Name: "shop", URL: enroll.Secret(given)}, "olga", "test")
			var input *enroll.InputError
			require.ErrorAs(t, err, &input)
			require.Contains(t, input.Fields[0].Given, described)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	for _, name := range []string{"", "Shop", "-shop", "a b", "ä", strings.Repeat("x", 41), "a\n"} {
		t.Run("name_"+name, func(t *testing.T) {
			_, err := store.AddReceiver(t.Context(), records.NewReceiver{Name: name, URL: shop.URL}, "olga", "test")
			var input *enroll.InputError
			require.ErrorAs(t, err, &input)
			require.Equal(t, "name", input.Fields[0].Field)
		})
	}
	t.Run("unless_http_is_allowed", func(t *testing.T) {
		_, err := store.AddReceiver(t.Context(), records.NewReceiver{Name: "local", URL: "http://127.0.0.1:9000/hook", AllowHTTP: true}, "olga", "test")
		require.NoError(t, err)
	})
	t.Run("and_more_than_there_may_be", func(t *testing.T) {
		for i := range 49 {
			add(t, store, fmt.Sprintf("r%d", i))
		}
		_, err := store.AddReceiver(t.Context(), shop, "olga", "one more")
		require.ErrorIs(t, err, records.ErrTooManyReceivers)
	})
}

func TestNewReceiverSecret(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			first := add(t, store, "shop")[0]
			// signs returns the secrets that sign what is delivered now.
			signs := func() []enroll.Secret {
				_, err := store.Redeliver(t.Context(), records.Redelivery{Receiver: "shop", Since: began}, "olga", "test")
				require.NoError(t, err)
				return claimAll(t, store, claimer("w1"))[0].Secrets
			}
			ended(t, store, "a")
			second, err := store.NewReceiverSecret(t.Context(), "shop", false, "olga", "the yearly change")
			require.NoError(t, err)
			require.Equal(t, []enroll.Secret{second, first}, signs())
			found, err := store.Receivers(t.Context())
			require.NoError(t, err)
			require.Len(t, found[0].SecretsEnd, 1)
			require.WithinDuration(t, time.Now().Add(24*time.Hour), found[0].SecretsEnd[0], time.Minute)

			third, err := store.NewReceiverSecret(t.Context(), "shop", false, "olga", "a slip")
			require.NoError(t, err)
			require.Equal(t, []enroll.Secret{third, second, first}, signs())
			_, err = store.NewReceiverSecret(t.Context(), "shop", false, "olga", "another slip")
			require.ErrorIs(t, err, records.ErrTooManySecrets)
			fourth, err := store.NewReceiverSecret(t.Context(), "shop", true, "olga", "it leaked")
			require.NoError(t, err)
			require.Equal(t, []enroll.Secret{fourth}, signs())
			_, err = store.NewReceiverSecret(t.Context(), "nobody", false, "olga", "test")
			require.ErrorIs(t, err, records.ErrNoReceiver)
		})
	}
}

func TestRedeliver(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			add(t, store, "shop")
			ended(t, store, "a", "b", "c")
			for _, delivery := range claimAll(t, store, claimer("w1")) {
				require.NoError(t, store.Delivered(t.Context(), delivery, records.Attempt{Status: 200}))
			}
			events := listed(t, store, "shop") // The newest first.
			require.Len(t, events, 3)
			redeliver := func(t *testing.T, r records.Redelivery) int {
				t.Helper()
				count, err := store.Redeliver(t.Context(), r, "olga", "the shop lost its database")
				require.NoError(t, err)
				return count
			}

			t.Run("sends_one_event_again", func(t *testing.T) {
				require.Equal(t, 1, redeliver(t, records.Redelivery{Receiver: "shop", Event: events[1].Event}))
				claimed := claimAll(t, store, claimer("w1"))
				require.Len(t, claimed, 1)
				require.Equal(t, events[1].Event, claimed[0].Event)
				require.Equal(t, 1, claimed[0].Attempt)
			})
			t.Run("sends_a_range_again", func(t *testing.T) {
				require.Equal(t, 2, redeliver(t, records.Redelivery{Receiver: "shop", Since: events[2].At, Until: events[0].At}))
				require.Len(t, claimAll(t, store, claimer("w1")), 2)
				require.Equal(t, 1, redeliver(t, records.Redelivery{Receiver: "shop", Since: events[0].At}))
				require.Zero(t, redeliver(t, records.Redelivery{Receiver: "shop", Since: time.Now().Add(-time.Microsecond)}))
			})
			t.Run("sends_what_came_before_the_receiver", func(t *testing.T) {
				add(t, store, "late")
				require.Equal(t, 3, redeliver(t, records.Redelivery{Receiver: "late", Since: events[2].At}))
				require.Len(t, listed(t, store, "late"), 3)
			})
			t.Run("does_not_believe_the_attempt_before", func(t *testing.T) {
				before := claimAll(t, store, claimer("w1"))[0]
				redeliver(t, records.Redelivery{Receiver: before.Receiver, Event: before.Event})
				require.ErrorIs(t, store.GiveUp(t.Context(), before, records.Attempt{Status: 500}), records.ErrNotHeld)
			})
			t.Run("refuses_what_chooses_nothing", func(t *testing.T) {
				_, err := store.Redeliver(t.Context(), records.Redelivery{Receiver: "shop", Event: "evt_x"}, "olga", "test")
				require.ErrorIs(t, err, records.ErrNoEvent)
				_, err = store.Redeliver(t.Context(), records.Redelivery{Receiver: "nobody", Event: events[0].Event}, "olga", "test")
				require.ErrorIs(t, err, records.ErrNoReceiver)
				for _, odd := range []records.Redelivery{
					{Receiver: "shop"}, {Receiver: "shop", Event: "e", Since: began}, {Receiver: "shop", Since: began, Until: began},
				} {
					_, err = store.Redeliver(t.Context(), odd, "olga", "test")
					var input *enroll.InputError
					require.ErrorAs(t, err, &input)
				}
			})
			t.Run("takes_any_number_of_events", func(t *testing.T) {
				_, err := records.DB(store).ExecContext(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
					INSERT INTO events (id, record, sequence, type, at, body) SELECT 'evt_' || i, 'a', i + 1, 'x', 1000 + i / 7, '{}' FROM n`)
				require.NoError(t, err)
				add(t, store, "patient")
				require.Equal(t, 2500, redeliver(t, records.Redelivery{Receiver: "patient", Since: time.UnixMicro(1000), Until: time.UnixMicro(2000)}))
				require.NoError(t, store.ResumeReceiver(t.Context(), "patient", "olga", "test"))
				claimed, _, err := store.ClaimDeliveries(t.Context(), claimer("w1"), 3000, skipped("shop", "late"))
				require.NoError(t, err)
				require.Len(t, claimed, 2500)
			})
			t.Run("is_in_the_audit_trail", func(t *testing.T) {
				require.Contains(t, whats(t, store, ""), "redelivered shop: the shop lost its database")
			})
		})
	}
}

func TestDeliveries(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			add(t, store, "shop")
			ended(t, store, "a", "b", "c", "d")
			claimed := claimAll(t, store, claimer("w1"))
			require.NoError(t, store.Delivered(t.Context(), claimed[0], records.Attempt{Status: 200}))
			require.NoError(t, store.GiveUp(t.Context(), claimed[1], records.Attempt{Status: 500}))

			t.Run("come_in_pages_newest_first", func(t *testing.T) {
				var journeys []string
				filter := records.DeliveryFilter{Receiver: "shop", Limit: 3}
				for {
					page, err := store.Deliveries(t.Context(), filter)
					require.NoError(t, err)
					for _, delivery := range page.Deliveries {
						journeys = append(journeys, delivery.Journey)
					}
					if filter.After = page.Next; page.Next == "" {
						break
					}
				}
				require.Equal(t, []string{"authid-d.run-1", "authid-c.run-1", "authid-b.run-1", "authid-a.run-1"}, journeys)
			})
			t.Run("are_filtered_by_state", func(t *testing.T) {
				for state, count := range map[records.DeliveryState]int{
					records.DeliveryPending: 2, records.DeliveryDelivered: 1, records.DeliveryGivenUp: 1, records.DeliveryGone: 0,
				} {
					page, err := store.Deliveries(t.Context(), records.DeliveryFilter{Receiver: "shop", State: state})
					require.NoError(t, err)
					require.Len(t, page.Deliveries, count, state)
				}
			})
			t.Run("refuse_an_odd_filter", func(t *testing.T) {
				_, err := store.Deliveries(t.Context(), records.DeliveryFilter{Receiver: "nobody"})
				require.ErrorIs(t, err, records.ErrNoReceiver)
				_, err = store.Deliveries(t.Context(), records.DeliveryFilter{Receiver: "shop", State: "lost"})
				var input *enroll.InputError
				require.ErrorAs(t, err, &input)
				_, err = store.Deliveries(t.Context(), records.DeliveryFilter{Receiver: "shop", After: "x"})
				require.ErrorIs(t, err, records.ErrNoNext)
			})
			t.Run("go_with_their_record", func(t *testing.T) {
				for _, id := range []string{"a", "b", "c", "d"} { // Unknown outcomes stay until they are resolved.
					require.NoError(t, store.Resolve(t.Context(), enroll.RecordID(id), enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "seen"}))
				}
				require.Len(t, listed(t, store, "shop"), 8)
				_, err := store.Erase(t.Context(), enroll.AuthID, "hash-a")
				require.NoError(t, err)
				require.Len(t, listed(t, store, "shop"), 8, "nothing in them is personal")
				swept, err := store.Sweep(t.Context(), time.Now())
				require.NoError(t, err)
				require.Equal(t, 4, swept)
				require.Empty(t, listed(t, store, "shop"))
			})
		})
	}
}

// TestReceivers_come_and_go_while_journeys_end: an outcome is recorded whatever
// happens to receivers meanwhile.
func TestReceivers_come_and_go_while_journeys_end(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			store, other := f.open(t), f.open(t)
			add(t, store, "constant")
			const journeys = 30
			done := make(chan struct{})
			var failed []error
			var group sync.WaitGroup
			group.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					_, err := other.AddReceiver(t.Context(), shop, "olga", "test")
					failed = append(failed, err, other.RemoveReceiver(t.Context(), shop.Name, "olga", "test"))
				}
			})
			for i := range journeys {
				ended(t, store, fmt.Sprintf("j%d", i))
			}
			close(done)
			group.Wait()
			for _, err := range failed {
				require.NoError(t, err)
			}
			require.Len(t, listed(t, store, "constant"), journeys)
		})
	}
}
