package main

import (
	"context"
	"fmt"
	"time"

	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
)

// watchScenario is one path of a watch, which outlives the journey that it
// belongs to. It is played without one.
type watchScenario struct {
	name   string
	input  enroll.WatchInput
	script script
	cancel bool
	want   enroll.Watched
}

// watches lists every path of a watch that has a fixture.
func watches() []watchScenario {
	authID := enroll.WatchInput{
		Journey: enroll.AuthIDEnroll, Provider: enroll.AuthID, Pace: enroll.DefaultPace(), AfterEnd: enroll.RemoveLate,
		AuthID: &enroll.AuthIDLeftOpen{AccountNumber: "a", OperationIDs: []string{"first"}},
	}
	bioID := enroll.WatchInput{
		Journey: enroll.BioIDEnroll, Provider: enroll.BioID, Pace: enroll.DefaultPace(), AfterEnd: enroll.RemoveLate,
		BioID: &enroll.BioIDLeftOpen{BCID: "bws.1.1"},
	}
	reports, selfie := authID, authID
	reports.AfterEnd, selfie.Journey = enroll.ReportLate, enroll.AuthIDSelfie
	newer := func(enrolled bool) part { return answers(enroll.FindNewer, enroll.Newer{Enrolled: enrolled}) }
	removes := answers(enroll.AuthIDRemoveCredential, enroll.Nothing{})
	there := answers(enroll.BioIDIsEnrolled, enroll.BioIDClass{Enrolled: true})
	deletes := answers(enroll.BioIDDeleteClass, enroll.Nothing{})
	denied := fails(enroll.AuthIDConfirmStatus, enroll.KindDenied, enroll.FailureDetails{Code: "401"})
	return []watchScenario{
		{name: "watch-authid-abandoned", input: authID, script: scripted(authIDPends(1))},
		{name: "watch-authid-removed", input: authID, script: scripted(authIDSays(enrolled), newer(false), removes), want: enroll.Watched{Completed: true, Removed: true}},
		{name: "watch-authid-kept-for-newer", input: authID, script: scripted(authIDSays(enrolled), newer(true)), want: enroll.Watched{Completed: true, Kept: enroll.KeptForNewer}},
		{name: "watch-authid-kept-by-setting", input: reports, script: scripted(authIDSays(enrolled)), want: enroll.Watched{Completed: true, Kept: enroll.KeptBySetting}},
		{name: "watch-authid-selfie-purged", input: selfie, script: scripted(authIDSays(enroll.Verdict{Outcome: enroll.Captured})), want: enroll.Watched{Completed: true, Kept: enroll.KeptNothing}},
		{name: "watch-authid-denied", input: authID, script: scripted(denied), want: enroll.Watched{Reason: enroll.ReasonCredentialsRefused}},
		{name: "watch-authid-canceled", input: authID, cancel: true, want: enroll.Watched{Reason: enroll.ReasonCanceledByRequest}},
		{name: "watch-bioid-abandoned", input: bioID, script: scripted(answers(enroll.BioIDIsEnrolled, enroll.BioIDClass{}))},
		{name: "watch-bioid-removed", input: bioID, script: scripted(there, newer(false), deletes), want: enroll.Watched{Completed: true, Removed: true}},
	}
}

// playWatch runs one watch and returns its history as JSON. The capture that
// it looks at has just ended.
func (s *stage) playWatch(ctx context.Context, played watchScenario) ([]byte, error) {
	s.rehearse(played.name, played.script)
	in := played.input
	in.JourneyID, in.EndedRun, in.Until = "journey", "run", time.Now()
	run, err := s.client.ExecuteWorkflow(ctx, sdk.StartWorkflowOptions{ID: played.name, TaskQueue: enroll.WorkflowTaskQueue}, enroll.WatchWorkflow, in)
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	if played.cancel {
		if err := s.client.CancelWorkflow(ctx, played.name, ""); err != nil {
			return nil, fmt.Errorf("cancel: %w", err)
		}
	}
	var found enroll.Watched
	if err := run.Get(ctx, &found); err != nil {
		return nil, fmt.Errorf("wait: %w", err)
	}
	want := played.want
	want.Journey, want.JourneyID, want.EndedRun = in.Journey, in.JourneyID, in.EndedRun
	if found != want {
		return nil, fmt.Errorf("found %+v, not %+v", found, want)
	}
	return s.history(ctx, played.name)
}
