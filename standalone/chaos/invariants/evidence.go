// Package invariants judges a fault campaign by what it left behind: the
// simulators' ledger, what the providers believe, what callers were told, the
// histories of the workflows, and the log of what was done to the system. It
// works on plain data and asks nobody, so each check has tests that break it
// on purpose.
package invariants

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// Evidence is everything that a campaign left behind.
type Evidence struct {
	// At is when the evidence was taken.
	At time.Time
	// Grace is how long after its deadline a journey may still be open.
	Grace    time.Duration
	Journeys []Journey
	// Damages are moments at which an answer could be lost on its way.
	Damages []Damage
	// SealedLeft lists sealed bytes that are still stored, by their reference.
	SealedLeft []enroll.SealedRef
	// HasRecords reports that the journeys come with their records.
	HasRecords bool
	// Events are the outcome events that were recorded, and Arrivals what the
	// receiver of outcome events got, in order.
	Events   []Recorded
	Arrivals []Arrival
	// HasReceiver reports that there was a receiver from the beginning.
	HasReceiver bool
}

// Journey is what is known of one journey.
type Journey struct {
	// Script is what was to happen.
	Script script.Journey
	// ID is the workflow ID.
	ID string
	// Began is when the first caller asked, zero for a journey nobody started.
	Began time.Time
	// Runs are the workflow's runs, the oldest first: more than one only after
	// a reset.
	Runs []Run
	// Told is what callers were told, in order.
	Told []Told
	// Ledger is what the provider saw of the subject, in order.
	Ledger []simulator.Entry
	// Provider is what the provider believes now.
	Provider Belief
	// Sealed are the references of what the callers sealed.
	Sealed []enroll.SealedRef
	// Record and Audit are what was recorded, where there are records.
	Record *enroll.Record
	Audit  []enroll.AuditEntry
	// Timeline tells what was done to the journey.
	Timeline []Event
}

// Run is one run of a workflow.
type Run struct {
	ID string
	// Status is Temporal's word, such as Completed.
	Status string
	Closed time.Time
	// Deadline is when waiting ends, as far as the journey told.
	Deadline time.Time
	Result   *enroll.Result
	// Attempts are the steps, each with its last attempt.
	Attempts []Attempt
}

// Attempt is one step of a run as the history tells it.
type Attempt struct {
	Step      string
	Scheduled time.Time
	// Started is when the last attempt began, zero when none did.
	Started time.Time
	Ended   time.Time
	// Failure is the type of the failure, Timeout's kind when it timed out, and
	// empty after success.
	Failure string
}

// Told is one answer that a caller got.
type Told struct {
	At    time.Time
	RunID string
	// Result is the outcome, when the answer was one.
	Result *enroll.Result
}

// Belief is what a provider believes of a subject.
type Belief struct {
	// Enrolled reports a credential, class, template or user.
	Enrolled bool `json:"enrolled"`
	// Trainings of a BioID class.
	Trainings int `json:"trainings"`
	// TempID of the newest authID selfie.
	TempID string `json:"temp_id"`
}

// Damage is a span of time in which an answer could be lost: a process died, or
// a connection was damaged.
type Damage struct {
	What string
	// Provider is whose answers could be lost, empty for all.
	Provider enroll.Provider
	From, To time.Time
}

// Event is one line of a timeline.
type Event struct {
	At   time.Time
	What string
}

// Violation is a broken invariant.
type Violation struct {
	// Invariant is the name of the check.
	Invariant string `json:"invariant"`
	// Journey is the index of the journey in the script, NoJourney for none.
	Journey int `json:"journey"`
	// ID is its workflow ID.
	ID string `json:"id"`
	// What says what is wrong.
	What string `json:"what"`
}

// NoJourney is the index of what belongs to no journey.
const NoJourney = -1

// Check is one invariant.
type Check struct {
	Name  string
	About string
	// Needs reports whether the evidence holds what the check looks at.
	Needs func(Evidence) bool
	// Broken lists what one journey violates.
	Broken func(Evidence, Journey) []string
	// Strays lists what belongs to no journey; nil when that cannot be.
	Strays func(Evidence) []string
}

