package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// theatre is a server on which one journey plays, in one run or more.
type theatre struct {
	sdk.Client
	t        *testing.T
	asked    *client.Client
	payloads converter.DataConverter

	mutex sync.Mutex
	// runs are in order; the last is the latest.
	runs []*played
	// silent: no worker answers.
	silent  bool
	queries int
	polls   int
}

// played is one run.
type played struct {
	id     string
	state  enroll.State
	status enumspb.WorkflowExecutionStatus
	events int64
	// news are the events that a long poll waits for; closed with the run.
	news   chan *historypb.HistoryEvent
	broken error
}

// run adds a run in which the journey has taken three steps.
func (s *theatre) run(id string, state enroll.State) *played {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	p := &played{
		id: id, state: state, status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
		events: 3, news: make(chan *historypb.HistoryEvent, 16),
	}
	for known := range p.events {
		p.news <- taskCompleted(known + 1)
	}
	s.runs = append(s.runs, p)
	return p
}

func taskCompleted(id int64) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventId: id, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED}
}

// step moves the run on to another state.
func (s *theatre) step(p *played, state enroll.State) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	p.state, p.events = state, p.events+1
	p.news <- taskCompleted(p.events)
}

// close ends the run.
func (s *theatre) close(p *played, status enumspb.WorkflowExecutionStatus) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	p.status = status
	close(p.news)
}

func (s *theatre) find(runID string) (*played, error) {
	for _, p := range slices.Backward(s.runs) {
		if runID == "" || p.id == runID {
			return p, nil
		}
	}
	return nil, serviceerror.NewNotFound("nobody")
}

func (s *theatre) DescribeWorkflowExecution(_ context.Context, id, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	p, err := s.find(runID)
	if err != nil {
		return nil, err
	}
	place := converter.WorkflowSerializationContext{WorkflowID: id}
	memo, err := converter.WithDataConverterSerializationContext(s.payloads, place).ToPayload(marked{Record: "record", Digest: "digest"})
	if err != nil {
		return nil, err
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: p.id}, Status: p.status, HistoryLength: p.events,
		Memo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{"start": memo}},
	}}, nil
}

func (s *theatre) QueryWorkflow(_ context.Context, _, runID, _ string, _ ...any) (converter.EncodedValue, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.queries++
	p, err := s.find(runID)
	if err != nil || s.silent {
		return nil, errors.New("no worker")
	}
	raw, err := json.Marshal(p.state)
	return answered(raw), err
}

// answered is a query's answer.
type answered json.RawMessage

func (answered) HasValue() bool       { return true }
func (a answered) Get(into any) error { return json.Unmarshal(a, into) }

func (s *theatre) GetWorkflowHistory(ctx context.Context, _, runID string, _ bool, _ enumspb.HistoryEventFilterType) sdk.HistoryEventIterator {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	p, err := s.find(runID)
	s.polls++
	return &polled{ctx: ctx, p: p, err: err}
}

// polled is a long poll of a run's history.
type polled struct {
	ctx  context.Context //nolint:containedctx // as in the SDK's own iterator
	p    *played
	next *historypb.HistoryEvent
	err  error
}

func (h *polled) HasNext() bool {
	if h.err != nil {
		return true
	}
	select {
	case event, open := <-h.p.news:
		if !open {
			h.err = h.p.broken
		}
		h.next = event
		return open || h.err != nil
	case <-h.ctx.Done():
		h.err = serviceerror.NewCanceled("the transport's word")
		return true
	}
}

func (h *polled) Next() (*historypb.HistoryEvent, error) { return h.next, h.err }

func (s *theatre) GetWorkflow(_ context.Context, _, runID string) sdk.WorkflowRun {
	return result{theatre: s, runID: runID}
}

// result is a run that is asked for its outcome.
type result struct {
	sdk.WorkflowRun
	*theatre
	runID string
}

func (r result) Get(_ context.Context, into any) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	p, err := r.find(r.runID)
	if err != nil {
		return err
	}
	out, ok := into.(*enroll.Result)
	if !ok || p.state.Result == nil {
		return errors.New("terminated")
	}
	*out = *p.state.Result
	return nil
}

// stage is a server on which nothing plays yet, and a client of it.
func stage(t *testing.T) *theatre {
	t.Helper()
	k, err := keys.LoadOrCreate(t.TempDir() + "/keys.json")
	require.NoError(t, err)
	sealed, err := seal.OpenFolder(t.Context(), t.TempDir(), k)
	require.NoError(t, err)
	payloads, _, err := codec.Converters(k)
	require.NoError(t, err)
	s := &theatre{payloads: payloads}
	s.asked, err = client.New(client.Options{Temporal: s, Keys: k, Sealed: sealed})
	require.NoError(t, err)
	return s
}

func waiting(asked int) enroll.State {
	return enroll.State{Journey: enroll.AuthIDEnroll, Phase: enroll.Waiting, WaitingOn: "person", Asked: asked}
}

func concluded() enroll.State {
	return enroll.State{Journey: enroll.AuthIDEnroll, Phase: enroll.Concluded, Result: &enroll.Result{
		Journey: enroll.AuthIDEnroll, Verdict: enroll.Verdict{Outcome: enroll.Enrolled}, UserID: "person",
	}}
}

// told is one thing that a follower was told.
type told struct {
	state enroll.State
	err   error
}

