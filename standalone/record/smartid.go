package main

import (
	"github.com/bioenroll/bioenroll/enroll"
)

// smartIDSays is the answer to the forwarded template, and smartIDFails is
// none.
func smartIDSays(v enroll.Verdict) part {
	return answers(enroll.SmartIDForwardEnroll, enroll.SmartIDAnswer{Verdict: v})
}

func smartIDFails(kind enroll.Kind) part {
	return fails(enroll.SmartIDForwardEnroll, kind, enroll.FailureDetails{Code: "701"})
}

// smartIDRemoves is the answer to the removal.
func smartIDRemoves(v enroll.Verdict) part {
	return answers(enroll.SmartIDForwardUnenroll, enroll.SmartIDAnswer{Verdict: v})
}

func smartIDScenarios() []scenario {
	in := enroll.SmartIDEnrollInput{Envelope: envelope(), User: "user", Template: "template", PayLoad: "payload"}
	brief, reset := in, in
	brief.Envelope = impatient()
	reset.Reset = true
	removed := enroll.Verdict{Outcome: enroll.Removed}
	tooOld := ended(enroll.Rejected, enroll.ReasonCaptureAgain)
	afterLost := ended(enroll.AlreadyEnrolled, enroll.ReasonAfterLostAnswer)
	noChannel := ended(enroll.Rejected, enroll.ReasonChannelNotFound)
	list := []scenario{
		{name: "smartid-enroll", script: scripted(smartIDSays(enrolled)), want: enrolled},
		{name: "smartid-enroll-rejected", script: scripted(smartIDSays(tooOld)), want: tooOld},
		{name: "smartid-enroll-repeated", script: scripted(smartIDFails(enroll.KindUnavailable), smartIDSays(enrolled)), want: enrolled},
		{name: "smartid-enroll-provider-down", input: brief, script: scripted(smartIDFails(enroll.KindUnavailable)), want: down},
		{name: "smartid-enroll-lost-answer", script: scripted(smartIDFails(enroll.KindLost), smartIDSays(afterLost)), want: afterLost},
		{name: "smartid-enroll-never-answered-again", input: brief, script: scripted(smartIDFails(enroll.KindLost)), want: lost},
		{name: "smartid-enroll-input-left", script: scripted(smartIDSays(enrolled), fails(enroll.Conclude, enroll.KindInvalid, enroll.FailureDetails{})), want: enrolled},
		{name: "smartid-enroll-reset", input: reset, script: scripted(smartIDRemoves(removed), smartIDSays(enrolled)), want: enrolled},
		{name: "smartid-enroll-reset-of-nothing", input: reset, script: scripted(smartIDRemoves(ended(enroll.Rejected, enroll.ReasonNotEnrolled)), smartIDSays(enrolled)), want: enrolled},
		{name: "smartid-enroll-reset-refused", input: reset, script: scripted(smartIDRemoves(noChannel)), want: noChannel},
	}
	for i := range list {
		list[i].journey = enroll.SmartIDEnroll
		if list[i].input == nil {
			list[i].input = in
		}
	}
	return append(list, scenario{
		name: "smartid-unenroll", journey: enroll.SmartIDUnenroll, script: scripted(smartIDRemoves(removed)), want: removed,
		input: enroll.SmartIDUnenrollInput{Envelope: envelope(), User: "user"},
	})
}
