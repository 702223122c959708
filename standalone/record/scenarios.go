package main

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/enroll"
)

// scenario is one path through one story.
type scenario struct {
	name    string
	journey enroll.Journey
	input   any
	script  script
	hints   []sentHint
	cancel  bool
	want    enroll.Outcome
}

// sentHint is a hint and the pause before it.
type sentHint struct {
	after time.Duration
	name  enroll.HintName
	hint  enroll.Hint
}

// scenarios lists every path that has a fixture.
func scenarios() []scenario {
	return slices.Concat(authIDScenarios(), bioIDScenarios(), iproovScenarios(), smartIDScenarios())
}

// answers scripts a step that returns the results in turn.
func answers[In, Out any](s script, name enroll.Activity[In, Out], results ...Out) {
	for _, result := range results {
		s[string(name)] = append(s[string(name)], reply{result: result})
	}
}

// fails scripts a step that fails once more in that way.
func fails[In, Out any](s script, name enroll.Activity[In, Out], kind enroll.Kind, details enroll.FailureDetails) {
	s[string(name)] = append(s[string(name)], reply{failure: temporal.NewApplicationErrorWithOptions("scripted", string(kind),
		temporal.ApplicationErrorOptions{NonRetryable: !kind.Retryable(), NextRetryDelay: time.Second, Details: []any{details}})})
}

// scripted builds a script.
func scripted(parts ...func(script)) script {
	s := script{}
	for _, part := range parts {
		part(s)
	}
	return s
}

// envelope has a short hold-off, so that recording a poll takes no time.
func envelope() enroll.Envelope {
	pace := enroll.DefaultPace()
	pace.HoldOff = time.Second
	return enroll.Envelope{SubjectHash: "hash", Digest: "digest", Pace: pace}
}

var (
	enrolled = enroll.Verdict{Outcome: enroll.Enrolled}
	refused  = enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonLivenessFailed, CanRetry: true}
)

func authIDScenarios() []scenario {
	open := func(life time.Duration) func(script) {
		return func(s script) {
			answers(s, enroll.AuthIDReadAccount, enroll.AuthIDAccount{})
			answers(s, enroll.AuthIDCreateOperation, enroll.AuthIDOperation{HandOver: enroll.HandOver{
				ExpiresAt: time.Now().Add(life), AuthID: &enroll.AuthIDHandOver{OperationID: "operation"},
			}})
		}
	}
	status := func(v enroll.Verdict) func(script) {
		return func(s script) {
			answers(s, enroll.AuthIDConfirmStatus, enroll.AuthIDStatus{Verdict: v, Selfie: &enroll.SelfieReference{}})
		}
	}
	pending := func(code string) func(script) {
		return func(s script) {
			fails(s, enroll.AuthIDConfirmStatus, enroll.KindPending, enroll.FailureDetails{Code: code})
		}
	}
	in := enroll.AuthIDInput{Envelope: envelope(), AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: "a", TimeoutSeconds: 60}}
	attach := in
	attach.AttachCredential = true
	finalPage := []sentHint{{name: enroll.FinalPage}}
	captured := enroll.Verdict{Outcome: enroll.Captured}
	return []scenario{
		{name: "authid-enroll-by-hint", journey: enroll.AuthIDEnroll, input: in, script: scripted(open(time.Minute), status(enrolled)), hints: finalPage, want: enroll.Enrolled},
		{name: "authid-enroll-by-poll", journey: enroll.AuthIDEnroll, input: in, script: scripted(open(time.Minute), pending(""), pending(""), status(enrolled)), want: enroll.Enrolled},
		{name: "authid-enroll-hint-after-polls", journey: enroll.AuthIDEnroll, input: in, script: scripted(open(time.Minute), pending(""), pending(""), pending(""), status(enrolled)), hints: []sentHint{{2 * time.Second, enroll.FinalPage, enroll.Hint{}}}, want: enroll.Enrolled},
		{name: "authid-enroll-expired", journey: enroll.AuthIDEnroll, input: in, script: scripted(open(3*time.Second), pending("")), want: enroll.Expired},
		{name: "authid-enroll-unknown-status", journey: enroll.AuthIDEnroll, input: in, script: scripted(open(time.Second), pending("status 9")), want: enroll.Unknown},
		{name: "authid-enroll-canceled", journey: enroll.AuthIDEnroll, input: in, script: scripted(open(time.Minute), pending("")), cancel: true, want: enroll.Canceled},
		{name: "authid-enroll-account-not-found", journey: enroll.AuthIDEnroll, input: in, script: scripted(func(s script) {
			answers(s, enroll.AuthIDReadAccount, enroll.AuthIDAccount{Refused: &enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonAccountNotFound}})
		}), want: enroll.Rejected},
		{name: "authid-live-selfie-attached", journey: enroll.AuthIDSelfie, input: attach, script: scripted(open(time.Minute), status(captured), func(s script) {
			answers(s, enroll.AuthIDAttachCredential, enroll.AuthIDAttachment{})
		}), hints: finalPage, want: enroll.Captured},
	}
}