// follow collects what it is told in a goroutine of the test's bubble, which
// does not end before it.
func (s *theatre) follow(ctx context.Context, runID string) <-chan told {
	heard := make(chan told, 16)
	go func() {
		defer close(heard)
		for state, err := range s.asked.Follow(ctx, "journey", runID) {
			heard <- told{state, err}
		}
	}()
	return heard
}

func TestFollow(t *testing.T) {
	// play runs a test in a bubble, with a clock of its own.
	play := func(name string, test func(s *theatre)) {
		t.Run(name, func(t *testing.T) {
			s := stage(t)
			synctest.Test(t, func(t *testing.T) {
				s.t = t
				test(s)
			})
		})
	}
	play("tells_each_state_once_and_ends_with_the_outcome", func(s *theatre) {
		p := s.run("run", waiting(0))
		heard := s.follow(s.t.Context(), "")
		require.Equal(s.t, told{state: waiting(0)}, <-heard)
		synctest.Wait()
		require.Equal(s.t, 1, s.queries, "what the history held before is not asked for")

		s.step(p, waiting(0)) // A step that changes nothing to be seen.
		s.step(p, waiting(1))
		require.Equal(s.t, told{state: waiting(1)}, <-heard)
		s.step(p, concluded())
		last := <-heard
		require.NoError(s.t, last.err)
		require.Equal(s.t, enroll.Enrolled, last.state.Result.Outcome)
		require.Equal(s.t, enroll.Redacted, last.state.Result.UserID)
		_, more := <-heard
		require.False(s.t, more, "although the run is open")
		require.Equal(s.t, 1, s.polls)
	})
	play("asks_nothing_while_the_journey_waits", func(s *theatre) {
		p := s.run("run", waiting(0))
		heard := s.follow(s.t.Context(), "run")
		<-heard
		time.Sleep(time.Hour) // On the bubble's clock.
		require.Equal(s.t, 1, s.queries)
		s.step(p, concluded())
		require.NoError(s.t, (<-heard).err)
	})
	play("goes_on_in_the_run_that_a_reset_began", func(s *theatre) {
		p := s.run("run", waiting(0))
		heard := s.follow(s.t.Context(), "run")
		<-heard
		synctest.Wait()
		next := s.run("reset", waiting(2))
		s.close(p, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED)
		require.Equal(s.t, told{state: waiting(2)}, <-heard)
		s.step(next, concluded())
		require.NotNil(s.t, (<-heard).state.Result)
	})
	play("asks_again_when_no_worker_answered", func(s *theatre) {
		s.run("run", waiting(0))
		s.silent = true
		ctx, cancel := context.WithCancel(s.t.Context())
		heard := s.follow(ctx, "run")
		time.Sleep(time.Minute)
		require.Empty(s.t, heard)
		s.mutex.Lock()
		require.Less(s.t, s.queries, 10, "with growing pauses")
		s.silent = false
		s.mutex.Unlock()
		require.Equal(s.t, told{state: waiting(0)}, <-heard)
		cancel()
		require.ErrorIs(s.t, (<-heard).err, context.Canceled)
	})
	play("tells_the_outcome_of_a_journey_that_has_ended", func(s *theatre) {
		s.close(s.run("run", concluded()), enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED)
		for _, silent := range []bool{false, true} {
			s.silent = silent
			heard := s.follow(s.t.Context(), "run")
			last := <-heard
			require.NoError(s.t, last.err)
			require.Equal(s.t, enroll.Concluded, last.state.Phase)
			require.Equal(s.t, enroll.Redacted, last.state.Result.UserID)
			_, more := <-heard
			require.False(s.t, more)
		}
		require.Zero(s.t, s.polls)
	})
	play("says_that_there_was_no_outcome", func(s *theatre) {
		p := s.run("run", waiting(0))
		heard := s.follow(s.t.Context(), "run")
		<-heard
		s.close(p, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED)
		require.ErrorContains(s.t, (<-heard).err, "ended without an outcome")
	})
	play("says_that_there_is_no_such_journey", func(s *theatre) {
		require.ErrorIs(s.t, (<-s.follow(s.t.Context(), "run")).err, client.ErrNotFound)
	})
	play("ends_when_the_history_cannot_be_read", func(s *theatre) {
		p := s.run("run", waiting(0))
		p.broken = io.ErrUnexpectedEOF
		heard := s.follow(s.t.Context(), "run")
		<-heard
		s.close(p, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING)
		require.ErrorIs(s.t, (<-heard).err, io.ErrUnexpectedEOF)
	})
	play("stops_when_nobody_listens_any_more", func(s *theatre) {
		s.run("run", waiting(0))
		for state, err := range s.asked.Follow(s.t.Context(), "journey", "") {
			require.NoError(s.t, err)
			require.Equal(s.t, waiting(0), state)
			break // The bubble would not end before the long poll.
		}
	})
}

func TestFollow_a_journey_that_the_server_has_forgotten(t *testing.T) {
	k := keeping(t)
	k.begin(t)
	k.conclude(t, enroll.Unknown)
	k.status = 0
	var heard []enroll.State
	for state, err := range k.Follow(t.Context(), k.id, "run") {
		require.NoError(t, err)
		heard = append(heard, state)
	}
	require.Len(t, heard, 1)
	require.Equal(t, enroll.Unknown, heard[0].Result.Outcome)
}
