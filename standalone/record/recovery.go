package main

import (
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// deathScenarios are the paths on which a worker dies in a call that may be
// made only once. The next attempt finds at the fence what is known of it.
func deathScenarios() []scenario {
	bySMS := authIDInput()
	bySMS.TransportType = enroll.TransportSMS
	smartID := enroll.SmartIDEnrollInput{Envelope: envelope(), User: "user", Template: "template", PayLoad: "payload"}
	afterLost := ended(enroll.AlreadyEnrolled, enroll.ReasonAfterLostAnswer)
	enrolToken := answers(enroll.IProovEnrolToken, enroll.IProovToken{Token: "enrol"})
	found := answers(enroll.IProovEnrolImage, enroll.IProovImage{})
	finished := []act{hinted(enroll.SDKFinished)}
	unpolled := bioIDUnpolled(enroll.ByUs)
	return []scenario{
		{
			name: "authid-enroll-worker-died", journey: enroll.AuthIDEnroll, input: bySMS, want: lost,
			script: scripted(
				answers(enroll.AuthIDReadAccount, enroll.AuthIDAccount{}), dies(enroll.AuthIDCreateOperation),
				fails(enroll.AuthIDCreateOperation, enroll.KindLost, enroll.FailureDetails{}),
			),
		},
		{
			name: "bioid-enroll-worker-died", journey: enroll.BioIDEnroll, input: unpolled, acts: []act{uploaded()}, want: ended(enroll.Enrolled, enroll.ReasonAfterLostAnswer),
			script: scripted(bioIDOpens(time.Minute), dies(enroll.BioIDEnrollSamples), bioIDLoses(), bioIDReads(bioIDDone)),
		},
		{
			name: "iproov-photo-enroll-worker-died-with-image", journey: enroll.IProovPhotoEnroll, input: iproovInput(), acts: finished, want: enrolled,
			script: scripted(enrolToken, dies(enroll.IProovEnrolImage), found, iproovIssues("first"), iproovSays(iproovPassed)),
		},
		{
			name: "iproov-photo-enroll-worker-died-in-validate", journey: enroll.IProovPhotoEnroll, input: iproovInput(), acts: finished, want: lost,
			script: scripted(iproovOpens(), dies(enroll.IProovValidate), iproovFails(enroll.KindLost, false)),
		},
		{
			name: "smartid-enroll-worker-died", journey: enroll.SmartIDEnroll, input: smartID, want: afterLost,
			script: scripted(dies(enroll.SmartIDForwardEnroll), smartIDSays(afterLost)),
		},
	}
}

// resetScenarios are the paths of a run that an operator reset after the
// journey had its outcome: it returns that outcome and takes nothing back. The
// first step to look at the records tells it, or else the one that concludes.
func resetScenarios() []scenario {
	recorded := answers(enroll.Conclude, enroll.Result{Verdict: enrolled, RunID: "another run"})
	smartID := enroll.SmartIDEnrollInput{Envelope: envelope(), User: "user", Template: "template", PayLoad: "payload"}
	inactive := ended(enroll.Rejected, enroll.ReasonUserInactive)
	refuses := answers(enroll.IProovVerifyToken, enroll.IProovToken{Refused: &inactive})
	finished := []act{hinted(enroll.SDKFinished)}
	list := []scenario{
		{name: "authid-enroll-concluded-before", journey: enroll.AuthIDEnroll, input: authIDInput(), script: concludedAt(enroll.AuthIDReadAccount)},
		{name: "bioid-enroll-concluded-before", journey: enroll.BioIDEnroll, input: bioIDInput(), script: concludedAt(enroll.BioIDIsEnrolled)},
		{name: "smartid-enroll-concluded-before", journey: enroll.SmartIDEnroll, input: smartID, script: concludedAt(enroll.SmartIDForwardEnroll)},
		{name: "iproov-photo-enroll-concluded-before", journey: enroll.IProovPhotoEnroll, input: iproovInput(), script: concludedAt(enroll.IProovEnrolToken)},
		{
			name: "iproov-photo-enroll-concluded-while-waiting", journey: enroll.IProovPhotoEnroll, input: iproovInput(), acts: finished,
			script: scripted(iproovEnrols(), iproovIssues("first"), iproovFails(enroll.KindConcluded, false)),
		},
		{name: "iproov-photo-enroll-another-outcome", journey: enroll.IProovPhotoEnroll, input: iproovInput(), script: scripted(iproovEnrols(), refuses)},
	}
	for i := range list {
		recorded(list[i].script)
		list[i].want = enrolled
	}
	return list
}

// concludedAt scripts the step that finds the outcome recorded.
func concludedAt[In, Out any](name enroll.Activity[In, Out]) script {
	return scripted(fails(name, enroll.KindConcluded, enroll.FailureDetails{}))
}
