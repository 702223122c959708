// Package script draws from a seed everything that a fault campaign will do:
// which journeys are started and when, how each person behaves, which of their
// calls go wrong, which processes are killed and when the network is bad. The
// same seed gives the same script on every machine; how the processes then
// interleave is up to the machine.
package script

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// Options choose what a campaign is made of.
type Options struct {
	// Seed makes the script; equal seeds make equal scripts.
	Seed uint64
	// Journeys is how many are started.
	Journeys int
	// Duration is how long disturbances go on. Journeys start within the first
	// three quarters of it.
	Duration time.Duration
	// Workers is how many worker processes there are.
	Workers int
	// Kills, Network, Faults and Resets switch whole kinds of disturbance on.
	Kills, Network, Faults, Resets bool
	// Events switches on what goes wrong with the receiver of outcome events.
	Events bool
}

// Script is all that a campaign will do.
type Script struct {
	Journeys []Journey
	// Troubles are ordered by time.
	Troubles []Trouble
}

// Streams keep the parts of a script apart, so that one more draw in one of
// them changes nothing in the others.
const (
	streamJourneys uint64 = 1 << 32
	streamTroubles uint64 = 2 << 32
)

// New draws a script.
func New(options Options) Script {
	s := Script{}
	for i := range options.Journeys {
		d := draw{rand.New(rand.NewPCG(options.Seed, streamJourneys+uint64(i)))} //nolint:gosec // a script has to be repeatable
		s.Journeys = append(s.Journeys, d.journey(options, i))
	}
	d := draw{rand.New(rand.NewPCG(options.Seed, streamTroubles))} //nolint:gosec // a script has to be repeatable
	s.Troubles = d.troubles(options)
	return s
}

// Person is what the person in front of the camera does.
type Person string

// What people do.
const (
	// Completes finishes the capture, and the frontend relays it.
	Completes Person = "completes"
	// CompletesUnseen finishes, and no hint ever arrives.
	CompletesUnseen Person = "completes unseen"
	// Fails is refused by the provider.
	Fails Person = "fails"
	// FailsThenCompletes needs two attempts, where the provider allows them.
	FailsThenCompletes Person = "fails, then completes"
	// WalksAway never finishes.
	WalksAway Person = "walks away"
	// Pretends sends the hint without having done anything.
	Pretends Person = "pretends"
	// Renews asks for a new hand-over and completes with that.
	Renews Person = "renews, then completes"
	// Cancels lets the backend call the journey off.
	Cancels Person = "cancels"
	// CompletesAfterCancel finishes although the backend called it off.
	CompletesAfterCancel Person = "completes after cancel"
)

// Journey is the script of one journey.
type Journey struct {
	// Index tells journeys apart; it is all that is needed to find one again.
	Index   int
	Kind    enroll.Journey
	Subject string
	Key     string
	// At is when it is started, from the beginning of the campaign.
	At time.Duration
	// Existed reports that the provider has an enrollment from before.
	Existed bool
	// Ours reports that the journey itself uploads samples (BioID).
	Ours bool
	// ByBrowser reports that the browser performs the enrollment (BioID).
	ByBrowser bool
	// BySMS reports that the link goes out as a message (authID).
	BySMS bool
	// OverWrite and Reset are those of SmartID.
	OverWrite, Reset bool
	// TimeoutSeconds is how long the journey waits for the person.
	TimeoutSeconds int
	Person         Person
	// Think is how long the person takes, and Pause how long between two acts.
	Think, Pause time.Duration
	// Reason is why the provider refuses the person, for authID.
	Reason string
	// Twins is how many more callers start the journey at the same moment with
	// the same key.
	Twins int
	// OtherKey and OtherBody start the same subject with another key, and the
	// same key with another request, while the journey lives.
	OtherKey, OtherBody bool
	// Again repeats the start with the same key after the end.
	Again bool
	// Next starts another journey of the subject after the end, with another
	// key, before Again (SmartID's removal).
	Next bool
	// Hints says how hints misbehave.
	Hints Hints
	// Faults are what goes wrong at the provider, for this subject's calls.
	Faults []simulator.Fault
	// ResetAt is when an operator resets the workflow, if one does.
	ResetAt ResetAt
}

// Hints says how the hints of a journey misbehave.
type Hints struct {
	// Early hints arrive before the person has done anything.
	Early int
	// Copies of the true hint arrive beside it.
	Copies int
	// Forged hints hold what no frontend sends.
	Forged int
	// Late hints arrive after the end.
	Late int
}

// ResetAt is when an operator resets a workflow.
type ResetAt string

// The moments of a reset.
const (
	NoReset     ResetAt = ""
	ResetLive   ResetAt = "live"   // While the journey lives, after Think.
	ResetClosed ResetAt = "closed" // After its end.
)

// String names the journey in one line.
func (j Journey) String() string {
	return fmt.Sprintf("journey %d (%s, the person %s)", j.Index, j.Kind, j.Person)
}

// draw is a source of chance with the helpers that a script needs.
type draw struct{ *rand.Rand }

// one reports true in a share of 1 in n.
func (d draw) one(n int) bool { return d.IntN(n) == 0 }

