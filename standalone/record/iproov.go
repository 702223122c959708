package main

import (
	"github.com/bioenroll/bioenroll/enroll"
)

// iproovOpens lets the capture open and everything be taken back.
func iproovOpens() part {
	return together(iproovEnrols(), iproovIssues("first"), iproovRemoves(), answers(enroll.IProovInvalidateToken, enroll.Nothing{}))
}

// iproovEnrols makes the user known by its photo.
func iproovEnrols() part {
	return together(answers(enroll.IProovEnrolToken, enroll.IProovToken{Token: "enrol"}), answers(enroll.IProovEnrolImage, enroll.IProovImage{}))
}

// iproovIssues issues one verify token more.
func iproovIssues(token enroll.Secret) part {
	return answers(enroll.IProovVerifyToken, enroll.IProovToken{Token: token})
}

func iproovRemoves() part {
	return answers(enroll.IProovRemoveUser, enroll.IProovUserRemoved{Existed: true})
}

// iproovSays are the answers to validate, and iproovFails is none.
func iproovSays(v ...enroll.IProovValidation) part { return answers(enroll.IProovValidate, v...) }

func iproovFails(kind enroll.Kind, notSent bool) part {
	return fails(enroll.IProovValidate, kind, enroll.FailureDetails{NotSent: notSent})
}

// What validate says.
var (
	iproovPending = enroll.IProovValidation{Pending: true}
	iproovPassed  = enroll.IProovValidation{Verdict: enrolled}
	iproovRefused = enroll.IProovValidation{Verdict: refused}
	iproovOver    = enroll.IProovValidation{Verdict: timedOut}
)

func iproovInput() enroll.IProovInput {
	return enroll.IProovInput{Envelope: envelope(), UserID: "user", Image: "ref", Source: enroll.SourceEID, TimeoutSeconds: 60}
}

func iproovScenarios() []scenario {
	list := append(append(iproovBeginnings(), iproovWaits()...), iproovRenewals()...)
	for i := range list {
		list[i].journey = enroll.IProovPhotoEnroll
		if list[i].input == nil {
			list[i].input = iproovInput()
		}
	}
	return list
}

// iproovBeginnings are the paths that end before the hand-over, or nearly did.
func iproovBeginnings() []scenario {
	inactive, noFace := ended(enroll.Rejected, enroll.ReasonUserInactive), ended(enroll.Rejected, enroll.ReasonImageRefused)
	token := answers(enroll.IProovEnrolToken, enroll.IProovToken{Token: "enrol"})
	imageLost := fails(enroll.IProovEnrolImage, enroll.KindLost, enroll.FailureDetails{})
	denied := fails(enroll.IProovReadUser, enroll.KindDenied, enroll.FailureDetails{Code: "401"})
	looks := func(active bool) part { return answers(enroll.IProovReadUser, enroll.IProovUser{Active: active}) }
	return []scenario{
		{name: "iproov-photo-enroll-user-inactive", script: scripted(answers(enroll.IProovEnrolToken, enroll.IProovToken{Refused: &inactive})), want: inactive},
		{name: "iproov-photo-enroll-image-refused", script: scripted(token, answers(enroll.IProovEnrolImage, enroll.IProovImage{Refused: &noFace})), want: noFace},
		{name: "iproov-photo-enroll-image-lost", script: scripted(token, imageLost, denied, iproovRemoves()), want: lost},
		{name: "iproov-photo-enroll-image-lost-nobody-there", script: scripted(token, imageLost, looks(false), iproovRemoves()), want: ended(enroll.Failed, enroll.ReasonLostAnswer)},
		{
			name: "iproov-photo-enroll-image-lost-user-there", want: enrolled,
			script: scripted(token, imageLost, looks(true), iproovIssues("first"), iproovSays(iproovPassed)), acts: []act{hinted(enroll.SDKFinished)},
		},
		{name: "iproov-photo-enroll-token-refused", script: scripted(iproovEnrols(), answers(enroll.IProovVerifyToken, enroll.IProovToken{Refused: &inactive}), iproovRemoves()), want: inactive},
	}
}

