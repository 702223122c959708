package main

import (
	"context"
	"fmt"

	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
)

// erasureScenario is one path of an erasure.
type erasureScenario struct {
	name     string
	subjects []enroll.ErasureSubject
	script   script
	cancel   bool
	want     []string // what is left
}

// erasures lists every path of an erasure that has a fixture.
func erasures() []erasureScenario {
	at := func(provider enroll.Provider) enroll.ErasureSubject {
		return enroll.ErasureSubject{Provider: provider, SubjectHash: "nobody"}
	}
	one := enroll.Erased{Count: 1}
	ours := []part{
		answers(enroll.AwaitJourneysEnded, enroll.Erased{}), answers(enroll.EraseHistories, one), answers(enroll.EraseSealed, one),
		answers(enroll.EraseRecords, one), answers(enroll.ConcludeErasure, enroll.Nothing{}),
	}
	everything := scripted(append(ours, answers(enroll.EraseAtProvider, one))...)
	denied := scripted(append(ours, fails(enroll.EraseAtProvider, enroll.KindDenied, enroll.FailureDetails{Code: "401"}))...)
	return []erasureScenario{
		{name: "erasure-complete", subjects: []enroll.ErasureSubject{at(enroll.AuthID), at(enroll.IProov)}, script: everything},
		{
			name: "erasure-canceled", subjects: []enroll.ErasureSubject{at(enroll.SmartID)}, script: denied, cancel: true,
			want: []string{"smartid: enrollment_at_provider"},
		},
	}
}

// playErasure runs one erasure and returns its history as JSON.
func (s *stage) playErasure(ctx context.Context, played erasureScenario) ([]byte, error) {
	s.rehearse(played.name, played.script)
	in := enroll.ErasureInput{ID: played.name, Subjects: played.subjects, Who: "who", Why: "why"}
	run, err := s.client.ExecuteWorkflow(ctx, sdk.StartWorkflowOptions{ID: played.name, TaskQueue: enroll.WorkflowTaskQueue}, enroll.ErasureWorkflow, in)
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	if played.cancel {
		if err := s.awaitLeft(ctx, played); err != nil {
			return nil, err
		}
		if err := s.client.CancelWorkflow(ctx, played.name, ""); err != nil {
			return nil, fmt.Errorf("cancel: %w", err)
		}
	}
	var statement enroll.ErasureStatement
	if err := run.Get(ctx, &statement); err != nil {
		return nil, fmt.Errorf("wait: %w", err)
	}
	if left := statement.Left(); fmt.Sprint(left) != fmt.Sprint(played.want) {
		return nil, fmt.Errorf("left %v, not %v", left, played.want)
	}
	return s.history(ctx, played.name)
}

// awaitLeft asks until only that is left which the scenario wants left.
func (s *stage) awaitLeft(ctx context.Context, played erasureScenario) error {
	for {
		value, err := s.client.QueryWorkflow(ctx, played.name, "", enroll.ErasureQuery)
		if err != nil {
			return fmt.Errorf("ask: %w", err)
		}
		var statement enroll.ErasureStatement
		if err := value.Get(&statement); err != nil {
			return fmt.Errorf("ask: %w", err)
		}
		if fmt.Sprint(statement.Left()) == fmt.Sprint(played.want) {
			return nil
		}
	}
}