func bioIDScenarios() []scenario {
	open := func(life time.Duration) func(script) {
		return func(s script) {
			answers(s, enroll.BioIDIsEnrolled, enroll.BioIDClass{})
			answers(s, enroll.BioIDCreateToken, enroll.BioIDToken{HandOver: enroll.HandOver{ExpiresAt: time.Now().Add(life), BioID: &enroll.BioIDHandOver{Token: "token"}}})
		}
	}
	attempt := func(attempts ...enroll.BioIDAttempt) func(script) {
		return func(s script) { answers(s, enroll.BioIDEnrollSamples, attempts...) }
	}
	read := func(attempts ...enroll.BioIDAttempt) func(script) {
		return func(s script) { answers(s, enroll.BioIDReadResult, attempts...) }
	}
	unread := func(s script) { fails(s, enroll.BioIDReadResult, enroll.KindPending, enroll.FailureDetails{}) }
	lost := func(s script) { fails(s, enroll.BioIDEnrollSamples, enroll.KindLost, enroll.FailureDetails{}) }
	done, notLive := enroll.BioIDAttempt{Verdict: enrolled, Used: true}, enroll.BioIDAttempt{Verdict: refused, Again: true, Used: true}
	in := enroll.BioIDInput{Envelope: envelope(), BCID: "bws.1.1", PerformedBy: enroll.ByUs}
	browser, ours := in, in
	browser.PerformedBy = enroll.ByBrowser
	ours.Samples = []enroll.BioIDSampleRef{{Data: "one"}, {Data: "two"}}
	uploaded := sentHint{name: enroll.SamplesUploaded, hint: enroll.Hint{Samples: 4}}
	later := uploaded
	later.after = 2 * time.Second
	return []scenario{
		{name: "bioid-enroll-by-hint", journey: enroll.BioIDEnroll, input: in, script: scripted(open(time.Minute), unread, attempt(done)), hints: []sentHint{uploaded}, want: enroll.Enrolled},
		{name: "bioid-enroll-second-attempt", journey: enroll.BioIDEnroll, input: in, script: scripted(open(time.Minute), unread, attempt(notLive, done)), hints: []sentHint{uploaded, later}, want: enroll.Enrolled},
		{name: "bioid-enroll-by-browser", journey: enroll.BioIDEnroll, input: browser, script: scripted(open(time.Minute), read(done)), hints: []sentHint{uploaded}, want: enroll.Enrolled},
		{name: "bioid-enroll-lost-answer", journey: enroll.BioIDEnroll, input: in, script: scripted(open(time.Minute), lost, read(done)), hints: []sentHint{uploaded}, want: enroll.Enrolled},
		{name: "bioid-enroll-expired", journey: enroll.BioIDEnroll, input: in, script: scripted(open(4*time.Second), attempt(enroll.BioIDAttempt{NotPerformed: true}), read(enroll.BioIDAttempt{NotPerformed: true})), want: enroll.Expired},
		{name: "bioid-enroll-our-samples", journey: enroll.BioIDEnroll, input: ours, script: scripted(open(time.Minute), attempt(done), func(s script) {
			answers(s, enroll.BioIDUploadSamples, enroll.BioIDUpload{Accepted: 2})
			answers(s, enroll.Conclude, enroll.Nothing{})
		}), want: enroll.Enrolled},
	}
}

