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
	"github.com/bioenroll/bioenroll/internal/codec"
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
	parts  map[string]script         // by workflow ID
	spoken map[string]map[string]int // answers given, by workflow ID and step
}

// script gives each step its answers in turn; the last one is given for ever.
type script map[string][]reply

// reply is what a scripted step returns: a result, or a failure. A worker that
// dies in the step is a failure of which nobody is told.
type reply struct {
	result  func() any
	failure error
}

func openStage(ctx context.Context) (*stage, error) {
	server, err := embedded.Start(ctx, embedded.Options{
		UIPort: embedded.Off, MetricsPort: embedded.Off,
		SearchAttributes: map[string]enumspb.IndexedValueType{
			enroll.AttrProvider: enumspb.INDEXED_VALUE_TYPE_KEYWORD, enroll.AttrPhase: enumspb.INDEXED_VALUE_TYPE_KEYWORD,
			enroll.AttrOutcome: enumspb.INDEXED_VALUE_TYPE_KEYWORD, enroll.AttrDeadline: enumspb.INDEXED_VALUE_TYPE_DATETIME,
			enroll.AttrOperation: enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST,
		},
	})
	if err != nil {
		return nil, err
	}
	s := &stage{server: server, parts: map[string]script{}, spoken: map[string]map[string]int{}}
	if s.client, err = sdk.DialContext(ctx, sdk.Options{HostPort: server.FrontendAddress(), Logger: quiet(), DataConverter: codec.Plain()}); err != nil {
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
			w.RegisterActivityWithOptions(s.conclude, activity.RegisterOptions{Name: string(enroll.Conclude)})
			w.RegisterActivityWithOptions(s.recordCleanUp, activity.RegisterOptions{Name: string(enroll.RecordCleanUp)})
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

// conclude and recordCleanUp run within the workflow task, where only steps with
// a name of their own are found. They succeed, and this outcome is the first,
// unless the scenario says otherwise.
func (s *stage) conclude(ctx context.Context, in enroll.ConcludeInput) (enroll.Result, error) {
	next, _ := s.next(ctx)
	if next.result == nil {
		return in.Result, next.failure
	}
	recorded, ok := next.result().(enroll.Result)
	if !ok {
		return enroll.Result{}, errors.New("the scenario's recorded outcome is no result")
	}
	return recorded, nil
}

func (s *stage) recordCleanUp(ctx context.Context, _ enroll.RecordCleanUpInput) (enroll.Nothing, error) {
	next, _ := s.next(ctx)
	return enroll.Nothing{}, next.failure
}

// step answers for every other activity.
func (s *stage) step(ctx context.Context, _ converter.EncodedValues) (any, error) {
	next, ok := s.next(ctx)
	switch {
	case !ok:
		return nil, temporal.NewNonRetryableApplicationError("the scenario has no answer for "+activity.GetInfo(ctx).ActivityType.Name, "Unscripted", nil)
	case next.failure != nil:
		return nil, next.failure
	default:
		return next.result(), nil
	}
}

// next is the scenario's next answer for the step.
func (s *stage) next(ctx context.Context) (reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := activity.GetInfo(ctx)
	id, name := info.WorkflowExecution.ID, info.ActivityType.Name
	replies, ok := s.parts[id][name]
	if !ok {
		return reply{}, false
	}
	next := replies[min(s.spoken[id][name], len(replies)-1)]
	s.spoken[id][name]++
	return next, true
}

// rehearse gives the steps of a workflow their answers.
func (s *stage) rehearse(id string, part script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[id], s.spoken[id] = part, map[string]int{}
}

// play runs one scenario and returns its history as JSON.
func (s *stage) play(ctx context.Context, played scenario) ([]byte, error) {
	s.rehearse(played.name, played.script)
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
	for _, a := range played.acts {
		if err := s.act(ctx, played.name, a); err != nil {
			return nil, err
		}
	}
	return s.end(ctx, played)
}

// end waits for the outcome, compares what came of the scenario with what it
// is called after, and reads the history.
func (s *stage) end(ctx context.Context, played scenario) ([]byte, error) {
	var result enroll.Result
	if err := s.client.GetWorkflow(ctx, played.name, "").Get(ctx, &result); err != nil {
		return nil, fmt.Errorf("wait: %w", err)
	}
	if result.Outcome != played.want.Outcome || result.Reason != played.want.Reason {
		return nil, fmt.Errorf("ended %s %s, not %s %s", result.Outcome, result.Reason, played.want.Outcome, played.want.Reason)
	}
	if played.renewal == "" {
		return s.history(ctx, played.name)
	}
	handle := s.client.GetWorkflowUpdateHandle(sdk.GetWorkflowUpdateHandleOptions{WorkflowID: played.name, UpdateID: enroll.RenewUpdate})
	var reply enroll.RenewReply
	if err := handle.Get(ctx, &reply); err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	if became := renewalOf(reply); became != played.renewal {
		return nil, fmt.Errorf("the renewal was %s, not %s", became, played.renewal)
	}
	return s.history(ctx, played.name)
}

// act does one thing from outside, after its pause.
func (s *stage) act(ctx context.Context, id string, a act) error {
	if err := pause(ctx, a.after); err != nil {
		return err
	}
	var err error
	switch a.do {
	case sendHint:
		err = s.client.SignalWorkflow(ctx, id, "", string(a.name), a.hint)
	case askRenewal:
		_, err = s.client.UpdateWorkflow(ctx, sdk.UpdateWorkflowOptions{
			WorkflowID: id, UpdateID: enroll.RenewUpdate, UpdateName: enroll.RenewUpdate, WaitForStage: a.stage,
		})
	case askCancel:
		err = s.client.CancelWorkflow(ctx, id, "")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", a.do, err)
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
		if err := faultOf(event); err != nil {
			return nil, err
		}
		history.Events = append(history.Events, event)
	}
	encoded, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&history)
	if err != nil {
		return nil, fmt.Errorf("encode the history: %w", err)
	}
	return encoded, nil
}

// faultOf refuses a story that the server could not carry on: its history would
// replay and prove nothing. That news came while the story ended is no fault.
func faultOf(event *historypb.HistoryEvent) error {
	failed := event.GetWorkflowTaskFailedEventAttributes()
	if failed == nil || failed.GetCause() == enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND {
		return nil
	}
	return fmt.Errorf("a workflow task failed: %s %s", failed.GetCause(), failed.GetFailure().GetMessage())
}