// Checks lists the invariants, in the order of the documentation.
func Checks() []Check {
	always := func(Evidence) bool { return true }
	return []Check{
		{"one-outcome", "every started journey ended with exactly one outcome, or waits within its deadline and a grace", always, oneOutcome, nil},
		{"provider-agrees", "every outcome equals the provider's own state, and no verdict is without a confirm", always, providerAgrees, nil},
		{"once-only", "no call that may be made once had its effect twice", always, onceOnly, nil},
		{"unknown-only-if-lost", "an outcome is unknown only where an answer was lost", always, unknownOnlyIfLost, nil},
		{"nothing-left", "what an unsuccessful journey created is gone, nothing older was removed, nothing sealed is left", always, nothingLeft, nil},
		{"records-agree", "outcome, record and audit trail agree", func(e Evidence) bool { return e.HasRecords }, recordsAgree, nil},
		{
			"outcome-told", "every outcome arrived at the receiver of outcome events, signed, and nothing else did",
			func(e Evidence) bool { return e.HasReceiver }, outcomeTold, strays,
		},
	}
}

// Judge returns every violation, and the names of the checks that could not be
// made.
func Judge(e Evidence) (violations []Violation, skipped []string) {
	for _, check := range Checks() {
		if !check.Needs(e) {
			skipped = append(skipped, check.Name)
			continue
		}
		if check.Strays != nil {
			for _, what := range check.Strays(e) {
				violations = append(violations, Violation{Invariant: check.Name, Journey: NoJourney, What: what})
			}
		}
		for _, j := range e.Journeys {
			for _, what := range check.Broken(e, j) {
				violations = append(violations, Violation{Invariant: check.Name, Journey: j.Script.Index, ID: j.ID, What: what})
			}
		}
	}
	return violations, skipped
}

// Story is everything that was done to a journey and seen of it, in order, for
// the person who has to find out why. It tells of the damages to the system
// that fell into the journey's time.
func (e Evidence) Story(j Journey) string {
	events := append(slices.Clone(j.Timeline), e.around(j)...)
	for _, entry := range j.Ledger {
		events = append(events, Event{entry.Time, describe(entry)})
	}
	for _, arrival := range e.arrivalsOf(j) {
		events = append(events, Event{arrival.At, fmt.Sprintf("receiver: %s, number %d, %s", arrival.Event.Type, arrival.Event.Data.Sequence, arrival.Answer)})
	}
	for _, run := range j.Runs {
		for _, a := range run.Attempts {
			if !a.Ended.IsZero() { // A poll may have been abandoned.
				events = append(events, Event{a.Ended, "step " + a.Step + " ended: " + orDefault(a.Failure, "ok")})
			}
		}
		if run.Result != nil {
			events = append(events, Event{run.Closed, fmt.Sprintf("concluded: %s %s, run %s", run.Result.Outcome, run.Result.Reason, run.ID)})
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	events = slices.Compact(events) // A reset copies what had happened before.
	var b strings.Builder
	for _, event := range events {
		fmt.Fprintf(&b, "  %s  %s\n", event.At.UTC().Format("15:04:05.000"), event.What)
	}
	return b.String()
}

// around are the damages that could concern a journey.
func (e Evidence) around(j Journey) []Event {
	until := e.At
	for _, run := range j.Runs {
		if !run.Closed.IsZero() {
			until = run.Closed
		}
	}
	var events []Event
	for _, d := range e.Damages {
		if d.To.Before(j.Began) || d.From.After(until) || (d.Provider != "" && !strings.HasPrefix(j.ID, string(d.Provider))) {
			continue
		}
		events = append(events, Event{d.From, fmt.Sprintf("system: %s, for %s", d.What, d.To.Sub(d.From).Round(time.Millisecond))})
	}
	return events
}

func describe(entry simulator.Entry) string {
	text := fmt.Sprintf("provider: %s %d", entry.Endpoint, entry.Status)
	if len(entry.Effects) > 0 {
		text += ", effects " + strings.Join(entry.Effects, " ")
	}
	if entry.Fault != "" {
		text += ", spoiled by " + entry.Fault
	}
	return text
}

func orDefault(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
