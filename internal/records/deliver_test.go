package records_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// shop is a receiver that is acceptable.
var shop = records.NewReceiver{Name: "shop", URL: "https://shop.example/hooks?token=secret-token"}

// add adds receivers by their names and returns their secrets.
func add(t *testing.T, store *records.Store, names ...string) []enroll.Secret {
	t.Helper()
	var all []enroll.Secret
	for _, name := range names {
		signing, err := store.AddReceiver(t.Context(), records.NewReceiver{Name: name, URL: enroll.Secret("https://" + name + ".example")}, "olga", "test")
		require.NoError(t, err)
		all = append(all, signing)
	}
	return all
}

// ended records journeys that ended.
func ended(t *testing.T, store *records.Store, ids ...string) {
	t.Helper()
	for _, id := range ids {
		_, err := store.Conclude(t.Context(), records.Conclusion{Opening: opening(id), Result: result(enroll.Unknown)})
		require.NoError(t, err)
	}
}

// claimer returns who has time.
func claimer(id string) records.Claimer {
	return records.Claimer{ID: id, Lease: time.Hour}
}

// claimAll claims what is due.
func claimAll(t *testing.T, store *records.Store, c records.Claimer) []records.Delivery {
	t.Helper()
	claimed, _, err := store.ClaimDeliveries(t.Context(), c, 100, nil)
	require.NoError(t, err)
	return claimed
}

// skipped leaves receivers out.
func skipped(names ...string) []records.Skip {
	skip := make([]records.Skip, len(names))
	for i, name := range names {
		skip[i].Receiver = name
	}
	return skip
}

// listed returns the deliveries to a receiver.
func listed(t *testing.T, store *records.Store, receiver string) []records.DeliveryStatus {
	t.Helper()
	page, err := store.Deliveries(t.Context(), records.DeliveryFilter{Receiver: receiver})
	require.NoError(t, err)
	return page.Deliveries
}