func iproovScenarios() []scenario {
	open := func(s script) {
		answers(s, enroll.IProovEnrolToken, enroll.IProovToken{Token: "enrol"})
		answers(s, enroll.IProovEnrolImage, enroll.IProovImage{})
		answers(s, enroll.IProovVerifyToken, enroll.IProovToken{Token: "verify"})
		answers(s, enroll.IProovInvalidateToken, enroll.Nothing{})
		answers(s, enroll.IProovRemoveUser, enroll.IProovUserRemoved{Existed: true})
		answers(s, enroll.Conclude, enroll.Nothing{})
	}
	validate := func(v ...enroll.IProovValidation) func(script) {
		return func(s script) { answers(s, enroll.IProovValidate, v...) }
	}
	lost := func(s script) { fails(s, enroll.IProovValidate, enroll.KindLost, enroll.FailureDetails{}) }
	pending, passed := enroll.IProovValidation{Pending: true}, enroll.IProovValidation{Verdict: enrolled}
	in := enroll.IProovInput{Envelope: envelope(), UserID: "user", Image: "ref", Source: enroll.SourceEID, TimeoutSeconds: 60}
	short := in
	short.TimeoutSeconds = 2
	finished := []sentHint{{name: enroll.SDKFinished}}
	return []scenario{
		{name: "iproov-photo-enroll-by-hint", journey: enroll.IProovPhotoEnroll, input: in, script: scripted(open, validate(passed)), hints: finished, want: enroll.Enrolled},
		{name: "iproov-photo-enroll-early-hint", journey: enroll.IProovPhotoEnroll, input: in, script: scripted(open, validate(pending, passed)), hints: finished, want: enroll.Enrolled},
		{name: "iproov-photo-enroll-face-refused", journey: enroll.IProovPhotoEnroll, input: in, script: scripted(open, validate(enroll.IProovValidation{Verdict: refused})), hints: finished, want: enroll.Rejected},
		{name: "iproov-photo-enroll-expired", journey: enroll.IProovPhotoEnroll, input: short, script: scripted(open, validate(pending)), want: enroll.Expired},
		{name: "iproov-photo-enroll-lost-validate", journey: enroll.IProovPhotoEnroll, input: in, script: scripted(open, lost), hints: finished, want: enroll.Unknown},
		{name: "iproov-photo-enroll-canceled", journey: enroll.IProovPhotoEnroll, input: in, script: scripted(open, validate(pending)), cancel: true, want: enroll.Canceled},
	}
}

func smartIDScenarios() []scenario {
	answer := func(s script) {
		answers(s, enroll.SmartIDForwardEnroll, enroll.SmartIDAnswer{Verdict: enrolled})
		answers(s, enroll.Conclude, enroll.Nothing{})
	}
	down := func(s script) {
		fails(s, enroll.SmartIDForwardEnroll, enroll.KindUnavailable, enroll.FailureDetails{Code: "701"})
	}
	in := enroll.SmartIDEnrollInput{Envelope: envelope(), User: "user", Template: "template", PayLoad: "payload"}
	reset := in
	reset.Reset = true
	removed := enroll.SmartIDAnswer{Verdict: enroll.Verdict{Outcome: enroll.Removed}}
	return []scenario{
		{name: "smartid-enroll", journey: enroll.SmartIDEnroll, input: in, script: scripted(answer), want: enroll.Enrolled},
		{name: "smartid-enroll-repeated", journey: enroll.SmartIDEnroll, input: in, script: scripted(down, answer), want: enroll.Enrolled},
		{name: "smartid-enroll-reset", journey: enroll.SmartIDEnroll, input: reset, script: scripted(answer, func(s script) {
			answers(s, enroll.SmartIDForwardUnenroll, removed)
		}), want: enroll.Enrolled},
		{name: "smartid-unenroll", journey: enroll.SmartIDUnenroll, input: enroll.SmartIDUnenrollInput{Envelope: envelope(), User: "user"}, script: scripted(func(s script) {
			answers(s, enroll.SmartIDForwardUnenroll, removed)
		}), want: enroll.Removed},
	}
}
