package invariants

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// Recorded is an outcome event as the records have it.
type Recorded struct {
	ID enroll.EventID
	// Journey is the ID that the event gives the journey.
	Journey  string
	Type     enroll.EventType
	Sequence int
	At       time.Time
	State    records.DeliveryState
}

// Arrival is a request that the receiver of outcome events got.
type Arrival struct {
	At time.Time
	ID enroll.EventID
	// Refused says why the signature is not ours; empty when it is.
	Refused string
	// Body is what arrived, and Event what it says.
	Body  string
	Event enroll.OutcomeEvent
	// Answer is what the receiver did with it, and Taken whether it said so.
	Answer string
	Taken  bool
}

// outcomeTold: every outcome has its event, every event arrived at least once,
// and nothing arrived that is not one of them.
func outcomeTold(e Evidence, j Journey) []string {
	var broken []string
	arrivals, recorded := e.arrivalsOf(j), e.recordedOf(j)
	if j.Record != nil && j.Record.Result != nil {
		broken = append(broken, told(j, recorded, arrivals)...)
	}
	for _, event := range recorded {
		broken = append(broken, arrived(e, event, arrivals)...)
	}
	for i, arrival := range arrivals {
		broken = append(broken, ours(recorded, arrival)...)
		if slices.ContainsFunc(arrivals[:i], func(a Arrival) bool { return a.ID == arrival.ID && a.Body != arrival.Body && a.Refused == "" }) && arrival.Refused == "" {
			broken = append(broken, fmt.Sprintf("event %s arrived with two bodies", arrival.ID))
		}
	}
	return append(broken, inOrder(recorded)...)
}

// strays are arrivals that name no journey of the campaign.
func strays(e Evidence) []string {
	var broken []string
	for _, arrival := range e.Arrivals {
		if !slices.ContainsFunc(e.Journeys, func(j Journey) bool { return j.ID == workflowOf(arrival.Event.Data.ID) }) {
			broken = append(broken, fmt.Sprintf("event %q arrived and belongs to no journey", arrival.ID))
		}
	}
	return broken
}

// workflowOf is the workflow ID in a journey's ID.
func workflowOf(id string) string { return id[:max(0, strings.LastIndex(id, "."))] }

func (e Evidence) arrivalsOf(j Journey) []Arrival {
	return slices.DeleteFunc(slices.Clone(e.Arrivals), func(a Arrival) bool { return workflowOf(a.Event.Data.ID) != j.ID })
}

func (e Evidence) recordedOf(j Journey) []Recorded {
	return slices.DeleteFunc(slices.Clone(e.Events), func(r Recorded) bool { return workflowOf(r.Journey) != j.ID })
}

// told: the outcome that was recorded is the one that the receiver was told.
func told(j Journey, recorded []Recorded, arrivals []Arrival) []string {
	id, r := enroll.JourneyID(j.Record.WorkflowID, j.Record.FirstRun), j.Record.Result
	if !slices.ContainsFunc(recorded, func(event Recorded) bool { return event.Journey == id && event.Type == enroll.EventConcluded }) {
		return []string{fmt.Sprintf("the outcome is %s, and no event tells it", r.Outcome)}
	}
	var broken []string
	for _, a := range arrivals {
		if said := a.Event.Data; a.Refused == "" && said.ID == id && (said.Outcome != r.Outcome || said.Reason != r.Reason) {
			broken = append(broken, fmt.Sprintf("the outcome is %s %s, and event %s tells %s %s", r.Outcome, r.Reason, a.ID, said.Outcome, said.Reason))
		}
	}
	return broken
}

// arrived: the receiver took what was recorded, unless it was recorded just now.
func arrived(e Evidence, event Recorded, arrivals []Arrival) []string {
	has := slices.ContainsFunc(arrivals, func(a Arrival) bool { return a.ID == event.ID && a.Refused == "" && a.Taken })
	age := e.At.Sub(event.At)
	switch {
	case event.State == records.DeliveryDelivered && has, event.State == records.DeliveryPending && age < e.Grace:
		return nil
	case event.State == records.DeliveryDelivered:
		return []string{fmt.Sprintf("event %s is said to be delivered, and was never taken", event.ID)}
	}
	return []string{fmt.Sprintf("event %s is %s after %s", event.ID, event.State, age.Round(time.Second))}
}

// ours: what arrived was signed by us, and is what was recorded.
func ours(recorded []Recorded, a Arrival) []string {
	if a.Refused != "" {
		return []string{fmt.Sprintf("event %q arrived and is not signed by us: %s", a.ID, a.Refused)}
	}
	i := slices.IndexFunc(recorded, func(event Recorded) bool { return event.ID == a.ID })
	if i < 0 {
		return []string{fmt.Sprintf("event %s arrived and was never recorded", a.ID)}
	}
	if said, known := a.Event, recorded[i]; said.Data.ID != known.Journey || said.Data.Sequence != known.Sequence || said.Type != known.Type {
		return []string{fmt.Sprintf("event %s arrived as number %d of %s, a %s, and is another one", a.ID, said.Data.Sequence, said.Data.ID, said.Type)}
	}
	return nil
}

// inOrder: whatever the order of arrival, the sequence tells the order in which
// the events of a journey came about, from one and without a gap.
func inOrder(recorded []Recorded) []string {
	var broken []string
	ordered := slices.SortedFunc(slices.Values(recorded), func(a, b Recorded) int {
		return cmp.Or(strings.Compare(a.Journey, b.Journey), cmp.Compare(a.Sequence, b.Sequence))
	})
	for i, event := range ordered {
		first := i == 0 || ordered[i-1].Journey != event.Journey
		switch {
		case first && (event.Sequence != 1 || event.Type != enroll.EventConcluded):
			broken = append(broken, fmt.Sprintf("the first event of %s is number %d, a %s", event.Journey, event.Sequence, event.Type))
		case !first && event.Sequence != ordered[i-1].Sequence+1:
			broken = append(broken, fmt.Sprintf("event %d of %s is followed by event %d", ordered[i-1].Sequence, event.Journey, event.Sequence))
		case !first && event.At.Before(ordered[i-1].At):
			broken = append(broken, fmt.Sprintf("event %d of %s is older than the one before", event.Sequence, event.Journey))
		}
	}
	return broken
}
