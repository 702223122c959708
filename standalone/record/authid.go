package main

import (
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// authIDOpens lets the capture open: there is an account, and the operations
// that are created live so long.
func authIDOpens(life time.Duration) part {
	return together(answers(enroll.AuthIDReadAccount, enroll.AuthIDAccount{}), authIDCreates("first", life))
}

// authIDCreates creates one operation more.
func authIDCreates(id string, life time.Duration) part {
	return opens(enroll.AuthIDCreateOperation, life, func(until time.Time) enroll.AuthIDOperation {
		return enroll.AuthIDOperation{HandOver: enroll.HandOver{ExpiresAt: until, AuthID: &enroll.AuthIDHandOver{OperationID: id}}, Hash: id + "-hash"}
	})
}

// authIDSays is the final status of an operation.
func authIDSays(v enroll.Verdict) part {
	return answers(enroll.AuthIDConfirmStatus, enroll.AuthIDStatus{Verdict: v, Selfie: &enroll.SelfieReference{TempID: "selfie"}})
}

// authIDPends answers so often that the person has not finished.
func authIDPends(times int) part {
	parts := make([]part, times)
	for i := range parts {
		parts[i] = fails(enroll.AuthIDConfirmStatus, enroll.KindPending, enroll.FailureDetails{})
	}
	return together(parts...)
}

func authIDInput() enroll.AuthIDInput {
	return enroll.AuthIDInput{Envelope: envelope(), AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: "a", TimeoutSeconds: 60}}
}

func authIDScenarios() []scenario {
	list := authIDEnrollScenarios()
	for i := range list {
		list[i].journey = enroll.AuthIDEnroll
		if list[i].input == nil {
			list[i].input = authIDInput()
		}
	}
	return append(list, authIDSelfieScenarios()...)
}

func authIDEnrollScenarios() []scenario {
	return append(append(authIDBeginnings(), authIDWaits()...), authIDRenewals()...)
}

// authIDBeginnings are the paths that end before the hand-over.
func authIDBeginnings() []scenario {
	impatientInput, bySMS := authIDInput(), authIDInput()
	impatientInput.Envelope = impatient()
	bySMS.TransportType = enroll.TransportSMS
	notFound := ended(enroll.Rejected, enroll.ReasonAccountNotFound)
	exists := ended(enroll.AlreadyEnrolled, enroll.ReasonCredentialExists)
	account := answers(enroll.AuthIDReadAccount, enroll.AuthIDAccount{})
	return []scenario{
		{
			name: "authid-enroll-account-not-found", want: notFound,
			script: scripted(answers(enroll.AuthIDReadAccount, enroll.AuthIDAccount{Refused: &notFound})),
		},
		{
			name: "authid-enroll-provider-down", input: impatientInput, want: down,
			script: scripted(fails(enroll.AuthIDReadAccount, enroll.KindUnavailable, enroll.FailureDetails{})),
		},
		{
			name: "authid-enroll-create-refused", want: exists,
			script: scripted(account, answers(enroll.AuthIDCreateOperation, enroll.AuthIDOperation{Refused: &exists})),
		},
		{
			name: "authid-enroll-message-lost", input: bySMS, want: lost,
			script: scripted(account, fails(enroll.AuthIDCreateOperation, enroll.KindLost, enroll.FailureDetails{})),
		},
	}
}

// authIDWaits are the paths through the wait without a renewal.
func authIDWaits() []scenario {
	unpolled, brief := authIDInput(), authIDInput()
	unpolled.Pace.HoldOff = time.Minute
	brief.Envelope = impatient()
	finalPage := hinted(enroll.FinalPage)
	fails := func(kind enroll.Kind, code string) part {
		return fails(enroll.AuthIDConfirmStatus, kind, enroll.FailureDetails{Code: code})
	}
	return []scenario{
		{name: "authid-enroll-by-hint", script: scripted(authIDOpens(time.Minute), authIDSays(enrolled)), acts: []act{finalPage}, want: enrolled},
		{name: "authid-enroll-rejected", script: scripted(authIDOpens(time.Minute), authIDSays(refused)), acts: []act{finalPage}, want: refused},
		{name: "authid-enroll-early-hint", input: unpolled, script: scripted(authIDOpens(time.Minute), authIDPends(2), authIDSays(enrolled)), acts: []act{finalPage}, want: enrolled},
		{name: "authid-enroll-second-hint-held-back", input: unpolled, script: scripted(authIDOpens(time.Minute), authIDPends(4), authIDSays(enrolled)), acts: []act{finalPage, later(finalPage, 8*time.Second)}, want: enrolled},
		{name: "authid-enroll-by-poll", script: scripted(authIDOpens(time.Minute), authIDPends(2), authIDSays(enrolled)), want: enrolled},
		{name: "authid-enroll-poll-failed", input: brief, script: scripted(authIDOpens(time.Minute), fails(enroll.KindDenied, "401"), authIDSays(enrolled)), want: enrolled},
		{name: "authid-enroll-hint-after-polls", script: scripted(authIDOpens(time.Minute), authIDPends(3), authIDSays(enrolled)), acts: []act{later(finalPage, 2500*time.Millisecond)}, want: enrolled},
		{name: "authid-enroll-expired", script: scripted(authIDOpens(3*time.Second), authIDPends(1)), want: timedOut},
		{name: "authid-enroll-unknown-status", script: scripted(authIDOpens(time.Second), fails(enroll.KindPending, "status 9")), want: ended(enroll.Unknown, enroll.ReasonUnknownStatus)},
		{name: "authid-enroll-never-reached", input: brief, script: scripted(authIDOpens(time.Second), fails(enroll.KindUnavailable, "503")), want: ended(enroll.Unknown, enroll.ReasonProviderUnavailable)},
		{name: "authid-enroll-canceled", script: scripted(authIDOpens(time.Minute), authIDPends(1)), acts: []act{cancel()}, want: calledBy},
		{name: "authid-enroll-canceled-while-polling", script: scripted(authIDOpens(time.Minute), authIDPends(1)), acts: []act{later(cancel(), 2*time.Second)}, want: calledBy},
		{name: "authid-enroll-canceled-while-confirming", input: unpolled, script: scripted(authIDOpens(time.Minute), authIDPends(1)), acts: []act{finalPage, later(cancel(), time.Second)}, want: calledBy},
		{name: "authid-enroll-canceled-too-late", script: scripted(authIDOpens(time.Minute), authIDSays(enrolled)), acts: []act{cancel()}, want: enrolled},
	}
}

