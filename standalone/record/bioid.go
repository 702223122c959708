package main

import (
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// bioIDOpens lets the capture open: the class is new, and the token lives so
// long.
func bioIDOpens(life time.Duration) part {
	return together(answers(enroll.BioIDIsEnrolled, enroll.BioIDClass{}), bioIDIssues("first", life))
}

// bioIDIssues issues one token more.
func bioIDIssues(token enroll.Secret, life time.Duration) part {
	return opens(enroll.BioIDCreateToken, life, func(until time.Time) enroll.BioIDToken {
		return enroll.BioIDToken{HandOver: enroll.HandOver{ExpiresAt: until, BioID: &enroll.BioIDHandOver{Token: token}}}
	})
}

// bioIDPerforms are the answers to enrollment attempts.
func bioIDPerforms(attempts ...enroll.BioIDAttempt) part {
	return answers(enroll.BioIDEnrollSamples, attempts...)
}

// bioIDReads are the answers to questions for the result.
func bioIDReads(attempts ...enroll.BioIDAttempt) part {
	return answers(enroll.BioIDReadResult, attempts...)
}

// bioIDPends answers that no task was performed.
func bioIDPends() part {
	return fails(enroll.BioIDReadResult, enroll.KindPending, enroll.FailureDetails{})
}

// bioIDLoses loses the answer to an attempt.
func bioIDLoses() part {
	return fails(enroll.BioIDEnrollSamples, enroll.KindLost, enroll.FailureDetails{})
}

// What an attempt comes to.
var (
	bioIDDone      = enroll.BioIDAttempt{Verdict: enrolled, Used: true}
	bioIDNotLive   = enroll.BioIDAttempt{Verdict: refused, Again: true, Used: true}
	bioIDNothing   = enroll.BioIDAttempt{NotPerformed: true}
	bioIDTokenOver = enroll.BioIDAttempt{Verdict: timedOut}
)

func bioIDInput() enroll.BioIDInput {
	return enroll.BioIDInput{Envelope: envelope(), BCID: "bws.1.1", PerformedBy: enroll.ByUs}
}

// bioIDUnpolled is a journey whose backup poll does not come into play.
func bioIDUnpolled(by enroll.PerformedBy) enroll.BioIDInput {
	in := bioIDInput()
	in.Pace.HoldOff, in.PerformedBy = time.Minute, by
	return in
}

// uploaded is the hint of a browser that has finished uploading.
func uploaded() act {
	return act{do: sendHint, name: enroll.SamplesUploaded, hint: enroll.Hint{Samples: 4}}
}

func bioIDScenarios() []scenario {
	list := append(append(bioIDBeginnings(), bioIDAttempts()...), bioIDEnds()...)
	list = append(append(list, bioIDRenewals()...), bioIDOurs()...)
	for i := range list {
		list[i].journey = enroll.BioIDEnroll
		if list[i].input == nil {
			list[i].input = bioIDInput()
		}
	}
	return list
}

// bioIDBeginnings are the paths that end before the hand-over.
func bioIDBeginnings() []scenario {
	notAllowed := ended(enroll.Rejected, enroll.ReasonNotAllowed)
	return []scenario{
		{name: "bioid-enroll-class-refused", script: scripted(answers(enroll.BioIDIsEnrolled, enroll.BioIDClass{Refused: &notAllowed})), want: notAllowed},
		{
			name: "bioid-enroll-token-refused", want: notAllowed,
			script: scripted(answers(enroll.BioIDIsEnrolled, enroll.BioIDClass{}), answers(enroll.BioIDCreateToken, enroll.BioIDToken{Refused: &notAllowed})),
		},
	}
}

// bioIDAttempts are the paths on which samples come to an attempt.
func bioIDAttempts() []scenario {
	open := bioIDOpens(time.Minute)
	once := bioIDInput()
	once.MaxTries = 1
	byUs, byBrowser := bioIDUnpolled(enroll.ByUs), bioIDUnpolled(enroll.ByBrowser)
	polled := bioIDInput()
	polled.PerformedBy = enroll.ByBrowser
	afterLost := ended(enroll.Enrolled, enroll.ReasonAfterLostAnswer)
	notSent := fails(enroll.BioIDEnrollSamples, enroll.KindUnavailable, enroll.FailureDetails{NotSent: true})
	denied := fails(enroll.BioIDReadResult, enroll.KindDenied, enroll.FailureDetails{Code: "401"})
	deleted := answers(enroll.BioIDDeleteClass, enroll.Nothing{})
	again := later(uploaded(), 2*time.Second)
	return []scenario{
		{name: "bioid-enroll-by-hint", script: scripted(open, bioIDPends(), bioIDPerforms(bioIDDone)), acts: []act{uploaded()}, want: enrolled},
		{name: "bioid-enroll-by-browser", input: polled, script: scripted(open, bioIDReads(bioIDDone)), acts: []act{uploaded()}, want: enrolled},
		{name: "bioid-enroll-by-poll", input: polled, script: scripted(open, bioIDPends(), bioIDReads(bioIDDone)), want: enrolled},
		{name: "bioid-enroll-before-token-ends", input: byUs, script: scripted(bioIDOpens(4*time.Second), bioIDReads(bioIDNothing), bioIDPerforms(bioIDDone)), want: enrolled},
		{name: "bioid-enroll-second-attempt", script: scripted(open, bioIDPends(), bioIDPerforms(bioIDNotLive, bioIDDone)), acts: []act{uploaded(), again}, want: enrolled},
		{name: "bioid-enroll-browser-second-attempt", input: byBrowser, script: scripted(open, bioIDReads(bioIDNotLive, bioIDDone), bioIDPerforms(bioIDNothing)), acts: []act{uploaded(), again}, want: enrolled},
		{name: "bioid-enroll-attempts-used-up", input: once, script: scripted(open, bioIDPends(), bioIDPerforms(bioIDNotLive)), acts: []act{uploaded()}, want: refused},
		{name: "bioid-enroll-not-sent", input: byUs, script: scripted(open, notSent, bioIDPerforms(bioIDDone)), acts: []act{uploaded()}, want: enrolled},
		{name: "bioid-enroll-lost-answer", input: byUs, script: scripted(open, bioIDLoses(), bioIDReads(bioIDDone)), acts: []act{uploaded()}, want: afterLost},
		{name: "bioid-enroll-lost-answer-performed-again", input: byUs, script: scripted(open, bioIDLoses(), bioIDPerforms(bioIDDone), bioIDReads(bioIDNothing)), acts: []act{uploaded()}, want: afterLost},
		{name: "bioid-enroll-unknown", input: byUs, script: scripted(open, bioIDLoses(), denied, deleted), acts: []act{uploaded()}, want: lost},
	}
}

// bioIDEnds are the paths on which waiting ends without an attempt.
func bioIDEnds() []scenario {
	open := bioIDOpens(time.Minute)
	return []scenario{
		{name: "bioid-enroll-expired", script: scripted(bioIDOpens(4*time.Second), bioIDPerforms(bioIDNothing), bioIDReads(bioIDNothing)), want: timedOut},
		{name: "bioid-enroll-canceled", script: scripted(open, bioIDPends()), acts: []act{cancel()}, want: calledBy},
		{name: "bioid-enroll-canceled-too-late", script: scripted(open, bioIDReads(bioIDDone)), acts: []act{cancel()}, want: enrolled},
	}
}

// bioIDRenewals are the paths with a renewal.
func bioIDRenewals() []scenario {
	open, second := bioIDOpens(time.Minute), bioIDIssues("second", time.Minute)
	outlives := bioIDUnpolled(enroll.ByUs)
	outlives.TimeoutSeconds = 120
	notAllowed := ended(enroll.Rejected, enroll.ReasonNotAllowed)
	refuses := answers(enroll.BioIDCreateToken, enroll.BioIDToken{Refused: &notAllowed})
	down := fails(enroll.BioIDCreateToken, enroll.KindUnavailable, enroll.FailureDetails{})
	return []scenario{
		{name: "bioid-enroll-renewed", script: scripted(open, second, bioIDPends(), bioIDPerforms(bioIDDone)), acts: []act{renew(), uploaded()}, want: enrolled, renewal: handedOver},
		{name: "bioid-enroll-renewed-while-polling", script: scripted(open, second, bioIDPends(), bioIDPerforms(bioIDDone)), acts: []act{later(renew(), 2*time.Second), uploaded()}, want: enrolled, renewal: handedOver},
		{
			name: "bioid-enroll-token-ended-then-renewed", input: outlives, want: enrolled, renewal: handedOver,
			script: scripted(open, second, bioIDReads(bioIDNothing), bioIDPerforms(bioIDTokenOver, bioIDDone)), acts: []act{uploaded(), later(renew(), time.Second), uploaded()},
		},
		{name: "bioid-enroll-renewal-after-success", script: scripted(open, bioIDReads(bioIDDone)), acts: []act{renew()}, want: enrolled, renewal: endedInstead},
		{name: "bioid-enroll-renewal-refused", script: scripted(open, refuses, bioIDPends(), bioIDPerforms(bioIDDone)), acts: []act{renew(), uploaded()}, want: enrolled, renewal: refusedAnew},
		{name: "bioid-enroll-canceled-while-renewing", script: scripted(open, down, second, bioIDPends()), acts: []act{renewing(), cancel()}, want: calledBy, renewal: handedOver},
	}
}

// bioIDOurs are the paths of samples that we hold.
func bioIDOurs() []scenario {
	ours := bioIDInput()
	ours.Samples = []enroll.BioIDSampleRef{{Data: "one"}, {Data: "two"}}
	open := together(bioIDOpens(time.Minute), answers(enroll.BioIDUploadSamples, enroll.BioIDUpload{Accepted: 2}))
	noFace := ended(enroll.Rejected, enroll.ReasonSampleRefused)
	refuses := answers(enroll.BioIDUploadSamples, enroll.BioIDUpload{Refused: &noFace})
	busy := enroll.BioIDAttempt{Verdict: ended(enroll.Failed, enroll.ReasonProviderUnavailable), Again: true}
	list := []scenario{
		{name: "bioid-enroll-our-samples", script: scripted(open, bioIDPerforms(bioIDDone)), want: enrolled},
		{name: "bioid-enroll-our-samples-refused", script: scripted(bioIDOpens(time.Minute), refuses), want: noFace},
		{name: "bioid-enroll-our-samples-too-few", script: scripted(open, bioIDPerforms(bioIDNothing)), want: ended(enroll.Rejected, enroll.ReasonNotEnoughSamples)},
		{name: "bioid-enroll-our-samples-provider-busy", script: scripted(open, bioIDPerforms(busy, bioIDDone)), want: enrolled},
		{name: "bioid-enroll-our-samples-token-ended", script: scripted(open, bioIDIssues("second", time.Minute), bioIDPerforms(bioIDTokenOver, bioIDDone)), want: enrolled},
	}
	for i := range list {
		list[i].input = ours
	}
	return list
}
