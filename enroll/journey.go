package enroll

import (
	"fmt"
	"slices"
	"strings"
)

// Provider names a company whose service captures and keeps the biometrics.
type Provider string

// The four providers.
const (
	AuthID  Provider = "authid"
	BioID   Provider = "bioid"
	SmartID Provider = "smartid"
	IProov  Provider = "iproov"
)

// Providers lists every provider, in the order of the documentation.
func Providers() []Provider { return []Provider{AuthID, BioID, SmartID, IProov} }

// TaskQueue returns the name of the task queue on which the provider's
// activities run. Each provider has its own, so that one that is slow or down
// cannot starve the others.
func (p Provider) TaskQueue() string { return WorkflowTaskQueue + "-" + string(p) }

// WorkflowTaskQueue is the task queue of the workflows and of the activities
// that call no provider.
const WorkflowTaskQueue = "bioenroll"

// Journey names one kind of enrollment attempt.
type Journey string

// The six journeys.
const (
	AuthIDEnroll      Journey = "authid.enroll"
	AuthIDSelfie      Journey = "authid.live-selfie"
	BioIDEnroll       Journey = "bioid.enroll"
	SmartIDEnroll     Journey = "smartid.enroll"
	SmartIDUnenroll   Journey = "smartid.unenroll"
	IProovPhotoEnroll Journey = "iproov.photo-enroll"
)

// Spec describes one journey: everything about it that other packages need to
// know without knowing how it works.
type Spec struct {
	// Journey is the name used by callers and operators.
	Journey Journey
	// Provider is the company asked.
	Provider Provider
	// Workflow is the workflow type, visible in the Temporal UI.
	Workflow string
	// Hints lists the hints that wake the journey; empty when it never waits
	// for a person.
	Hints []HintName
	// About says in one sentence what the journey does.
	About string
}

// Waits reports whether the journey hands over to a person and waits.
func (s Spec) Waits() bool { return len(s.Hints) > 0 }

// Accepts reports whether the journey listens to the hint.
func (s Spec) Accepts(name HintName) bool { return slices.Contains(s.Hints, name) }

// Catalogue returns every journey, one line each.
func Catalogue() []Spec {
	return []Spec{
		{AuthIDEnroll, AuthID, "AuthIDEnrollment", []HintName{FinalPage, Webhook}, "Enroll a face credential for an existing authID account."},
		{AuthIDSelfie, AuthID, "AuthIDLiveSelfie", []HintName{FinalPage, Webhook}, "Capture a live selfie for an existing authID account."},
		{BioIDEnroll, BioID, "BioIDEnrollment", []HintName{SamplesUploaded}, "Enroll a BioID class from uploaded samples."},
		{SmartIDEnroll, SmartID, "SmartIDEnrollment", nil, "Register a SmartID template captured on the device."},
		{SmartIDUnenroll, SmartID, "SmartIDUnenrollment", nil, "Remove a user's SmartID enrollment."},
		{IProovPhotoEnroll, IProov, "IProovPhotoEnrollment", []HintName{SDKFinished, FinalPage}, "Enroll a trusted photo at iProov and verify the person against it."},
	}
}

// Spec returns the journey's entry of the catalogue. The error names the
// journeys that exist.
func (j Journey) Spec() (Spec, error) {
	names := make([]string, 0, len(Catalogue()))
	for _, spec := range Catalogue() {
		if spec.Journey == j {
			return spec, nil
		}
		names = append(names, string(spec.Journey))
	}
	return Spec{}, fmt.Errorf("journey: %q is not one of %s", j, strings.Join(names, ", "))
}

// Phase is where a journey stands.
type Phase string

// The phases of a journey, in order.
const (
	// Beginning: calls to the provider that lead to the hand-over.
	Beginning Phase = "beginning"
	// Waiting: the hand-over is out and the journey waits for the person.
	Waiting Phase = "waiting"
	// Concluded: the outcome is recorded.
	Concluded Phase = "concluded"
)

// Search attributes of a journey, visible to operators in clear. None holds
// personal data: subject and operations are keyed hashes.
const (
	AttrProvider = "EnrollProvider" // Keyword: the provider.
	AttrJourney  = "EnrollJourney"  // Keyword: the journey.
	AttrPhase    = "EnrollPhase"    // Keyword: the phase.
	AttrOutcome  = "EnrollOutcome"  // Keyword: the outcome, once concluded.
	AttrSubject  = "EnrollSubject"  // Keyword: the keyed hash of the subject.
	AttrDeadline = "EnrollDeadline" // Datetime: when waiting ends.
	// The next finds the journey that a provider's webhook means.
	AttrOperation = "EnrollOperation" // KeywordList: the keyed hashes of its operations.
)
