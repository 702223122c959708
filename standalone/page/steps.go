package page

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.uber.org/zap"
)

// lookAgain is how often the attempts of a step under way are looked at: the
// server counts them and writes nothing into the history.
const lookAgain = time.Second

// step is one thing that happened in a journey.
type step struct {
	At time.Time `json:"at"`
	// Kind is begin, step, poll, hint, timer, update, record, cancel, end or event.
	Kind string `json:"kind"`
	// Name is that of an activity, a hint, an update or the workflow.
	Name string `json:"name,omitempty"`
	// Detail says what became of it.
	Detail string `json:"detail,omitempty"`
}

// steps tells what happens in a journey as server-sent events, from its
// beginning to its end, as Temporal knows it.
func (p *Page) steps(w http.ResponseWriter, r *http.Request) {
	workflow, run, _ := strings.Cut(r.PathValue("id"), ".")
	described, err := p.options.Temporal.DescribeWorkflowExecution(r.Context(), workflow, run)
	if err != nil {
		problem(w, http.StatusNotFound, "Temporal does not know this journey.")
		return
	}
	// The end of a history is known before it is read: what is over is not waited for.
	over := described.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	tell := func(event string, value any) {
		data, err := json.Marshal(value)
		if err == nil {
			_, err = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, data)
		}
		if err == nil {
			_ = out.Flush() // A browser that has gone ends the request's context.
		}
	}
	if p.follow(r.Context(), r.PathValue("id"), over, func(s step) { tell("step", s) }) {
		tell("end", struct{}{})
	}
}

// follow tells every step, those of the past first, until the journey is over,
// and then returns true.
func (p *Page) follow(ctx context.Context, id string, over bool, tell func(step)) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workflow, run, _ := strings.Cut(id, ".")
	events := p.history(ctx, workflow, run, !over)
	names := nameless{}
	attempts := map[string]int32{}
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case event, open := <-events:
			if !open {
				return p.tellOutcome(ctx, id, tell)
			}
			if s, worth := names.stepOf(event); worth {
				tell(s)
			}
		case <-look.C:
			described, err := p.options.Temporal.DescribeWorkflowExecution(ctx, workflow, run)
			if err != nil {
				continue // The next look may know more.
			}
			for _, pending := range described.GetPendingActivities() {
				if s, worth := attempt(pending, attempts); worth {
					tell(s)
				}
			}
		}
	}
}