// authIDRenewals are the paths with a renewal. A hint asks for every operation
// and the poll for the newest, so the old one is found by the one and the new
// one by the other.
func authIDRenewals() []scenario {
	bySMS := authIDInput()
	bySMS.TransportType = enroll.TransportSMS
	finalPage := hinted(enroll.FinalPage)
	notAllowed := ended(enroll.Rejected, enroll.ReasonNotAllowed)
	second := authIDCreates("second", time.Minute)
	failsOnce := func(kind enroll.Kind) part { return fails(enroll.AuthIDCreateOperation, kind, enroll.FailureDetails{}) }
	return []scenario{
		{name: "authid-enroll-renewed-old-accepted", script: scripted(authIDOpens(time.Minute), second, authIDSays(enrolled)), acts: []act{renew(), finalPage}, want: enrolled, renewal: handedOver},
		{name: "authid-enroll-renewed-new-accepted", script: scripted(authIDOpens(time.Minute), second, authIDPends(2), authIDSays(enrolled)), acts: []act{later(renew(), 1500*time.Millisecond)}, want: enrolled, renewal: handedOver},
		{
			name: "authid-enroll-renewal-refused", acts: []act{renew(), finalPage}, want: enrolled, renewal: refusedAnew,
			script: scripted(authIDOpens(time.Minute), answers(enroll.AuthIDCreateOperation, enroll.AuthIDOperation{Refused: &notAllowed}), authIDSays(enrolled)),
		},
		{name: "authid-enroll-renewal-too-late", script: scripted(authIDOpens(20*time.Second), authIDSays(enrolled)), acts: []act{renew(), finalPage}, want: enrolled, renewal: refusedAnew},
		{name: "authid-enroll-renewal-message-lost", input: bySMS, script: scripted(authIDOpens(time.Minute), failsOnce(enroll.KindLost), authIDSays(enrolled)), acts: []act{renew(), finalPage}, want: enrolled, renewal: refusedAnew},
		{name: "authid-enroll-canceled-while-renewing", script: scripted(authIDOpens(time.Minute), failsOnce(enroll.KindUnavailable), second, authIDPends(1)), acts: []act{renewing(), cancel()}, want: calledBy, renewal: handedOver},
	}
}

func authIDSelfieScenarios() []scenario {
	plain := authIDInput()
	attached := plain
	attached.AttachCredential = true
	captured, exists := enroll.Verdict{Outcome: enroll.Captured}, ended(enroll.AlreadyEnrolled, enroll.ReasonCredentialExists)
	opens := together(authIDOpens(time.Minute), authIDSays(captured))
	finalPage := []act{hinted(enroll.FinalPage)}
	return []scenario{
		{name: "authid-live-selfie", journey: enroll.AuthIDSelfie, input: plain, script: scripted(opens), acts: finalPage, want: captured},
		{name: "authid-live-selfie-attached", journey: enroll.AuthIDSelfie, input: attached, script: scripted(opens, answers(enroll.AuthIDAttachCredential, enroll.AuthIDAttachment{})), acts: finalPage, want: captured},
		{name: "authid-live-selfie-attach-refused", journey: enroll.AuthIDSelfie, input: attached, script: scripted(opens, answers(enroll.AuthIDAttachCredential, enroll.AuthIDAttachment{Refused: &exists})), acts: finalPage, want: captured},
	}
}
