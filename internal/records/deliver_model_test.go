package records_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// outbox is all deliveries as one honest process would remember them.
type outbox struct {
	store *records.Store
	// prefix tells the journeys of this run from those of others.
	prefix string
	names  []string
	gone   map[string]bool
	events []enroll.EventID
	ways   map[way]*wayState
	// handed are the claims ever given out.
	handed []handed
}

// way is one delivery.
type way struct {
	event    enroll.EventID
	receiver string
}

type wayState struct {
	state    records.DeliveryState
	attempts int
	due      bool
	// holds counts what ends a claim: the claim of this count is the one.
	holds int
}

type handed struct {
	delivery records.Delivery
	holds    int
}

// End ends one more journey, which is told to every receiver.
func (o *outbox) End(t *rapid.T) {
	id := fmt.Sprintf("%s-%d", o.prefix, len(o.events))
	_, err := o.store.Conclude(t.Context(), records.Conclusion{Opening: opening(id), Result: result(enroll.Enrolled)})
	require.NoError(t, err)
	page, err := o.store.Deliveries(t.Context(), records.DeliveryFilter{Receiver: o.names[0], Limit: 1})
	require.NoError(t, err)
	event := page.Deliveries[0].Event
	o.events = append(o.events, event)
	for _, name := range o.names {
		o.ways[way{event, name}] = &wayState{state: records.DeliveryPending, due: true}
	}
}

// Claim claims everything that is due, or dies at once with what it claimed.
func (o *outbox) Claim(t *rapid.T) {
	c := claimer("model")
	dies := rapid.Bool().Draw(t, "dies")
	if dies {
		c.Lease = time.Microsecond
	}
	claimed, _, err := o.store.ClaimDeliveries(t.Context(), c, 1000, nil)
	require.NoError(t, err)
	expected := 0
	for w, s := range o.ways {
		if s.due && !o.gone[w.receiver] {
			expected++
		}
	}
	require.Len(t, claimed, min(expected, len(claimed)), "nothing twice")
	require.GreaterOrEqual(t, len(claimed), expected, "nothing is forgotten")
	for _, delivery := range claimed {
		s := o.ways[way{delivery.Event, delivery.Receiver}]
		require.True(t, s.due)
		require.Equal(t, s.attempts+1, delivery.Attempt)
		s.holds++
		s.due = dies
		o.handed = append(o.handed, handed{delivery, s.holds})
	}
}

// Settle ends some claim that was given out, perhaps long ago.
func (o *outbox) Settle(t *rapid.T) {
	if len(o.handed) == 0 {
		return
	}
	h := o.handed[rapid.IntRange(0, len(o.handed)-1).Draw(t, "handed")]
	s := o.ways[way{h.delivery.Event, h.delivery.Receiver}]
	how := rapid.SampledFrom([]string{"delivered", "now", "later", "give up", "gone"}).Draw(t, "how")
	if how == "delivered" {
		require.NoError(t, o.store.Delivered(t.Context(), h.delivery, records.Attempt{Status: 200}))
		if s.state != records.DeliveryDelivered {
			*s = wayState{state: records.DeliveryDelivered, attempts: s.attempts + 1, holds: s.holds + 1}
		}
		return
	}
	var err error
	failed := records.Attempt{Status: 500}
	switch how {
	case "now":
		err = o.store.Postpone(t.Context(), h.delivery, failed, time.Now())
	case "later":
		err = o.store.Postpone(t.Context(), h.delivery, failed, time.Now().Add(time.Hour))
	case "give up":
		err = o.store.GiveUp(t.Context(), h.delivery, failed)
	case "gone":
		err = o.store.Gone(t.Context(), h.delivery, failed)
	}
	if h.holds != s.holds || s.state != records.DeliveryPending {
		require.ErrorIs(t, err, records.ErrNotHeld)
		return
	}
	require.NoError(t, err)
	s.attempts++
	s.holds++
	s.due = how == "now" || how == "gone"
	switch how {
	case "give up":
		s.state = records.DeliveryGivenUp
	case "gone":
		o.gone[h.delivery.Receiver] = true
	}
}

// Redeliver has one event delivered again.
func (o *outbox) Redeliver(t *rapid.T) {
	if len(o.events) == 0 {
		return
	}
	w := way{rapid.SampledFrom(o.events).Draw(t, "event"), rapid.SampledFrom(o.names).Draw(t, "receiver")}
	count, err := o.store.Redeliver(t.Context(), records.Redelivery{Receiver: w.receiver, Event: w.event}, "olga", "test")
	require.NoError(t, err)
	require.Equal(t, 1, count)
	*o.ways[w] = wayState{state: records.DeliveryPending, due: true, holds: o.ways[w].holds + 1}
}

// Resume starts all over with what waits for a receiver.
func (o *outbox) Resume(t *rapid.T) {
	name := rapid.SampledFrom(o.names).Draw(t, "receiver")
	require.NoError(t, o.store.ResumeReceiver(t.Context(), name, "olga", "test"))
	delete(o.gone, name)
	for w, s := range o.ways {
		if w.receiver == name && s.state == records.DeliveryPending {
			*s = wayState{state: records.DeliveryPending, due: true, holds: s.holds + 1}
		}
	}
}

// Check compares every delivery.
func (o *outbox) Check(t *rapid.T) {
	for _, name := range o.names {
		page, err := o.store.Deliveries(t.Context(), records.DeliveryFilter{Receiver: name, Limit: 1000})
		require.NoError(t, err)
		require.Len(t, page.Deliveries, len(o.events))
		for _, delivery := range page.Deliveries {
			s := o.ways[way{delivery.Event, name}]
			state := s.state
			if state == records.DeliveryPending && o.gone[name] {
				state = records.DeliveryGone
			}
			require.Equal(t, state, delivery.State)
			require.Equal(t, s.attempts, delivery.Attempts)
		}
	}
}

func TestOutbox(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			runs := 0
			rapid.Check(t, func(rt *rapid.T) {
				runs++
				o := &outbox{store: store, prefix: fmt.Sprintf("m%d", runs), gone: map[string]bool{}, ways: map[way]*wayState{}}
				for _, name := range []string{"bank", "shop"} {
					name = fmt.Sprintf("%s-%d", name, runs)
					_, err := store.AddReceiver(rt.Context(), records.NewReceiver{Name: name, URL: shop.URL}, "olga", "test")
					require.NoError(rt, err)
					o.names = append(o.names, name)
				}
				defer func() {
					for _, name := range o.names {
						require.NoError(t, store.RemoveReceiver(t.Context(), name, "olga", "test"))
					}
				}()
				rt.Repeat(map[string]func(*rapid.T){
					"end": o.End, "claim": o.Claim, "settle": o.Settle, "redeliver": o.Redeliver, "resume": o.Resume, "": o.Check,
				})
			})
		})
	}
}
