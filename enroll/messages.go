package enroll

import (
	"strings"
	"time"
)

// BeginUpdate is the name of the update that starts a journey and returns the
// hand-over or the outcome in one round trip.
const BeginUpdate = "begin"

// RenewUpdate is the name of the update that brings a waiting journey a new
// hand-over: the old one ran out, or was used up.
const RenewUpdate = "renew"

// NotRenewable is the failure type with which a journey rejects a renewal: it
// does not wait for a person, or has been renewed too often.
const NotRenewable = "NotRenewable"

// StateQuery is the name of the query that returns State.
const StateQuery = "state"

// HandOverQuery is the name of the query that returns the current HandOver, or
// nil when there is none.
const HandOverQuery = "hand-over"

// HintName names a hint. It is also the name of the signal, so that an
// operator sees in the Temporal UI which hints arrived.
type HintName string

// The hints.
const (
	// FinalPage: the frontend reached the provider's final page.
	FinalPage HintName = "final-page"
	// SamplesUploaded: the frontend finished uploading samples.
	SamplesUploaded HintName = "samples-uploaded"
	// SDKFinished: the provider's SDK reports its end.
	SDKFinished HintName = "sdk-finished"
	// Webhook: the provider called its webhook.
	Webhook HintName = "webhook"
)

// HintNames lists the hints that a backend or frontend may send. Webhook is
// not among them: only the provider's own call becomes one.
func HintNames() []HintName { return []HintName{FinalPage, SamplesUploaded, SDKFinished} }

// Hint wakes a journey. Nothing in it is ever a verdict.
type Hint struct {
	// Code is the SDK's own code on failure, shown to operators.
	Code string `json:"code,omitempty"`
	// Samples is the number of samples uploaded, for SamplesUploaded.
	Samples int `json:"samples,omitempty"`
	// Client is the frontend's User-Agent, for providers that ask for it.
	Client string `json:"client,omitempty"`
}

// BeginReply answers the begin update: with a hand-over when the journey
// waits, with a result when it has ended already.
type BeginReply struct {
	// Digest is the keyed digest of the request that started the journey. A
	// caller whose own digest differs used the key with another body.
	Digest   string    `json:"digest"`
	HandOver *HandOver `json:"hand_over,omitempty"`
	// Deadline is when the journey stops waiting.
	Deadline time.Time `json:"deadline,omitzero"`
	Result   *Result   `json:"result,omitempty"`
}

// RenewReply answers the renew update. One of HandOver, Result and Refused is
// set.
type RenewReply struct {
	// HandOver replaces the one before it.
	HandOver *HandOver `json:"hand_over,omitempty"`
	// Result tells that the journey ended instead: the person had finished.
	Result *Result `json:"result,omitempty"`
	// Refused tells why the provider gave nothing new. The journey goes on
	// waiting with the hand-over it has.
	Refused *Verdict `json:"refused,omitempty"`
	// Left is how many renewals remain.
	Left int `json:"left"`
}

// State is what an operator wants to know of a journey. It holds no secret.
type State struct {
	Journey Journey `json:"journey"`
	Phase   Phase   `json:"phase"`
	// WaitingOn says for whom the journey waits: provider, person, or nobody.
	WaitingOn string `json:"waiting_on,omitempty"`
	// Since is when the phase began.
	Since time.Time `json:"since"`
	// Deadline is when waiting ends.
	Deadline time.Time `json:"deadline,omitzero"`
	// Hints counts the hints by name.
	Hints map[HintName]int `json:"hints,omitempty"`
	// LastHintCode is the last code an SDK reported.
	LastHintCode string `json:"last_hint_code,omitempty"`
	// Asked counts the confirms that were made because of a hint, a timer or
	// the deadline; the backup poll's attempts are counted by the server.
	Asked int `json:"asked"`
	// LastAnswer is the kind of the last answer to a confirm.
	LastAnswer string `json:"last_answer,omitempty"`
	// AttemptsLeft is how many attempts the person has left, where it is known.
	AttemptsLeft int `json:"attempts_left,omitempty"`
	// RenewalsLeft is how often the hand-over may still be renewed.
	RenewalsLeft int `json:"renewals_left"`
	// Result is set once concluded.
	Result *Result `json:"result,omitempty"`
}

// Envelope is the part of a workflow's input that every journey shares.
type Envelope struct {
	// Record is the journey's record.
	Record RecordID `json:"record"`
	// SubjectHash is the keyed hash of provider and subject.
	SubjectHash string `json:"subject_hash"`
	// Digest is the keyed digest of the whole request.
	Digest string `json:"digest"`
	// Pace holds the settings of begin and wait.
	Pace Pace `json:"pace"`
	// AfterEnd says what becomes of a capture completed after the journey had
	// ended.
	AfterEnd AfterEnd `json:"after_end"`
	// Grounds are what the journey relies on.
	Grounds Grounds `json:"grounds,omitzero"`
	// Reference is what the caller calls the journey.
	Reference Secret `json:"reference,omitempty"`
}

// Pace holds how long a journey may begin and how often it asks. It travels
// in the workflow's input, so that a change of settings never touches a
// journey that runs.
type Pace struct {
	// BeginBudget bounds all calls until the hand-over.
	BeginBudget time.Duration `json:"begin_budget"`
	// HoldOff is how long the backup poll waits for a hint to come first.
	HoldOff time.Duration `json:"hold_off"`
	// PollFirst is the delay after the first pending answer of the backup
	// poll; each further one is PollFactor longer, up to PollCap.
	PollFirst  time.Duration `json:"poll_first"`
	PollFactor float64       `json:"poll_factor"`
	PollCap    time.Duration `json:"poll_cap"`
	// Renewals is how often a journey's hand-over may be renewed.
	Renewals int `json:"renewals"`
}

// DefaultPace returns the pace of the design: 15 s to begin, 5 s hold-off, and
// polls from 5 s growing by 1.2 up to 60 s,
// and five renewals.
func DefaultPace() Pace {
	return Pace{
		BeginBudget: 15 * time.Second,
		HoldOff:     5 * time.Second,
		PollFirst:   5 * time.Second,
		PollFactor:  1.2,
		PollCap:     time.Minute,
		Renewals:    5,
	}
}

// After returns how long to wait after the nth pending answer (1 is the
// first), without jitter.
func (p Pace) After(n int) time.Duration {
	delay := float64(p.PollFirst)
	for range n - 1 {
		if delay *= p.PollFactor; delay >= float64(p.PollCap) {
			return p.PollCap
		}
	}
	return min(time.Duration(delay), p.PollCap)
}

// SealedRef refers to bytes in sealed storage: the record of the journey that
// sealed them, a dash, and the name of the part. It holds nothing of the
// subject.
type SealedRef string

// Split returns the record of the journey that sealed the bytes, and the name
// of the part.
func (r SealedRef) Split() (record RecordID, part string) {
	before, after, _ := strings.Cut(string(r), "-")
	return RecordID(before), after
}

// SealedPart returns the reference under which a journey seals a part.
func SealedPart(record RecordID, part string) SealedRef {
	return SealedRef(string(record) + "-" + part)
}
