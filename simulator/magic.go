package simulator

import (
	"slices"
	"time"
)

// Magic is one row of the table of magic subjects: start the journey with the subject and the inputs, wait, and the outcome
// is the one promised, every time. No account or user has to be made before.
type Magic struct {
	Provider string         `json:"provider"`
	Journey  string         `json:"journey"` // the journey to start, such as authid.enroll
	Subject  string         `json:"subject"` // AccountNumber, BCID, user_id or User
	Forces   string         `json:"forces"`  // what the provider does
	Outcome  string         `json:"outcome"` // what the journey ends with
	Reason   string         `json:"reason"`  // the outcome's reason; empty when it has none
	CanRetry bool           `json:"can_retry"`
	Inputs   map[string]any `json:"inputs,omitempty"` // further inputs the journey needs for this row, by their JSON names
	Notes    string         `json:"notes,omitempty"`

	script any     // what the provider's own file does for this subject
	faults []Fault // what goes wrong with this subject's calls; Times counts within one journey, a negative number means always
}

// MagicSubjects returns every row, provider by provider.
func MagicSubjects() []Magic {
	return slices.Concat(magicTables()...)
}

// magicRows finds a row by its provider and subject.
type magicRows map[[2]string]Magic

func indexMagic(rows []Magic) magicRows {
	index := magicRows{}
	for _, row := range rows {
		index[[2]string{row.Provider, row.Subject}] = row
	}
	return index
}

// script returns what is to be done for a magic subject, and false for a subject that is none.
func script[T any](t *txn, provider, subject string) (T, bool) {
	found, ok := t.srv.magic[[2]string{provider, subject}].script.(T)
	return found, ok
}

// autoUserAt is when the simulated user of a magic subject acts that starts now.
func (t *txn) autoUserAt() time.Time { return t.now.Add(t.srv.opts.AutoUserDelay) }

// strikeMagic finds the fault that the table holds for a call of a magic subject.
func (t *txn) strikeMagic(e Entry) (Fault, bool) {
	for _, f := range t.srv.magic[[2]string{e.Provider, e.Subject}].faults {
		if f.Match.Endpoint != e.Endpoint {
			continue
		}
		key := e.Provider + "/" + e.Subject + "/" + e.Endpoint
		if f.Times < 0 || f.perJourney && t.failsInJourney(key, f.Times) || !f.perJourney && t.failsFirst(key, f.Times) {
			return f, true
		}
	}
	return Fault{}, false
}

// onceAt writes a fault of the table shortly: it strikes each first of a run of calls.
func onceAt(endpoint string, f Fault) Fault {
	f.Match.Endpoint, f.Times = endpoint, 1
	return f
}

// alwaysAt is the same for a fault that strikes every call.
func alwaysAt(endpoint string, f Fault) Fault {
	f.Match.Endpoint, f.Times = endpoint, -1
	return f
}

// inJourneyAt is the same for a call that a journey repeats: the fault strikes the first times calls after [txn.newJourney].
func inJourneyAt(endpoint string, times int, f Fault) Fault {
	f.Match.Endpoint, f.Times, f.perJourney = endpoint, times, true
	return f
}

// slowMS is how late the answers of slow rows come, in milliseconds: well within every client's patience.
const slowMS = 1000

const (
	triesKind = "tries"
	// A run of tries that is older belongs to a journey that has ended: journeys repeat a call after a minute at most.
	triesForgotten = 2 * time.Minute
)

type tries struct {
	Count int       `json:"count"`
	Last  time.Time `json:"last"`
}

// failsFirst reports whether this is one of the first n calls in a run of calls named key. The call after them ends the run,
// so that the next journey of the same subject finds the same failures.
func (t *txn) failsFirst(key string, n int) bool {
	run, _ := get[tries](t, triesKind, key)
	if t.now.Sub(run.Last) > triesForgotten {
		run.Count = 0
	}
	if run.Count >= n {
		remove(t, triesKind, key)
		return false
	}
	put(t, triesKind, key, tries{Count: run.Count + 1, Last: t.now})
	return true
}

// opensRun reports whether this is the first call in a run of calls named key, which only a while without calls ends.
func (t *txn) opensRun(key string) bool {
	run, _ := get[tries](t, triesKind, key)
	opens := t.now.Sub(run.Last) > triesForgotten
	put(t, triesKind, key, tries{Count: run.Count + 1, Last: t.now})
	return opens
}

// failsInJourney is failsFirst for calls that a journey repeats: once n have failed, all pass until newJourney.
func (t *txn) failsInJourney(key string, n int) bool {
	run, _ := get[tries](t, triesKind, key)
	if run.Count >= n {
		return false
	}
	put(t, triesKind, key, tries{Count: run.Count + 1, Last: t.now})
	return true
}

// newJourney lets the faults of a magic subject strike anew, at those endpoints.
func (t *txn) newJourney(provider, subject string, endpoints ...string) {
	for _, endpoint := range endpoints {
		remove(t, triesKind, provider+"/"+subject+"/"+endpoint)
	}
}
