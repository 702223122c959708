package enroll

import "time"

// RecordID names a journey's record: a keyed hash of its workflow ID and its
// idempotency key. Every run of the journey has the same one, also after a
// workflow reset, and no other journey has.
type RecordID string

// Opening is what the step that opens a journey at the provider records, in
// the transaction of its first call.
type Opening struct {
	Record      RecordID `json:"record"`
	Journey     Journey  `json:"journey"`
	SubjectHash string   `json:"subject_hash"`
	Digest      string   `json:"digest"`
	// Subject is the provider's own name of the person.
	Subject Secret `json:"subject"`
	// Grounds are what the journey relies on.
	Grounds Grounds `json:"grounds,omitzero"`
	// Reference is what the caller calls the journey.
	Reference Secret    `json:"reference,omitempty"`
	BeganAt   time.Time `json:"began_at"`
}

// Entry says where a step writes in the records.
type Entry struct {
	Record RecordID `json:"record"`
	// Ordinal tells calls of one step apart: 1 is the first. A workflow reset
	// counts anew, and so finds what became of each call before.
	Ordinal int `json:"ordinal"`
}

// Record is what is kept of a journey for longer than Temporal keeps its
// history. Subject, References and Reference are encrypted at
// rest.
type Record struct {
	ID         RecordID `json:"id"`
	Journey    Journey  `json:"journey"`
	Provider   Provider `json:"provider"`
	WorkflowID string   `json:"workflow_id"`
	// RunID is the run that wrote last: a reset makes a new one.
	RunID string `json:"run_id"`
	// FirstRun is the run that made the record. It never changes.
	FirstRun    string `json:"first_run"`
	SubjectHash string `json:"subject_hash"`
	// Digest is the keyed digest of the request that started the journey.
	Digest string `json:"digest"`
	// Subject is the provider's own name of the person.
	Subject Secret `json:"subject,omitempty"`
	// References are the provider's identifiers, such as operation_id or token,
	// by name.
	References map[string]Secret `json:"references,omitempty"`
	// Grounds are what the journey relies on.
	Grounds Grounds `json:"grounds,omitzero"`
	// Reference is what the caller calls the journey.
	Reference Secret    `json:"reference,omitempty"`
	BeganAt   time.Time `json:"began_at"`
	// Steps are the calls that were fenced or gave something worth keeping, in
	// the order of their beginning.
	Steps []RecordStep `json:"steps,omitempty"`
	// Result is nil until the journey has concluded. It never changes.
	Result *Result `json:"result,omitempty"`
	// EmptiedAt is when everything personal was taken out of the record, by an
	// erasure or because it had been kept long enough; otherwise it is zero.
	EmptiedAt time.Time `json:"emptied_at,omitzero"`
	// Resolution is what an operator found out about an unknown outcome.
	Resolution *Resolution `json:"resolution,omitempty"`
}

// StepState is how far a fenced call has come.
type StepState string

// The states of a fenced call.
const (
	// StepClaimed: the call was about to be made; nothing is known of an answer.
	StepClaimed StepState = "claimed"
	// StepAnswered: the provider's answer is recorded.
	StepAnswered StepState = "answered"
	// StepLost: the call was made and its answer was lost.
	StepLost StepState = "lost"
)

// RecordStep is one call to a provider as a record keeps it.
type RecordStep struct {
	// Name is the step's activity name.
	Name string `json:"name"`
	// Ordinal tells calls of one step apart: 1 is the first.
	Ordinal   int       `json:"ordinal"`
	State     StepState `json:"state"`
	ClaimedAt time.Time `json:"claimed_at"`
	// AnsweredAt is zero until the answer is recorded.
	AnsweredAt time.Time `json:"answered_at,omitzero"`
}

// Resolution settles an unknown outcome: what an operator learned from the
// provider by other means.
type Resolution struct {
	Outcome Outcome `json:"outcome"`
	// Who is the operator.
	Who string `json:"who"`
	// Why says how it was found out.
	Why string    `json:"why"`
	At  time.Time `json:"at"`
}

// Resolutions lists the outcomes that an unknown outcome of the journey can
// turn out to have been.
func (j Journey) Resolutions() []Outcome {
	var outcomes []Outcome
	switch j {
	case AuthIDEnroll, SmartIDEnroll, IProovPhotoEnroll:
		outcomes = []Outcome{Enrolled, AlreadyEnrolled}
	case BioIDEnroll: // A class from before is trained, which is a success.
		outcomes = []Outcome{Enrolled}
	case AuthIDSelfie:
		outcomes = []Outcome{Captured}
	case SmartIDUnenroll:
		outcomes = []Outcome{Removed}
	}
	outcomes = append(outcomes, Rejected)
	if spec, err := j.Spec(); err == nil && spec.Waits() {
		outcomes = append(outcomes, Expired)
	}
	return append(outcomes, Canceled, Failed)
}

// AuditEntry is one line of the append-only audit trail.
type AuditEntry struct {
	// Seq orders the entries of all records.
	Seq    int64     `json:"seq"`
	Record RecordID  `json:"record,omitempty"`
	At     time.Time `json:"at"`
	// What names what happened, such as began, claimed, concluded, resolved.
	What string `json:"what"`
	// Who is the operator; empty when the orchestrator acted by itself.
	Who string `json:"who,omitempty"`
	// Detail says more, without secrets: a step, an outcome, a reason.
	Detail string `json:"detail,omitempty"`
}
