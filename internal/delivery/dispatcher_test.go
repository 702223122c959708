package delivery_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/delivery"
)

// dispatch starts a dispatcher that is stopped with its test.
func dispatch(t *testing.T, store *shelf, receivers *field, change ...func(*delivery.Options)) *delivery.Dispatcher {
	t.Helper()
	options := delivery.DefaultOptions()
	for _, c := range change {
		c(&options)
	}
	d, err := delivery.StartWith(t.Context(), store, receivers.send, options)
	require.NoError(t, err)
	t.Cleanup(d.Stop)
	return d
}

// seldom has a dispatcher look seldom, for tests that last for days.
func seldom(o *delivery.Options) { o.Look = time.Minute }

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d) // In the bubble's own time.
	synctest.Wait()
}

func TestDispatcher_delivers(t *testing.T) {
	t.Parallel()

	t.Run("what_waited_when_it_starts", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			store.put("backend", 100)
			dispatch(t, store, receivers)
			synctest.Wait()
			require.Equal(t, 100, store.is("delivered", "backend"))
			calls, _, atOnce := receivers.asked("backend")
			require.Equal(t, 100, calls)
			require.LessOrEqual(t, atOnce, delivery.PerReceiver)
		})
	})

	t.Run("at_once_what_this_process_writes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			dispatch(t, store, receivers, func(o *delivery.Options) { o.Look = time.Hour })
			pass(time.Minute)
			began := time.Now()
			store.put("backend", 1)
			pass(100 * time.Millisecond)
			_, at, _ := receivers.asked("backend")
			require.Equal(t, []time.Time{began}, at)
		})
	})

	t.Run("within_a_second_what_other_processes_write", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			dispatch(t, store, receivers)
			pass(time.Minute)
			store.write("backend", 1)
			pass(time.Second)
			require.Equal(t, 1, store.is("delivered", "backend"))
		})
	})

	t.Run("without_a_look_for_every_journey_that_ends", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			dispatch(t, store, receivers)
			pass(time.Second)
			looks := store.looked()
			for range 1000 { // A thousand journeys in a second.
				store.put("backend", 1)
				pass(time.Millisecond)
			}
			pass(time.Second)
			require.Equal(t, 1000, store.is("delivered", "backend"))
			require.Less(t, store.looked()-looks, 700)
		})
	})
}

func TestDispatcher_tries_again(t *testing.T) {
	t.Parallel()

	t.Run("by_the_schedule_and_gives_up_after_days", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("backend", always(500))
			put := store.put("backend", 1)[0]
			dispatch(t, store, receivers, seldom)
			pass(60 * time.Hour)
			require.Equal(t, "pending", store.now(put).state)
			pass(60 * time.Hour)
			require.Equal(t, "given_up", store.now(put).state)
			require.Equal(t, 500, store.now(put).last.Status)
			schedule := delivery.DefaultSchedule()
			require.Len(t, store.now(put).pauses, len(schedule)+1)
			for i, usual := range schedule {
				require.InDelta(t, usual, store.now(put).pauses[i], float64(usual)/5+1)
			}
		})
	})

	t.Run("not_before_the_receiver_wants_it_to", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("backend", func(context.Context) delivery.Answer {
				return delivery.Answer{Status: 503, RetryAfter: time.Hour}
			})
			store.put("backend", 1)
			dispatch(t, store, receivers)
			synctest.Wait()
			receivers.set("backend", always(200))
			store.put("backend", 5) // It spoke for itself, not for one event.
			store.put("other", 1)
			pass(time.Hour - time.Second)
			calls, _, _ := receivers.asked("backend")
			require.Equal(t, 1, calls)
			require.Equal(t, 1, store.is("delivered", "other"))
			pass(2 * time.Second)
			require.Equal(t, 6, store.is("delivered", "backend"))
		})
	})

	t.Run("what_could_not_be_written_down_with_the_same_event", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			store.breaks(nil, errStore)
			put := store.put("backend", 1)[0]
			dispatch(t, store, receivers)
			synctest.Wait()
			require.Equal(t, "pending", store.now(put).state)
			store.breaks(nil, nil)
			pass(delivery.DefaultOptions().Lease + time.Second)
			require.Equal(t, "delivered", store.now(put).state)
			calls, _, _ := receivers.asked("backend")
			require.Equal(t, 2, calls)
			require.Equal(t, 1, store.now(put).attempts, "an attempt that nobody heard of does not count")
		})
	})

	t.Run("nothing_after_a_receiver_is_gone", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("backend", always(410))
			store.put("backend", 1)
			dispatch(t, store, receivers, seldom)
			synctest.Wait()
			store.put("backend", 10)
			pass(24 * time.Hour)
			calls, _, _ := receivers.asked("backend")
			require.Equal(t, 1, calls)
			require.Equal(t, 11, store.is("pending", "backend"), "they wait for who resumes the receiver")
		})
	})
}

