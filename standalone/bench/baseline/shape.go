package baseline

import (
	"fmt"
	"maps"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// Do says what a step of a shape does.
type Do string

// The steps.
const (
	Schedule Do = "schedule" // Schedules an activity.
	Result   Do = "result"   // Waits for the activity scheduled by step Of.
	Arm      Do = "arm"      // Starts a timer.
	Fire     Do = "fire"     // Waits for the timer started by step Of.
	Disarm   Do = "disarm"   // Cancels the timer started by step Of.
	Upsert   Do = "upsert"   // Writes search attributes.
	Mark     Do = "mark"     // Records a marker.
	Reply    Do = "reply"    // Answers the update.
	Wake     Do = "wake"     // Waits for a signal.
)

// Step is one command of a journey, or one thing that it waited for.
type Step struct {
	Do Do `json:"do"`
	// Of is the index of the step that this one refers to.
	Of int `json:"of,omitempty"`
	// Queue and Priority are those of the activity.
	Queue    string `json:"queue,omitempty"`
	Priority int    `json:"priority,omitempty"`
	// After is the timer's duration.
	After time.Duration `json:"after,omitempty"`
	// Attributes are the names of the search attributes.
	Attributes []string `json:"attributes,omitempty"`
}

// Shape is a journey without its meaning.
type Shape []Step

// Waits reports whether somebody has to wake the journey.
func (s Shape) Waits() bool {
	return slices.ContainsFunc(s, func(step Step) bool { return step.Do == Wake })
}

// ShapeOf reads the shape from a history. It refuses histories with something
// that a skeleton cannot do, such as an activity that failed.
func ShapeOf(history *historypb.History) (Shape, error) {
	r := reader{activities: map[int64]int{}, timers: map[int64]int{}}
	for _, event := range history.GetEvents() {
		if err := r.read(event); err != nil {
			return nil, err
		}
	}
	return r.shape, nil
}

// reader turns events into steps. It remembers which event became which step.
type reader struct {
	shape              Shape
	activities, timers map[int64]int
}

func (r *reader) read(event *historypb.HistoryEvent) error {
	id := event.GetEventId()
	switch attributes := event.GetAttributes().(type) {
	case *historypb.HistoryEvent_ActivityTaskScheduledEventAttributes:
		scheduled := attributes.ActivityTaskScheduledEventAttributes
		r.activities[id] = len(r.shape)
		r.add(Step{Do: Schedule, Queue: scheduled.GetTaskQueue().GetName(), Priority: int(scheduled.GetPriority().GetPriorityKey())})
	case *historypb.HistoryEvent_ActivityTaskCompletedEventAttributes:
		r.add(Step{Do: Result, Of: r.activities[attributes.ActivityTaskCompletedEventAttributes.GetScheduledEventId()]})
	case *historypb.HistoryEvent_TimerStartedEventAttributes:
		r.timers[id] = len(r.shape)
		r.add(Step{Do: Arm, After: attributes.TimerStartedEventAttributes.GetStartToFireTimeout().AsDuration()})
	case *historypb.HistoryEvent_TimerFiredEventAttributes:
		r.add(Step{Do: Fire, Of: r.timers[attributes.TimerFiredEventAttributes.GetStartedEventId()]})
	case *historypb.HistoryEvent_TimerCanceledEventAttributes:
		r.add(Step{Do: Disarm, Of: r.timers[attributes.TimerCanceledEventAttributes.GetStartedEventId()]})
	case *historypb.HistoryEvent_UpsertWorkflowSearchAttributesEventAttributes:
		fields := attributes.UpsertWorkflowSearchAttributesEventAttributes.GetSearchAttributes().GetIndexedFields()
		r.add(Step{Do: Upsert, Attributes: slices.Sorted(maps.Keys(fields))})
	case *historypb.HistoryEvent_MarkerRecordedEventAttributes:
		r.add(Step{Do: Mark})
	case *historypb.HistoryEvent_WorkflowExecutionUpdateCompletedEventAttributes:
		r.add(Step{Do: Reply})
	case *historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes:
		r.add(Step{Do: Wake})
	default:
		if kind := event.GetEventType(); !comesByItself(kind) {
			return fmt.Errorf("event %d is %s, which no skeleton does: read the shape from a journey that went well", id, kind)
		}
	}
	return nil
}

func (r *reader) add(step Step) { r.shape = append(r.shape, step) }

// comesByItself reports whether the event follows from the others.
func comesByItself(kind enumspb.EventType) bool {
	return slices.Contains([]enumspb.EventType{
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
		enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED,
	}, kind)
}