func TestClaimDeliveries(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			t.Run("gives_what_an_attempt_needs", func(t *testing.T) {
				store := database.empty(t).open(t)
				signing, err := store.AddReceiver(t.Context(), shop, "olga", "test")
				require.NoError(t, err)
				ended(t, store, "a")
				claimed := claimAll(t, store, claimer("w1"))
				require.Len(t, claimed, 1)
				require.Equal(t, "shop", claimed[0].Receiver)
				require.Equal(t, shop.URL, claimed[0].URL)
				require.Equal(t, []enroll.Secret{signing}, claimed[0].Secrets)
				require.Equal(t, 1, claimed[0].Attempt)
				require.NotContains(t, fmt.Sprintf("%+v", claimed[0]), "secret-token")
			})
			t.Run("gives_each_delivery_to_one_of_many", func(t *testing.T) {
				f := database.empty(t)
				stores := []*records.Store{f.open(t), f.open(t)}
				add(t, stores[0], "shop", "bank")
				const journeys = 20
				for i := range journeys {
					ended(t, stores[0], fmt.Sprintf("j%d", i))
				}
				var group sync.WaitGroup
				var mutex sync.Mutex
				claims := map[string]int{}
				errs := make([]error, 8)
				for i := range errs {
					group.Go(func() {
						c := claimer(fmt.Sprintf("w%d", i))
						for {
							claimed, _, err := stores[i%len(stores)].ClaimDeliveries(t.Context(), c, 6, nil)
							if errs[i] = err; err != nil || len(claimed) == 0 {
								return
							}
							mutex.Lock()
							for _, delivery := range claimed {
								claims[delivery.Receiver+string(delivery.Event)]++
							}
							mutex.Unlock()
						}
					})
				}
				group.Wait()
				require.NoError(t, errors.Join(errs...))
				// Those who found everything held by others have gone: what is left is due.
				for _, delivery := range claimAll(t, stores[0], claimer("last")) {
					claims[delivery.Receiver+string(delivery.Event)]++
				}
				require.Len(t, claims, 2*journeys)
				for name, count := range claims {
					require.Equal(t, 1, count, name)
				}
			})
			t.Run("gives_it_again_when_the_lease_ran_out", func(t *testing.T) {
				store := database.empty(t).open(t)
				add(t, store, "shop")
				ended(t, store, "a")
				short := claimer("w1")
				short.Lease = time.Microsecond
				died := claimAll(t, store, short)
				require.Len(t, died, 1)
				again := claimAll(t, store, claimer("w2"))
				require.Len(t, again, 1)
				require.Equal(t, died[0].Event, again[0].Event, "the same event")
				require.Equal(t, string(died[0].Body), string(again[0].Body))
				require.Equal(t, 1, again[0].Attempt, "nobody knows how the attempt ended")

				late := records.Attempt{Trouble: "timeout"}
				require.ErrorIs(t, store.Postpone(t.Context(), died[0], late, time.Now()), records.ErrNotHeld)
				require.ErrorIs(t, store.GiveUp(t.Context(), died[0], late), records.ErrNotHeld)
				require.ErrorIs(t, store.Gone(t.Context(), died[0], records.Attempt{Status: 410}), records.ErrNotHeld)
				require.Equal(t, "w2", listed(t, store, "shop")[0].HeldBy)
				require.NoError(t, store.Delivered(t.Context(), died[0], records.Attempt{Status: 200}), "it was delivered, whoever held it")
				require.Equal(t, records.DeliveryDelivered, listed(t, store, "shop")[0].State)
				require.ErrorIs(t, store.Postpone(t.Context(), again[0], late, time.Now()), records.ErrNotHeld)
			})
			t.Run("shares_the_limit_among_receivers", func(t *testing.T) {
				store := database.empty(t).open(t)
				add(t, store, "bank", "full", "shop")
				for i := range 6 {
					ended(t, store, fmt.Sprintf("j%d", i))
				}
				// counts claims and counts what each receiver gets.
				counts := func(limit int, skip ...string) (map[string]int, time.Time) {
					claimed, next, err := store.ClaimDeliveries(t.Context(), claimer("w1"), limit, skipped(skip...))
					require.NoError(t, err)
					count := map[string]int{}
					for _, delivery := range claimed {
						count[delivery.Receiver]++
					}
					return count, next
				}
				count, next := counts(6, "full")
				require.Equal(t, map[string]int{"bank": 3, "shop": 3}, count)
				require.False(t, next.After(time.Now()), "there is more that is due")
				count, next = counts(1, "full", "shop")
				require.Equal(t, map[string]int{"bank": 1}, count)
				require.False(t, next.After(time.Now()))
				count, next = counts(100, "full")
				require.Equal(t, map[string]int{"bank": 2, "shop": 3}, count)
				require.WithinDuration(t, time.Now().Add(time.Hour), next, time.Minute, "nothing is due before a lease ends")
				count, next = counts(100, "full", "shop", "bank")
				require.Empty(t, count)
				require.Zero(t, next)
			})
			t.Run("leaves_a_receiver_out_for_one_epoch", func(t *testing.T) {
				store := database.empty(t).open(t)
				add(t, store, "shop")
				ended(t, store, "a")
				event := listed(t, store, "shop")[0].Event
				epoch := int64(1)
				for _, row := range []struct {
					name  string
					begin func() error
				}{
					{"added", func() error { return nil }},
					{"resumed", func() error { return store.ResumeReceiver(t.Context(), "shop", "olga", "test") }},
					{"redelivered", func() error {
						_, err := store.Redeliver(t.Context(), records.Redelivery{Receiver: "shop", Event: event}, "olga", "test")
						return err
					}},
					{"redelivered_by_time", func() error {
						_, err := store.Redeliver(t.Context(), records.Redelivery{Receiver: "shop", Since: began}, "olga", "test")
						return err
					}},
					{"removed_and_added", func() error {
						err := store.RemoveReceiver(t.Context(), "shop", "olga", "test")
						add(t, store, "shop")
						ended(t, store, "b")
						return err
					}},
				} {
					require.NoError(t, row.begin(), row.name)
					claimed, _, err := store.ClaimDeliveries(t.Context(), claimer("w1"), 1, []records.Skip{{Receiver: "shop", Epoch: epoch}, {Receiver: "bank"}})
					require.NoError(t, err)
					require.Len(t, claimed, 1, row.name)
					require.NotEqual(t, epoch, claimed[0].Epoch, row.name)
					epoch = claimed[0].Epoch
					require.NoError(t, store.HandBack(t.Context(), claimed[0]))
					for _, skip := range []records.Skip{{Receiver: "shop", Epoch: epoch}, {Receiver: "shop"}} {
						claimed, next, err := store.ClaimDeliveries(t.Context(), claimer("w1"), 1, []records.Skip{skip})
						require.NoError(t, err)
						require.Empty(t, claimed, row.name)
						require.Zero(t, next, row.name)
					}
				}
			})
			t.Run("takes_back_what_could_not_be_tried", func(t *testing.T) {
				store := database.empty(t).open(t)
				add(t, store, "shop")
				ended(t, store, "a")
				held := claimAll(t, store, claimer("w1"))[0]
				require.NoError(t, store.HandBack(t.Context(), held))
				again := claimAll(t, store, claimer("w2"))
				require.Len(t, again, 1)
				require.Equal(t, 1, again[0].Attempt)
				require.NoError(t, store.HandBack(t.Context(), held), "it is not its own any more")
				require.Empty(t, claimAll(t, store, claimer("w3")))
			})
			t.Run("tells_since_when_the_oldest_waits", func(t *testing.T) {
				store := database.empty(t).open(t)
				oldest, err := store.OldestDelivery(t.Context())
				require.NoError(t, err)
				require.Zero(t, oldest)
				add(t, store, "shop", "bank")
				ended(t, store, "a", "b")
				events := listed(t, store, "shop")
				for _, expected := range []time.Time{events[1].At, events[0].At, {}} {
					oldest, err = store.OldestDelivery(t.Context())
					require.NoError(t, err)
					require.Equal(t, expected, oldest)
					claimed, _, err := store.ClaimDeliveries(t.Context(), claimer("w1"), 2, nil)
					require.NoError(t, err)
					for _, delivery := range claimed {
						require.NoError(t, store.Delivered(t.Context(), delivery, records.Attempt{Status: 200}))
					}
				}
			})
			t.Run("tells_when_the_next_is_due", func(t *testing.T) {
				store := database.empty(t).open(t)
				_, next, err := store.ClaimDeliveries(t.Context(), claimer("w1"), 100, nil)
				require.NoError(t, err)
				require.Zero(t, next)
				add(t, store, "shop")
				ended(t, store, "a")
				held := claimAll(t, store, claimer("w1"))[0]
				until := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
				require.NoError(t, store.Postpone(t.Context(), held, records.Attempt{Status: 503}, until))
				claimed, next, err := store.ClaimDeliveries(t.Context(), claimer("w1"), 100, nil)
				require.NoError(t, err)
				require.Empty(t, claimed)
				require.Equal(t, until, next)
				status := listed(t, store, "shop")[0]
				require.Equal(t, records.DeliveryPending, status.State)
				require.Equal(t, []any{1, 503, until, ""}, []any{status.Attempts, status.LastStatus, status.DueAt, status.HeldBy})
			})
			t.Run("counts_attempts_whose_end_is_known", func(t *testing.T) {
				store := database.empty(t).open(t)
				add(t, store, "shop")
				ended(t, store, "a")
				for attempt := 1; attempt <= 3; attempt++ {
					held := claimAll(t, store, claimer("w1"))[0]
					require.Equal(t, attempt, held.Attempt)
					if attempt < 3 {
						require.NoError(t, store.Postpone(t.Context(), held, records.Attempt{Trouble: "timeout"}, time.Now()))
						continue
					}
					require.NoError(t, store.GiveUp(t.Context(), held, records.Attempt{Trouble: "timeout"}))
				}
				require.Empty(t, claimAll(t, store, claimer("w1")))
				status := listed(t, store, "shop")[0]
				require.Equal(t, []any{records.DeliveryGivenUp, 3, "timeout"}, []any{status.State, status.Attempts, status.LastError})
			})
			t.Run("refuses_who_could_not_hold_anything", func(t *testing.T) {
				store := database.empty(t).open(t)
				_, _, err := store.ClaimDeliveries(t.Context(), records.Claimer{}, 0, nil)
				require.ErrorContains(t, err, "a claimer needs")
			})
		})
	}
}

