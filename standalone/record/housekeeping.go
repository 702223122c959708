package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/enroll"
)

// houseScenario is one path of housekeeping.
type houseScenario struct {
	name   string
	script script
	// fails is the type of the failure with which the run ends, if it does.
	fails string
}

// housekeeping lists every path of housekeeping that has a fixture.
func housekeeping() []houseScenario {
	swept := enroll.Swept{Before: time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC), Count: 1}
	records := together(answers(enroll.ResumeErasures, enroll.Resumed{Count: 1}), answers(enroll.EmptyRecords, swept), answers(enroll.SweepRecords, enroll.Swept{}))
	return []houseScenario{
		{name: "housekeeping", script: scripted(answers(enroll.SweepSealed, swept), records)},
		{
			name: "housekeeping-incomplete", fails: enroll.HousekeepingIncomplete,
			script: scripted(fails(enroll.SweepSealed, enroll.KindDenied, enroll.FailureDetails{}), records),
		},
	}
}

// playHousekeeping runs housekeeping once and returns its history as JSON.
func (s *stage) playHousekeeping(ctx context.Context, played houseScenario) ([]byte, error) {
	s.rehearse(played.name, played.script)
	run, err := s.client.ExecuteWorkflow(ctx, sdk.StartWorkflowOptions{ID: played.name, TaskQueue: enroll.WorkflowTaskQueue}, enroll.HousekeepingWorkflow)
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	err = run.Get(ctx, nil)
	failure, failed := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case err != nil && !failed:
		return nil, fmt.Errorf("wait: %w", err)
	case failed != (played.fails != ""), failed && failure.Type() != played.fails:
		return nil, fmt.Errorf("ended with %w, not with failure %q", err, played.fails)
	}
	return s.history(ctx, played.name)
}
