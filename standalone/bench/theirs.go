package main

import (
	"context"
	"fmt"
	"sync/atomic"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/bench/baseline"
)

// theirs plays a baseline.
type theirs struct {
	temporal   sdk.Client
	workflow   string
	input      []any
	attributes bool
	waits      bool
	last       *atomic.Int64
}

// skeleton has the shape of a journey.
func (s *system) skeleton(shape baseline.Shape) theirs {
	return theirs{
		temporal: s.plain, workflow: baseline.SkeletonWorkflow, input: []any{shape},
		attributes: true, waits: shape.Waits(), last: &s.names,
	}
}

// bare is an update, two activities and a signal.
func (s *system) bare() theirs {
	return theirs{temporal: s.plain, workflow: baseline.BareWorkflow, waits: true, last: &s.names}
}

func (theirs) prepare(context.Context, int) error { return nil }

func (t theirs) start(ctx context.Context) (journey, error) {
	id := fmt.Sprintf("%s-%d", t.workflow, t.last.Add(1))
	operation := t.temporal.NewWithStartWorkflowOperation(t.options(id), t.workflow, t.input...)
	handle, err := t.temporal.UpdateWithStartWorkflow(ctx, sdk.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: operation,
		UpdateOptions: sdk.UpdateWorkflowOptions{
			WorkflowID: id, UpdateID: "begin", UpdateName: baseline.BeginUpdate, WaitForStage: sdk.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return journey{}, fmt.Errorf("start %s: %w", t.workflow, err)
	}
	if err := handle.Get(ctx, nil); err != nil {
		return journey{}, fmt.Errorf("start %s: %w", t.workflow, err)
	}
	j := journey{id: id, run: handle.RunID(), temporal: t.temporal}
	j.end = func(ctx context.Context) error { return t.temporal.GetWorkflow(ctx, id, j.run).Get(ctx, nil) }
	if t.waits {
		j.wake = func(ctx context.Context) error {
			return t.temporal.SignalWorkflow(ctx, id, "", baseline.WakeSignal, nil)
		}
	}
	return j, nil
}

// options are those of a journey, as far as the server has work with them.
func (t theirs) options(id string) sdk.StartWorkflowOptions {
	options := sdk.StartWorkflowOptions{
		ID: id, TaskQueue: enroll.WorkflowTaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}
	if !t.attributes {
		return options
	}
	var values []temporal.SearchAttributeUpdate
	for _, name := range []string{enroll.AttrProvider, enroll.AttrJourney, enroll.AttrPhase, enroll.AttrSubject} {
		values = append(values, temporal.NewSearchAttributeKeyKeyword(name).ValueSet("skeleton"))
	}
	options.TypedSearchAttributes = temporal.NewSearchAttributes(values...)
	return options
}

// history of a closed journey.
func history(ctx context.Context, j journey) (*historypb.History, error) {
	var h historypb.History
	events := j.temporal.GetWorkflowHistory(ctx, j.id, j.run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, fmt.Errorf("read the history of %s: %w", j.id, err)
		}
		h.Events = append(h.Events, event)
	}
	return &h, nil
}