func TestGone(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			add(t, store, "shop", "bank")
			ended(t, store, "a", "b")
			var held []records.Delivery
			for _, delivery := range claimAll(t, store, claimer("w1")) {
				if delivery.Receiver == "shop" {
					held = append(held, delivery)
				}
			}
			require.Len(t, held, 2)
			require.NoError(t, store.Gone(t.Context(), held[0], records.Attempt{Status: 410}))
			require.NoError(t, store.Postpone(t.Context(), held[1], records.Attempt{Status: 410}, time.Now()))

			ended(t, store, "c")
			claimed := claimAll(t, store, claimer("w1"))
			require.Len(t, claimed, 1, "others go on")
			require.Equal(t, "bank", claimed[0].Receiver)
			gone := listed(t, store, "shop")
			require.Len(t, gone, 3, "what came meanwhile is kept")
			for _, delivery := range gone {
				require.Equal(t, records.DeliveryGone, delivery.State)
				require.Zero(t, delivery.DueAt)
			}
			backlogs, err := store.Backlogs(t.Context())
			require.NoError(t, err)
			require.Equal(t, []any{"shop", true, 3}, []any{backlogs[1].Receiver, backlogs[1].Gone, backlogs[1].Pending})
			require.Equal(t, gone[2].At, backlogs[1].Oldest)
			trail := whats(t, store, "")
			require.Contains(t, trail[len(trail)-1], "receiver_gone shop answered 410 to evt_")

			require.NoError(t, store.ResumeReceiver(t.Context(), "shop", "olga", "it is back"))
			again := claimAll(t, store, claimer("w2"))
			require.Len(t, again, 3)
			for _, delivery := range again {
				require.Equal(t, 1, delivery.Attempt, "as if for the first time")
			}
			require.ErrorIs(t, store.Gone(t.Context(), held[1], records.Attempt{Status: 410}), records.ErrNotHeld, "an answer from before")
			receivers, err := store.Receivers(t.Context())
			require.NoError(t, err)
			require.Zero(t, receivers[1].GoneAt)
		})
	}
}