func TestDispatcher_keeps_receivers_apart(t *testing.T) {
	t.Parallel()

	t.Run("a_slow_one_holds_up_no_other", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("slow", func(context.Context) delivery.Answer {
				time.Sleep(14 * time.Second) // In the bubble's own time.
				return delivery.Answer{Status: 200}
			})
			store.put("slow", 1000)
			dispatch(t, store, receivers)
			pass(time.Minute)
			began := time.Now()
			store.put("quick", 100)
			pass(100 * time.Millisecond)
			require.Equal(t, 100, store.is("delivered", "quick"))
			_, at, _ := receivers.asked("quick")
			require.Less(t, at[len(at)-1].Sub(began), 100*time.Millisecond)
			_, _, atOnce := receivers.asked("slow")
			require.Equal(t, delivery.PerReceiver, atOnce)
			pass(time.Hour)
			require.Equal(t, 1000, store.is("delivered", "slow"))
		})
	})

	t.Run("one_that_hangs_holds_up_no_other", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("hung", hangs)
			store.put("hung", 1000)
			dispatch(t, store, receivers)
			for range 100 {
				store.put("quick", 1)
				pass(time.Second)
			}
			require.Equal(t, 100, store.is("delivered", "quick"))
		})
	})

	t.Run("one_that_is_dead_is_asked_with_a_single_request_now_and_then", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("dead", always(502))
			put := store.put("dead", 200)
			dispatch(t, store, receivers)
			pass(10 * time.Minute)
			calls, _, _ := receivers.asked("dead")
			require.LessOrEqual(t, calls, 30)
			receivers.forget()
			pass(8 * time.Hour)
			calls, at, atOnce := receivers.asked("dead")
			require.Equal(t, 1, atOnce)
			require.InDelta(t, 8*60/5, calls, 8*60/5/4)
			for i := range at[1:] {
				require.GreaterOrEqual(t, at[i+1].Sub(at[i]), 4*time.Minute)
				require.LessOrEqual(t, at[i+1].Sub(at[i]), 6*time.Minute+time.Second)
			}
			unused := 0
			for _, r := range put {
				if store.now(r).attempts == 0 {
					unused++
				}
			}
			require.Positive(t, unused, "what has piled up does not use up its attempts")
		})
	})

	t.Run("one_that_returns_gets_everything_soon", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("backend", always(503))
			store.put("backend", 500)
			dispatch(t, store, receivers)
			pass(30 * time.Minute)
			receivers.set("backend", always(200))
			pass(6*time.Minute + time.Second)
			require.GreaterOrEqual(t, store.is("delivered", "backend"), 400)
			pass(time.Hour)
			require.Equal(t, 500, store.is("delivered", "backend"))
		})
	})

	t.Run("one_event_that_cannot_be_digested_holds_up_none_of_the_others", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			dispatch(t, store, receivers)
			bad := store.put("backend", 1)[0]
			receivers.set("backend", always(400))
			pass(time.Second)
			receivers.set("backend", always(200))
			store.put("backend", 100)
			pass(time.Second)
			require.Equal(t, 100, store.is("delivered", "backend"))
			require.Equal(t, "pending", store.now(bad).state)
		})
	})
}

