package baseline

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// The names under which everything is registered.
const (
	SkeletonWorkflow = "Skeleton"
	BareWorkflow     = "Bare"
	PollingWorkflow  = "PollingLoop"
	// BeginUpdate answers when the caller would have its hand-over.
	BeginUpdate = "begin"
	// WakeSignal is the hint.
	WakeSignal = "wake"

	emptyActivity = "Empty"
)

// Empty is the activity that does nothing.
func Empty(context.Context) error { return nil }

// limit bounds every activity.
const limit = 10 * time.Second

// Skeleton takes the steps of the shape.
func Skeleton(ctx workflow.Context, shape Shape) error {
	r := replay{futures: make([]workflow.Future, len(shape)), cancels: make([]workflow.CancelFunc, len(shape))}
	if err := answerBegin(ctx, &r.replied); err != nil {
		return err
	}
	for i, step := range shape {
		if err := r.take(ctx, i, step); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

func answerBegin(ctx workflow.Context, replied *bool) error {
	return workflow.SetUpdateHandler(ctx, BeginUpdate, func(ctx workflow.Context) error {
		return workflow.Await(ctx, func() bool { return *replied })
	})
}

// replay is a skeleton on its way.
type replay struct {
	futures []workflow.Future     // by the step that started the activity or timer
	cancels []workflow.CancelFunc // by the step that started the timer
	replied bool
}

func (r *replay) take(ctx workflow.Context, at int, step Step) error {
	switch step.Do {
	case Schedule:
		r.futures[at] = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue: step.Queue, StartToCloseTimeout: limit, Priority: temporal.Priority{PriorityKey: step.Priority},
		}), emptyActivity)
	case Arm:
		timed, cancel := workflow.WithCancel(ctx)
		r.futures[at], r.cancels[at] = workflow.NewTimer(timed, step.After), cancel
	case Disarm:
		r.cancels[step.Of]()
	case Result, Fire:
		return r.futures[step.Of].Get(ctx, nil)
	case Upsert:
		return workflow.UpsertTypedSearchAttributes(ctx, attributes(ctx, step.Attributes)...)
	case Mark:
		workflow.SideEffect(ctx, func(workflow.Context) any { return nil })
	case Reply:
		r.replied = true
	case Wake:
		workflow.GetSignalChannel(ctx, WakeSignal).Receive(ctx, nil)
	}
	return nil
}

// attributes gives each search attribute some value of its type.
func attributes(ctx workflow.Context, names []string) []temporal.SearchAttributeUpdate {
	var updates []temporal.SearchAttributeUpdate
	for _, name := range names {
		switch name {
		case enroll.AttrDeadline:
			updates = append(updates, temporal.NewSearchAttributeKeyTime(name).ValueSet(workflow.Now(ctx)))
		case enroll.AttrOperation:
			updates = append(updates, temporal.NewSearchAttributeKeyKeywordList(name).ValueSet([]string{"skeleton"}))
		default:
			updates = append(updates, temporal.NewSearchAttributeKeyKeyword(name).ValueSet("skeleton"))
		}
	}
	return updates
}

// Bare is an update, an activity, a signal and an activity, all on one queue
// with the SDK's defaults.
func Bare(ctx workflow.Context) error {
	var replied bool
	if err := answerBegin(ctx, &replied); err != nil {
		return err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: limit})
	if err := workflow.ExecuteActivity(ctx, emptyActivity).Get(ctx, nil); err != nil {
		return err
	}
	replied = true
	workflow.GetSignalChannel(ctx, WakeSignal).Receive(ctx, nil)
	if err := workflow.ExecuteActivity(ctx, emptyActivity).Get(ctx, nil); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// PollingLoop waits and asks, as many times as told.
func PollingLoop(ctx workflow.Context, every time.Duration, polls int) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: limit, TaskQueue: enroll.AuthID.TaskQueue()})
	for range polls {
		if err := workflow.Sleep(ctx, every); err != nil {
			return err
		}
		if err := workflow.ExecuteActivity(ctx, emptyActivity).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}
