package invariants_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
)

// watched is a journey of which there is more to tell: a watch found something
// after the end, and that arrived first.
func watched() invariants.Evidence {
	e := expired()
	e.Events = append(e.Events, invariants.Recorded{
		ID: "evt_2", Journey: "id.run", Type: enroll.EventWatched, Sequence: 2, At: at(20), State: records.DeliveryDelivered,
	})
	e.Arrivals = append([]invariants.Arrival{arrival(21, "evt_2", 2, enroll.Expired)}, e.Arrivals...)
	return e
}

func TestOutcomeTold(t *testing.T) {
	requireCaught(t, "outcome-told", map[string]broken{
		"an_event_was_lost": {authID, func(e *invariants.Evidence) {
			e.Arrivals = nil
		}, "said to be delivered, and was never taken"},
		"a_later_event_was_lost": {watched, func(e *invariants.Evidence) {
			e.Arrivals = e.Arrivals[1:]
		}, "event evt_2 is said to be delivered, and was never taken"},
		"an_event_was_refused_and_not_sent_again": {authID, func(e *invariants.Evidence) {
			e.Arrivals = e.Arrivals[:1]
			e.Arrivals[0].Taken = false
		}, "was never taken"},
		"an_event_waits_too_long": {authID, func(e *invariants.Evidence) {
			e.Arrivals, e.Events[0].State = nil, records.DeliveryPending
		}, "is pending after 50s"},
		"an_event_was_given_up": {authID, func(e *invariants.Evidence) {
			e.Arrivals, e.Events[0].State = nil, records.DeliveryGivenUp
		}, "is given_up"},
		"the_receiver_went": {authID, func(e *invariants.Evidence) {
			e.Arrivals, e.Events[0].State = nil, records.DeliveryGone
		}, "is gone"},
		"an_outcome_has_no_event": {authID, func(e *invariants.Evidence) {
			e.Events, e.Arrivals = nil, nil
		}, "no event tells it"},
		"an_event_tells_another_outcome": {authID, func(e *invariants.Evidence) {
			e.Arrivals = e.Arrivals[:1]
			e.Arrivals[0].Event.Data.Outcome = enroll.Rejected
		}, "tells rejected"},
		"an_event_was_forged": {authID, func(e *invariants.Evidence) {
			forged := arrival(12, "evt_forged", 1, enroll.Rejected)
			forged.Refused = "no matching signature"
			e.Arrivals = append(e.Arrivals, forged)
		}, "is not signed by us"},
		"an_event_was_made_up": {authID, func(e *invariants.Evidence) {
			e.Arrivals = append(e.Arrivals, arrival(12, "evt_2", 2, enroll.Enrolled))
		}, "arrived and was never recorded"},
		"an_event_of_nobody": {authID, func(e *invariants.Evidence) {
			stray := arrival(12, "evt_3", 1, enroll.Enrolled)
			stray.Event.Data.ID = "nobody.run"
			e.Arrivals = append(e.Arrivals, stray)
		}, "belongs to no journey"},
		"an_event_that_cannot_be_read": {authID, func(e *invariants.Evidence) {
			e.Arrivals = append(e.Arrivals, invariants.Arrival{ID: "evt_4", Body: "garbage", Refused: "no matching signature"})
		}, "belongs to no journey"},
		"an_event_changed_on_its_second_way": {authID, func(e *invariants.Evidence) {
			e.Arrivals[1].Body = "another"
		}, "two bodies"},
		"an_event_has_the_number_of_another": {watched, func(e *invariants.Evidence) {
			e.Arrivals[0].Event.Data.Sequence = 3
		}, "is another one"},
		"two_events_have_one_number": {watched, func(e *invariants.Evidence) {
			e.Events[1].Sequence, e.Arrivals[0].Event.Data.Sequence = 1, 1
		}, "event 1 of id.run is followed by event 1"},
		"a_number_is_missing": {watched, func(e *invariants.Evidence) {
			e.Events[1].Sequence, e.Arrivals[0].Event.Data.Sequence = 3, 3
		}, "event 1 of id.run is followed by event 3"},
		"the_numbers_begin_late": {authID, func(e *invariants.Evidence) {
			e.Events[0].Sequence = 2
			for i := range e.Arrivals {
				e.Arrivals[i].Event.Data.Sequence = 2
			}
		}, "the first event of id.run is number 2"},
		"the_numbers_tell_the_wrong_order": {watched, func(e *invariants.Evidence) {
			e.Events[1].At = at(9)
		}, "is older than the one before"},
	})
}

func TestOutcomeTold_allows(t *testing.T) {
	for name, made := range map[string]func() invariants.Evidence{
		"an_order_of_arrival_that_is_not_that_of_the_events": watched,
		"an_event_that_was_recorded_just_now": func() invariants.Evidence {
			e := authID()
			e.Arrivals, e.Events[0].State, e.Events[0].At = nil, records.DeliveryPending, at(59)
			return e
		},
		"a_journey_that_is_still_open": func() invariants.Evidence {
			e := expired()
			*run(e) = invariants.Run{ID: "run", Status: "Running", Deadline: at(40)}
			journey(e).Told, journey(e).Record.Result, e.Events, e.Arrivals = nil, nil, nil, nil
			return e
		},
		"another_journey_of_the_same_subject": func() invariants.Evidence {
			e := unenroll()
			next := arrival(30, "evt_next", 1, enroll.Rejected)
			next.Event.Data.ID = "id.next"
			e.Arrivals = append(e.Arrivals, next)
			e.Events = append(e.Events, invariants.Recorded{
				ID: "evt_next", Journey: "id.next", Type: enroll.EventConcluded, Sequence: 1, At: at(29), State: records.DeliveryDelivered,
			})
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			violations, _ := invariants.Judge(made())
			require.Empty(t, violations)
		})
	}
}
