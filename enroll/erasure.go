package enroll

import "time"

// ErasureWorkflow is the workflow type of an erasure: the removal of a person
// from every provider they are known to, and from our own storage.
const ErasureWorkflow = "Erasure"

// ErasureQuery is the name of the query that returns the ErasureStatement as
// far as it has come.
const ErasureQuery = "erasure"

// Erasing is the phase of an erasure. A journey is never in it.
const Erasing Phase = "erasing"

// Steps of an erasure.
const (
	// AwaitJourneysEnded succeeds once no journey or watch of the subject is
	// under way. Until then its failure is KindPending.
	AwaitJourneysEnded Activity[ErasureStepInput, Erased] = "AwaitJourneysEnded"
	// EraseAtProvider removes what the provider keeps of the subject. It runs on
	// the provider's queue.
	EraseAtProvider Activity[ErasureStepInput, Erased] = "EraseAtProvider"
	// EraseHistories deletes the Temporal histories of the subject's journeys.
	EraseHistories Activity[ErasureStepInput, Erased] = "EraseHistories"
	// EraseSealed destroys what the subject's journeys sealed.
	EraseSealed Activity[ErasureStepInput, Erased] = "EraseSealed"
	// EraseRecords empties the subject's records of everything personal.
	EraseRecords Activity[ErasureStepInput, Erased] = "EraseRecords"
	// ConcludeErasure keeps the statement and forgets the subjects' names.
	ConcludeErasure Activity[ErasureStatement, Nothing] = "ConcludeErasure"
)

// ErasureSubject is a person at one provider, without their name: the steps
// read it from the records, so that no history keeps it.
type ErasureSubject struct {
	Provider    Provider `json:"provider"`
	SubjectHash string   `json:"subject_hash"`
}

// JourneyID is the ID of the subject's journeys at the provider.
func (s ErasureSubject) JourneyID() string { return string(s.Provider) + "-" + s.SubjectHash }

// ErasureInput is the input of the Erasure workflow.
type ErasureInput struct {
	// ID is the erasure's own, and its workflow ID.
	ID       string           `json:"id"`
	Subjects []ErasureSubject `json:"subjects"`
	// Who asked, and why. Neither may name the person.
	Who string `json:"who"`
	Why string `json:"why"`
}

// ErasureStepInput names the subject of one step.
type ErasureStepInput struct {
	Erasure string `json:"erasure"`
	ErasureSubject
}

// Erased is how many things a step removed; none is fine.
type Erased struct {
	Count int `json:"count"`
}

// ErasureStatement says what an erasure removed and when. It names nobody, and
// is kept in the records.
type ErasureStatement struct {
	ID          string    `json:"id"`
	RequestedAt time.Time `json:"requested_at"`
	// ConcludedAt is zero while the erasure is under way.
	ConcludedAt time.Time `json:"concluded_at,omitzero"`
	Who         string    `json:"who"`
	Why         string    `json:"why"`
	// Complete reports that nothing is left.
	Complete bool             `json:"complete"`
	Subjects []SubjectErasure `json:"subjects"`
}

// NewErasureStatement returns the statement of an erasure that was requested at
// the given time and has removed nothing yet.
func NewErasureStatement(in ErasureInput, at time.Time) ErasureStatement {
	statement := ErasureStatement{ID: in.ID, RequestedAt: at, Who: in.Who, Why: in.Why}
	for _, subject := range in.Subjects {
		s := SubjectErasure{ErasureSubject: subject}
		for _, what := range Removals() {
			s.Removals = append(s.Removals, Removal{What: what})
		}
		statement.Subjects = append(statement.Subjects, s)
	}
	return statement
}

// SubjectErasure is what an erasure did about one subject.
type SubjectErasure struct {
	ErasureSubject
	// Removals are in the order in which they were begun.
	Removals []Removal `json:"removals"`
}

// RemovalOf names one thing that an erasure removes.
type RemovalOf string

// What an erasure removes of each subject.
const (
	// RemovedJourneys: no journey or watch is under way any more.
	RemovedJourneys RemovalOf = "journeys_under_way"
	// RemovedEnrollment: the credential, class, enrollment or user at the
	// provider.
	RemovedEnrollment RemovalOf = "enrollment_at_provider"
	// RemovedHistories: the Temporal histories.
	RemovedHistories RemovalOf = "temporal_histories"
	// RemovedSealed: photos, samples and templates, and the keys to them.
	RemovedSealed RemovalOf = "sealed_bytes"
	// RemovedRecords: the personal columns of the records.
	RemovedRecords RemovalOf = "personal_columns"
)

// Removals lists what an erasure removes of each subject, in the order of the
// statement.
func Removals() []RemovalOf {
	return []RemovalOf{RemovedJourneys, RemovedEnrollment, RemovedHistories, RemovedSealed, RemovedRecords}
}

// Removal is how far the removal of one thing has come.
type Removal struct {
	What RemovalOf `json:"what"`
	// Count is how many there were to remove.
	Count int `json:"count"`
	// At is when it was removed, or seen not to be there; zero while it is left.
	At time.Time `json:"at,omitzero"`
	// Tries counts the rounds that ended without it.
	Tries int `json:"tries,omitempty"`
	// Left says why the last round ended without it.
	Left Reason `json:"left,omitempty"`
}

// Done reports that nothing of it is left.
func (r Removal) Done() bool { return !r.At.IsZero() }

// Left lists what is left, as "provider: what".
func (s ErasureStatement) Left() []string {
	var left []string
	for _, subject := range s.Subjects {
		for _, removal := range subject.Removals {
			if !removal.Done() {
				left = append(left, string(subject.Provider)+": "+string(removal.What))
			}
		}
	}
	return left
}

// CheckSubject returns what is wrong with a provider's name of a person, or
// nil.
func CheckSubject(provider Provider, name string) *FieldError {
	c := &checker{}
	switch provider {
	case AuthID, SmartID:
		c.name("name", name)
	case BioID:
		c.bcid("name", name)
	case IProov:
		c.userID("name", name)
	}
	if len(c.fields) == 0 {
		return nil
	}
	return &c.fields[0]
}
