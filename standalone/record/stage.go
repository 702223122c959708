package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/activity"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/workflows"
)

// stage is a server with the real stories and scripted steps. Payloads are in
// clear: fixtures hold no personal data, and replaying needs no key.
type stage struct {
	server  *embedded.Server
	client  sdk.Client
	workers []worker.Worker

	mu     sync.Mutex
	script script
	calls  map[string]int
}

// script gives each step its answers in turn; the last one is given for ever.
type script map[string][]reply

// reply is what a scripted step returns.
type reply struct {
	result  any
	failure error
}

func openStage(ctx context.Context) (*stage, error) {
	server, err := embedded.Start(ctx, embedded.Options{
		UIPort: embedded.Off, MetricsPort: embedded.Off,
		SearchAttributes: map[string]enumspb.IndexedValueType{
			enroll.AttrPhase: enumspb.INDEXED_VALUE_TYPE_KEYWORD, enroll.AttrOutcome: enumspb.INDEXED_VALUE_TYPE_KEYWORD,
			enroll.AttrDeadline: enumspb.INDEXED_VALUE_TYPE_DATETIME,
		},
	})
	if err != nil {
		return nil, err
	}
	s := &stage{server: server}
	if s.client, err = sdk.DialContext(ctx, sdk.Options{HostPort: server.FrontendAddress(), Logger: quiet()}); err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	queues := []string{enroll.WorkflowTaskQueue}
	for _, p := range enroll.Providers() {
		queues = append(queues, p.TaskQueue())
	}
	for _, queue := range queues {
		w := worker.New(s.client, queue, worker.Options{DisableRegistrationAliasing: true, DisableWorkflowWorker: queue != enroll.WorkflowTaskQueue})
		if queue == enroll.WorkflowTaskQueue {
			workflows.Register(w)
		}
		w.RegisterDynamicActivity(s.step, activity.DynamicRegisterOptions{})
		if err := w.Start(); err != nil {
			return nil, errors.Join(err, server.Stop())
		}
		s.workers = append(s.workers, w)
	}
	return s, nil
}

func quiet() log.Logger { return logging.Bridge(zap.NewNop()) }

func (s *stage) close() {
	for _, w := range s.workers {
		w.Stop()
	}
	s.client.Close()
	_ = s.server.Stop()
}

// step answers for every activity.
func (s *stage) step(ctx context.Context, _ converter.EncodedValues) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := activity.GetInfo(ctx).ActivityType.Name
	replies, ok := s.script[name]
	if !ok {
		return nil, temporal.NewNonRetryableApplicationError("the scenario has no answer for "+name, "Unscripted", nil)
	}
	next := replies[min(s.calls[name], len(replies)-1)]
	s.calls[name]++
	return next.result, next.failure
}

// play runs one scenario and returns its history as JSON.
func (s *stage) play(ctx context.Context, played scenario) ([]byte, error) {
	s.mu.Lock()
	s.script, s.calls = played.script, map[string]int{}
	s.mu.Unlock()
	spec, err := played.journey.Spec()
	if err != nil {
		return nil, err
	}
	start := s.client.NewWithStartWorkflowOperation(sdk.StartWorkflowOptions{
		ID: played.name, TaskQueue: enroll.WorkflowTaskQueue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}, spec.Workflow, played.input)
	_, err = s.client.UpdateWithStartWorkflow(ctx, sdk.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: sdk.UpdateWorkflowOptions{
			WorkflowID: played.name, UpdateID: "begin", UpdateName: enroll.BeginUpdate, WaitForStage: sdk.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	if err := s.act(ctx, played); err != nil {
		return nil, err
	}
	var result enroll.Result
	if err := s.client.GetWorkflow(ctx, played.name, "").Get(ctx, &result); err != nil {
		return nil, fmt.Errorf("wait: %w", err)
	}
	if result.Outcome != played.want {
		return nil, fmt.Errorf("ended %s (%s), not %s", result.Outcome, result.Reason, played.want)
	}
	return s.history(ctx, played.name)
}

// act sends the scenario's hints, each after its moment, and its cancel.
func (s *stage) act(ctx context.Context, played scenario) error {
	for _, h := range played.hints {
		if err := pause(ctx, h.after); err != nil {
			return err
		}
		if err := s.client.SignalWorkflow(ctx, played.name, "", string(h.name), h.hint); err != nil {
			return fmt.Errorf("hint: %w", err)
		}
	}
	if played.cancel {
		if err := s.client.CancelWorkflow(ctx, played.name, ""); err != nil {
			return fmt.Errorf("cancel: %w", err)
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stage) history(ctx context.Context, id string) ([]byte, error) {
	var history historypb.History
	events := s.client.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, fmt.Errorf("read the history: %w", err)
		}
		history.Events = append(history.Events, event)
	}
	encoded, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&history)
	if err != nil {
		return nil, fmt.Errorf("encode the history: %w", err)
	}
	return encoded, nil
}