func TestDispatcher_asks_at_once_whom_an_operator_resumed(t *testing.T) {
	t.Parallel()

	t.Run("after_a_cool_down_in_every_process", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("backend", always(502))
			store.put("backend", 200)
			for range 3 {
				dispatch(t, store, receivers, func(o *delivery.Options) {
					o.Cooldown = delivery.Cooldown{After: 5, First: time.Hour, Longest: time.Hour}
				})
			}
			pass(10 * time.Minute)
			receivers.set("backend", always(200))
			receivers.forget()
			pass(10 * time.Minute)
			asked, _, _ := receivers.asked("backend")
			require.Zero(t, asked, "all of them leave it alone")
			store.resume("backend")
			pass(1100 * time.Millisecond)
			require.Equal(t, 200, store.is("delivered", "backend"))
		})
	})

	t.Run("whatever_it_wanted_before", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("shop", func(context.Context) delivery.Answer {
				return delivery.Answer{Status: 503, RetryAfter: 24 * time.Hour}
			})
			put := store.put("shop", 1)[0]
			dispatch(t, store, receivers)
			pass(time.Minute)
			store.resume("shop")
			pass(time.Minute)
			asked, _, _ := receivers.asked("shop")
			require.Equal(t, 2, asked, "it wants the same again, and that counts again")
			receivers.set("shop", always(200))
			store.resume("shop")
			pass(time.Second)
			require.Equal(t, "delivered", store.now(put).state)
		})
	})

	t.Run("and_believes_no_answer_from_before", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("backend", func(context.Context) delivery.Answer {
				time.Sleep(10 * time.Second) // In the bubble's own time.
				return delivery.Answer{Status: 503, RetryAfter: 24 * time.Hour}
			})
			store.put("backend", 2)
			dispatch(t, store, receivers)
			pass(5 * time.Second)
			receivers.set("backend", always(200))
			store.resume("backend")
			pass(time.Second)
			require.Equal(t, 2, store.is("delivered", "backend"))
			pass(10 * time.Second) // The answers from before have come.
			store.put("backend", 20)
			pass(time.Second)
			require.Equal(t, 22, store.is("delivered", "backend"))
		})
	})

	t.Run("with_no_more_requests_than_there_may_be", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("backend", hangs)
			store.put("backend", 100)
			dispatch(t, store, receivers)
			for range 60 {
				pass(time.Second)
				store.resume("backend")
			}
			_, _, atOnce := receivers.asked("backend")
			require.Equal(t, delivery.PerReceiver, atOnce)
			receivers.set("backend", always(200))
			store.resume("backend")
			pass(delivery.AttemptLimit + time.Second)
			require.Equal(t, 100, store.is("delivered", "backend"))
		})
	})
}

func TestDispatcher_stops(t *testing.T) {
	t.Parallel()

	t.Run("when_what_was_under_way_has_ended", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("backend", func(context.Context) delivery.Answer {
				time.Sleep(10 * time.Second) // In the bubble's own time.
				return delivery.Answer{Status: 200}
			})
			store.put("backend", 100)
			d := dispatch(t, store, receivers)
			pass(time.Second)
			began := time.Now()
			d.Stop()
			d.Stop()
			require.Equal(t, 9*time.Second, time.Since(began))
			require.Equal(t, delivery.PerReceiver, store.is("delivered", "backend"))
			pass(time.Hour)
			require.Equal(t, delivery.PerReceiver, store.is("delivered", "backend"))
		})
	})

	t.Run("and_hands_back_what_has_not_so_that_another_one_sends_it", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			receivers.set("backend", hangs)
			put := store.put("backend", 1)[0]
			d := dispatch(t, store, receivers, func(o *delivery.Options) { o.Patience = 3 * time.Second })
			pass(time.Second)
			began := time.Now()
			d.Stop()
			require.Equal(t, 3*time.Second, time.Since(began))
			require.Equal(t, 1, store.now(put).backs)
			require.Zero(t, store.now(put).attempts)
			receivers.set("backend", always(200))
			dispatch(t, store, receivers)
			synctest.Wait()
			require.Equal(t, "delivered", store.now(put).state)
			require.Equal(t, 1, store.now(put).attempts)
		})
	})

	t.Run("and_not_when_the_context_ends_in_which_it_was_started", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			ctx, cancel := context.WithCancel(t.Context())
			d, err := delivery.StartWith(ctx, store, receivers.send, delivery.DefaultOptions())
			require.NoError(t, err)
			defer d.Stop()
			cancel()
			store.put("backend", 1)
			pass(time.Second)
			require.Equal(t, 1, store.is("delivered", "backend"))
		})
	})
}