// tellOutcome tells of the outcome events of a journey that has ended, and waits
// for the first one. It returns false when nobody listens any more.
func (p *Page) tellOutcome(ctx context.Context, id string, tell func(step)) bool {
	if p.verifier == nil {
		return ctx.Err() == nil
	}
	late := time.NewTimer(lateEvent)
	defer late.Stop()
	for {
		arrived, news := p.told.of(id)
		for _, s := range arrived {
			tell(s)
		}
		if len(arrived) > 0 {
			return true
		}
		select {
		case <-news:
		case <-late.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// history is everything that was written of a run, and what is being written
// while it is open. The channel is closed at the end.
func (p *Page) history(ctx context.Context, workflow, run string, wait bool) <-chan *historypb.HistoryEvent {
	events := make(chan *historypb.HistoryEvent)
	go func() {
		defer close(events)
		history := p.options.Temporal.GetWorkflowHistory(ctx, workflow, run, wait, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			event, err := history.Next()
			if err != nil {
				if ctx.Err() == nil {
					p.options.Log.Warn("the history cannot be read", zap.Error(err))
				}
				return
			}
			select {
			case events <- event:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events
}

// nameless is what later events leave out and refer to: by the event that began
// them, the names of activities and how long timers run.
type nameless map[int64]string

// stepOf is the step that an event tells of, if people want to know of it.
func (n nameless) stepOf(event *historypb.HistoryEvent) (step, bool) {
	s := step{At: event.GetEventTime().AsTime()}
	switch of := event.GetAttributes().(type) {
	case *historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes:
		s.Kind, s.Name = "begin", of.WorkflowExecutionStartedEventAttributes.GetWorkflowType().GetName()
	case *historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes:
		s.Kind, s.Name = "hint", of.WorkflowExecutionSignaledEventAttributes.GetSignalName()
	case *historypb.HistoryEvent_WorkflowExecutionUpdateAcceptedEventAttributes:
		s.Kind, s.Name = "update", of.WorkflowExecutionUpdateAcceptedEventAttributes.GetAcceptedRequest().GetInput().GetName()
	case *historypb.HistoryEvent_WorkflowExecutionCancelRequestedEventAttributes:
		s.Kind = "cancel"
	case *historypb.HistoryEvent_MarkerRecordedEventAttributes: // Of a local activity: they write into the records.
		s.Kind = "record"
	case *historypb.HistoryEvent_WorkflowExecutionCompletedEventAttributes:
		s.Kind = "end"
	case *historypb.HistoryEvent_TimerStartedEventAttributes:
		n[event.GetEventId()] = of.TimerStartedEventAttributes.GetStartToFireTimeout().AsDuration().Round(time.Second).String()
		s.Kind, s.Detail = "timer", "set to "+n[event.GetEventId()]
	case *historypb.HistoryEvent_TimerFiredEventAttributes:
		s.Kind, s.Detail = "timer", "of "+n[of.TimerFiredEventAttributes.GetStartedEventId()]+" is over"
	case *historypb.HistoryEvent_TimerCanceledEventAttributes:
		s.Kind, s.Detail = "timer", "of "+n[of.TimerCanceledEventAttributes.GetStartedEventId()]+" called off"
	default:
		return n.activity(event, s)
	}
	return s, true
}

// activity is the step that an event of an activity tells of.
func (n nameless) activity(event *historypb.HistoryEvent, s step) (step, bool) {
	s.Kind = "step"
	var scheduled int64
	switch of := event.GetAttributes().(type) {
	case *historypb.HistoryEvent_ActivityTaskScheduledEventAttributes:
		n[event.GetEventId()] = of.ActivityTaskScheduledEventAttributes.GetActivityType().GetName()
		scheduled, s.Detail = event.GetEventId(), "begins"
	case *historypb.HistoryEvent_ActivityTaskCompletedEventAttributes:
		scheduled, s.Detail = of.ActivityTaskCompletedEventAttributes.GetScheduledEventId(), "answered"
	case *historypb.HistoryEvent_ActivityTaskFailedEventAttributes:
		failed := of.ActivityTaskFailedEventAttributes
		scheduled, s.Detail = failed.GetScheduledEventId(), "failed: "+failed.GetFailure().GetApplicationFailureInfo().GetType()
	case *historypb.HistoryEvent_ActivityTaskTimedOutEventAttributes:
		scheduled, s.Detail = of.ActivityTaskTimedOutEventAttributes.GetScheduledEventId(), "its time is over"
	case *historypb.HistoryEvent_ActivityTaskCanceledEventAttributes:
		scheduled, s.Detail = of.ActivityTaskCanceledEventAttributes.GetScheduledEventId(), "called off"
	default:
		return step{}, false
	}
	s.Name = n[scheduled]
	return s, true
}

// attempt is what the server says of a step that it repeats, when it has been
// tried once more.
func attempt(pending *workflowpb.PendingActivityInfo, told map[string]int32) (step, bool) {
	// While the next attempt waits for its time, the one before it has been made.
	made := pending.GetAttempt() - 1
	if made < 1 || told[pending.GetActivityId()] >= made {
		return step{}, false
	}
	told[pending.GetActivityId()] = made
	said := pending.GetLastFailure().GetApplicationFailureInfo().GetType()
	if said == "" {
		said = "no answer"
	}
	return step{
		At: time.Now(), Kind: "poll", Name: pending.GetActivityType().GetName(), Detail: fmt.Sprintf("attempt %d: %s", made, said),
	}, true
}
