package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
)

// How long Follow lets a journey be that no worker answers for, and the most.
const (
	firstAskAgain = time.Second
	mostAskAgain  = 30 * time.Second
)

// errStopped tells that whoever follows wants no more.
var errStopped = errors.New("stopped following")

// Follow yields the state of a journey at once and whenever it changes, also
// when its run is reset meanwhile. The last state is the first that has an
// outcome, which never changes; the journey may still take back what it created
// at the provider. An error ends the sequence: ErrNotFound when there is no such
// journey, the context's error, or that the journey ended without an outcome.
//
// An empty runID means the subject's latest journey. Who the person is stays
// hidden, as in Record.
//
// Following costs one long poll of the history and one query for each step that
// the journey takes, and none while it waits. While no worker answers, nothing
// is yielded until the journey has ended.
func (c *Client) Follow(ctx context.Context, id, runID string) iter.Seq2[enroll.State, error] {
	return func(yield func(enroll.State, error) bool) {
		f := &following{Client: c, id: id, yield: yield}
		err := f.follow(ctx, runID)
		switch {
		case err == nil || errors.Is(err, errStopped):
		case ctx.Err() != nil:
			yield(enroll.State{}, fmt.Errorf("follow %s: stopped following, the journey goes on: %w", id, ctx.Err()))
		default:
			yield(enroll.State{}, fmt.Errorf("follow %s: %w", id, err))
		}
	}
}

// following is one use of Follow's sequence.
type following struct {
	*Client
	id    string
	yield func(enroll.State, error) bool
	// told is what was yielded last.
	told enroll.State
}

// follow goes from run to run until there is an outcome.
func (f *following) follow(ctx context.Context, runID string) error {
	for {
		run, err := f.describe(ctx, f.id, runID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		next, reset := f.goesOn(ctx, run)
		switch {
		case reset:
			runID = next.run()
		case run.status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING: // Or forgotten.
			return f.ended(ctx, runID)
		default:
			runID = run.run()
			if concluded, err := f.running(ctx, run); concluded || err != nil {
				return err
			}
		}
	}
}

// ended tells of a journey that has ended, or that the server has forgotten.
func (f *following) ended(ctx context.Context, runID string) error {
	shown, err := f.Show(ctx, f.id, runID)
	if err == nil && shown.State != nil && shown.State.Result != nil {
		return f.tell(*shown.State)
	}
	result, err := f.Wait(ctx, f.id, runID)
	if err != nil {
		return err
	}
	return f.tell(enroll.State{
		Journey: result.Journey, Phase: enroll.Concluded, Since: result.ConcludedAt, Result: hideResult(&result),
	})
}

// running follows a run while it is open. It reports whether the outcome was
// told; without one the run has closed, or the context has ended.
func (f *following) running(ctx context.Context, run described) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	watched := f.watch(ctx, run)
	defer func() {
		cancel()
		for range watched.steps { // Closed when the long poll has ended.
		}
	}()
	pause := firstAskAgain
	for {
		state, err := f.state(ctx, f.id, run.run())
		again := time.NewTimer(pause)
		if err == nil {
			again.Stop()
			pause = firstAskAgain
			state.Result = hideResult(state.Result)
			if err := f.tell(state); err != nil || state.Result != nil {
				return true, err
			}
		}
		select {
		case _, open := <-watched.steps:
			again.Stop()
			if !open {
				return false, watched.err
			}
		case <-again.C:
			pause = min(2*pause, mostAskAgain)
		}
	}
}

// tell yields a state that differs from the one before.
func (f *following) tell(state enroll.State) error {
	if reflect.DeepEqual(state, f.told) {
		return nil
	}
	f.told = state
	if !f.yield(state, nil) {
		return errStopped
	}
	return nil
}

// watch is a long poll of one run's history.
type watch struct {
	// steps holds at most one word that the journey took a step; it is closed
	// when the run has closed, or the long poll failed.
	steps chan struct{}
	// err is why the long poll failed, to be read when steps is closed.
	err error
}

// watch starts to read the history of a run. What it held when the run was
// described is not told.
func (f *following) watch(ctx context.Context, run described) *watch {
	w := &watch{steps: make(chan struct{}, 1)}
	history := f.temporal.GetWorkflowHistory(ctx, f.id, run.run(), true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	go func() {
		defer close(w.steps)
		w.err = w.read(history, run.info.GetHistoryLength())
	}()
	return w
}

// read passes on that a workflow task was completed: only then does the state
// change. Steps in quick succession become one word.
func (w *watch) read(history sdk.HistoryEventIterator, known int64) error {
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return fmt.Errorf("read the history: %w", err)
		}
		if event.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED || event.GetEventId() <= known {
			continue
		}
		select {
		case w.steps <- struct{}{}:
		default:
		}
	}
	return nil
}