// between draws a time.
func (d draw) between(from, to time.Duration) time.Duration {
	return from + time.Duration(d.Int64N(int64(to-from)))
}

// pick draws one of the choices.
func pick[T any](d draw, choices []T) T { return choices[d.IntN(len(choices))] }

// startShare is the share of a campaign's duration in which journeys start.
const startShare = 0.75

func (d draw) journey(options Options, i int) Journey {
	kinds := enroll.Catalogue()
	j := Journey{
		Index: i, Kind: kinds[i%len(kinds)].Journey, Key: fmt.Sprintf("chaos-key-%d", i),
		At:    time.Duration(d.Float64() * startShare * float64(options.Duration)),
		Think: d.between(100*time.Millisecond, 6*time.Second), Pause: d.between(100*time.Millisecond, 2*time.Second),
		TimeoutSeconds: 6 + d.IntN(14),
		Twins:          d.IntN(3) * d.IntN(2), OtherKey: d.one(8), OtherBody: d.one(8), Again: d.one(3),
		Hints: Hints{
			Early: d.IntN(3) * d.IntN(2), Copies: d.IntN(4) * d.IntN(2), Forged: d.IntN(2) * d.IntN(2), Late: d.IntN(2),
		},
	}
	if d.one(20) {
		j.Hints.Copies = 40 // A flood.
	}
	d.shape(&j, kinds[i%len(kinds)])
	if options.Resets && d.one(5) {
		j.ResetAt = pick(d, []ResetAt{ResetLive, ResetClosed})
	}
	if options.Faults {
		j.Faults = d.faults(j)
	}
	return j
}

// shape draws what depends on the kind of journey.
func (d draw) shape(j *Journey, spec enroll.Spec) {
	j.Subject = fmt.Sprintf("chaos-%d", j.Index)
	if spec.Waits() {
		j.Person = pick(d, []Person{
			Completes, Completes, Completes, Completes, CompletesUnseen, Fails, Fails, FailsThenCompletes,
			WalksAway, Pretends, Renews, Cancels, CompletesAfterCancel,
		})
	}
	j.Existed = d.one(10)
	switch j.Kind {
	case enroll.AuthIDEnroll, enroll.AuthIDSelfie:
		j.BySMS = d.one(5)
		j.Reason = pick(d, []string{"liveness_failed", "biometry_failed", "declined", "canceled", "error"})
		if j.Person == Renews {
			j.TimeoutSeconds = 45 // A new operation needs thirty seconds.
		}
	case enroll.BioIDEnroll:
		const first = 700_000 // Above every class that the simulators' documentation names.
		j.Subject = fmt.Sprintf("bws.1.%d", first+j.Index)
		j.Ours, j.ByBrowser = d.one(3), d.one(2)
		j.ByBrowser = j.ByBrowser && !j.Ours
	case enroll.SmartIDEnroll:
		j.Existed = d.one(4)
		j.OverWrite, j.Reset = d.one(4), d.one(5)
		j.Reset = j.Reset && !j.OverWrite
	case enroll.SmartIDUnenroll:
		j.Existed = !d.one(5)
		j.Next = d.one(3)
		j.Again = j.Again || j.Next
	case enroll.IProovPhotoEnroll:
	}
}

// Endpoints lists the calls of a kind of journey that can go wrong, as the
// simulators' ledger names them.
func Endpoints(kind enroll.Journey) []string {
	switch kind {
	case enroll.AuthIDEnroll:
		return []string{"authid.read_account", "authid.create_operation", "authid.status"}
	case enroll.AuthIDSelfie:
		return []string{"authid.read_account", "authid.create_operation", "authid.status", "authid.read_selfie"}
	case enroll.BioIDEnroll:
		return []string{"bioid.is_enrolled", "bioid.token", "bioid.enroll", "bioid.result", "bioid.upload"}
	case enroll.SmartIDEnroll:
		return []string{"smartid.enroll"}
	case enroll.SmartIDUnenroll:
		return []string{"smartid.unenroll"}
	case enroll.IProovPhotoEnroll:
		return []string{
			"iproov.enrol_token", "iproov.enrol_image", "iproov.verify_token", "iproov.verify_validate", "iproov.delete_user",
		}
	}
	return nil
}

// faults draws what goes wrong: nothing for most journeys.
func (d draw) faults(j Journey) []simulator.Fault {
	kinds := []string{"delay", "429", "500", "reset_before", "reset_after", "garbage", "half_body", "no_answer"}
	var faults []simulator.Fault
	for range d.IntN(3) * d.IntN(2) {
		f := simulator.Fault{
			Match: simulator.FaultMatch{Endpoint: pick(d, Endpoints(j.Kind)), Subject: j.Subject},
			Kind:  pick(d, kinds), After: d.IntN(2) * d.IntN(2), Times: 1 + d.IntN(2),
		}
		switch f.Kind {
		case "delay":
			f.DelayMS = 200 + d.IntN(1500)
		case "429":
			f.RetryAfterS = d.IntN(3)
		}
		faults = append(faults, f)
	}
	return faults
}

// ordered sorts troubles by time.
func ordered(troubles []Trouble) []Trouble {
	slices.SortStableFunc(troubles, func(a, b Trouble) int { return int(a.At - b.At) })
	return troubles
}
