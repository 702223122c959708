package enroll

import "time"

// EventType says what an outcome event tells of a journey.
type EventType string

// The types of outcome events. A journey has at most one of each.
const (
	// EventConcluded: the journey has its outcome.
	EventConcluded EventType = "journey.concluded"
	// EventResolved: an operator found out what an unknown outcome had been.
	EventResolved EventType = "journey.resolved"
	// EventWatched: what became of a capture that the person could still
	// complete after the journey had ended.
	EventWatched EventType = "journey.watched"
)

// EventID names an outcome event. It is the same however often the event is
// delivered, so that a receiver can tell a repetition.
type EventID string

// OutcomeEvent is what a backend is told of a journey without asking. It holds
// nothing personal: who the person is, the caller's own reference, the
// provider's words and an operator's are not in it. Whoever needs more asks for
// the journey by its ID.
type OutcomeEvent struct {
	Type EventType `json:"type"`
	// Timestamp is when it happened.
	Timestamp time.Time   `json:"timestamp"`
	Data      OutcomeData `json:"data"`
}

// OutcomeData is the state of the journey when the event came about: a later
// event repeats what an earlier one told.
type OutcomeData struct {
	// ID is the journey's ID in the HTTP API, and Journey and Provider are what
	// it was.
	ID       string   `json:"id"`
	Journey  Journey  `json:"journey"`
	Provider Provider `json:"provider"`
	// Sequence orders the events of a journey, from 1: a receiver that was told a
	// higher one of a journey drops a lower one.
	Sequence int `json:"sequence"`
	// Outcome never changes, and Reason, ProviderCode and CanRetry say more.
	Outcome      Outcome   `json:"outcome"`
	Reason       Reason    `json:"reason,omitempty"`
	ProviderCode string    `json:"provider_code,omitempty"`
	CanRetry     bool      `json:"can_retry"`
	ConcludedAt  time.Time `json:"concluded_at"`
	// Resolution is there once an operator has settled an unknown outcome.
	Resolution *ResolvedOutcome `json:"resolution,omitempty"`
	// Found is what a watch found, in its own event.
	Found *FoundLate `json:"found,omitempty"`
}

// ResolvedOutcome is what an unknown outcome turned out to have been.
type ResolvedOutcome struct {
	Outcome Outcome   `json:"outcome"`
	At      time.Time `json:"at"`
}

// FoundLate is what became of a capture after its journey had ended. The fields
// are those of Watched.
type FoundLate struct {
	Completed bool        `json:"completed"`
	Removed   bool        `json:"removed"`
	Kept      KeptBecause `json:"kept,omitempty"`
	Reason    Reason      `json:"reason,omitempty"`
}

// JourneyID is how the HTTP API names one journey: the workflow ID that the
// journeys of a subject share, and the run with which this one began.
func JourneyID(workflowID, firstRun string) string { return workflowID + "." + firstRun }