// iproovWaits are the paths through the wait without a renewal.
func iproovWaits() []scenario {
	short := iproovInput()
	short.TimeoutSeconds = 2
	finished := hinted(enroll.SDKFinished)
	keeps := together(iproovEnrols(), iproovIssues("first"), answers(enroll.IProovInvalidateToken, enroll.Nothing{}),
		fails(enroll.IProovRemoveUser, enroll.KindDenied, enroll.FailureDetails{Code: "403"}))
	return []scenario{
		{name: "iproov-photo-enroll-by-hint", script: scripted(iproovOpens(), iproovSays(iproovPassed)), acts: []act{finished}, want: enrolled},
		{name: "iproov-photo-enroll-by-backup", script: scripted(iproovOpens(), iproovSays(iproovPassed)), want: enrolled},
		{name: "iproov-photo-enroll-early-hint", script: scripted(iproovOpens(), iproovSays(iproovPending, iproovPassed)), acts: []act{finished}, want: enrolled},
		{name: "iproov-photo-enroll-not-sent", script: scripted(iproovOpens(), iproovFails(enroll.KindUnavailable, true), iproovSays(iproovPassed)), acts: []act{finished}, want: enrolled},
		{name: "iproov-photo-enroll-face-refused", script: scripted(iproovOpens(), iproovSays(iproovRefused)), acts: []act{finished}, want: refused},
		{name: "iproov-photo-enroll-lost-validate", script: scripted(iproovOpens(), iproovFails(enroll.KindLost, false)), acts: []act{finished}, want: lost},
		{name: "iproov-photo-enroll-expired", input: short, script: scripted(iproovOpens(), iproovSays(iproovPending)), want: timedOut},
		{name: "iproov-photo-enroll-canceled", script: scripted(iproovOpens(), iproovSays(iproovPending)), acts: []act{cancel()}, want: calledBy},
		{name: "iproov-photo-enroll-canceled-too-late", script: scripted(iproovOpens(), iproovSays(iproovPassed)), acts: []act{cancel()}, want: enrolled},
		{name: "iproov-photo-enroll-user-left", script: scripted(keeps, iproovSays(iproovPending)), acts: []act{cancel()}, want: calledBy},
	}
}

// iproovRenewals are the paths with a renewal.
func iproovRenewals() []scenario {
	finished := hinted(enroll.SDKFinished)
	second := iproovIssues("second")
	inactive := ended(enroll.Rejected, enroll.ReasonUserInactive)
	refuses := answers(enroll.IProovVerifyToken, enroll.IProovToken{Refused: &inactive})
	down := fails(enroll.IProovVerifyToken, enroll.KindUnavailable, enroll.FailureDetails{})
	kept := together(iproovEnrols(), iproovIssues("first"), second, fails(enroll.IProovInvalidateToken, enroll.KindDenied, enroll.FailureDetails{Code: "401"}))
	return []scenario{
		{name: "iproov-photo-enroll-renewed", script: scripted(iproovOpens(), second, iproovSays(iproovPending, iproovPassed)), acts: []act{renew(), finished}, want: enrolled, renewal: handedOver},
		{name: "iproov-photo-enroll-renewed-old-token-over", script: scripted(iproovOpens(), second, iproovSays(iproovOver, iproovPassed)), acts: []act{renew(), finished}, want: enrolled, renewal: handedOver},
		{name: "iproov-photo-enroll-renewed-old-token-left", script: scripted(kept, iproovSays(iproovPending, iproovPassed)), acts: []act{renew(), finished}, want: enrolled, renewal: handedOver},
		{name: "iproov-photo-enroll-renewal-after-success", script: scripted(iproovOpens(), iproovSays(iproovPassed)), acts: []act{renew()}, want: enrolled, renewal: endedInstead},
		{name: "iproov-photo-enroll-renewal-lost-validate", script: scripted(iproovOpens(), iproovFails(enroll.KindLost, false)), acts: []act{renew()}, want: lost, renewal: endedInstead},
		{name: "iproov-photo-enroll-renewal-refused", script: scripted(iproovOpens(), refuses, iproovSays(iproovPending, iproovPassed)), acts: []act{renew(), finished}, want: enrolled, renewal: refusedAnew},
		{name: "iproov-photo-enroll-renewal-provider-down", script: scripted(iproovOpens(), iproovFails(enroll.KindUnavailable, false), iproovSays(iproovPassed)), acts: []act{renew(), finished}, want: enrolled, renewal: refusedAnew},
		{name: "iproov-photo-enroll-canceled-while-renewing", script: scripted(iproovOpens(), down, second, iproovSays(iproovPending)), acts: []act{renewing(), cancel()}, want: calledBy, renewal: handedOver},
	}
}
