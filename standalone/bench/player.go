package main

import (
	"context"
	"fmt"
	"time"

	sdk "go.temporal.io/sdk/client"
)

// player starts journeys of one kind, ours or a baseline's.
type player interface {
	// prepare makes sure that as many journeys can be started.
	prepare(ctx context.Context, count int) error
	// start returns when the caller has its hand-over, or the outcome.
	start(ctx context.Context) (journey, error)
}

// journey is one that was started.
type journey struct {
	id, run  string
	temporal sdk.Client
	// capture is the person who finishes; nil when there is none.
	capture func(ctx context.Context) error
	// wake sends the hint; nil when the journey does not wait.
	wake func(ctx context.Context) error
	// calls counts those that the provider received; nil for a baseline.
	calls func(ctx context.Context) (int, error)
	// end waits for the outcome and checks it.
	end func(ctx context.Context) error
}

// finish lets the person finish, sends the hint, and waits for the outcome.
func (j journey) finish(ctx context.Context) (hinted time.Time, err error) {
	if j.capture != nil {
		if err := j.capture(ctx); err != nil {
			return hinted, err
		}
	}
	hinted = time.Now()
	if j.wake != nil {
		if err := j.wake(ctx); err != nil {
			return hinted, err
		}
	}
	return hinted, j.end(ctx)
}

// described is what the server tells of a closed journey.
type described struct {
	events, bytes int64
	closed        time.Time
}

func (j journey) describe(ctx context.Context) (described, error) {
	answer, err := j.temporal.DescribeWorkflowExecution(ctx, j.id, j.run)
	if err != nil {
		return described{}, fmt.Errorf("describe %s: %w", j.id, err)
	}
	info := answer.GetWorkflowExecutionInfo()
	return described{events: info.GetHistoryLength(), bytes: info.GetHistorySizeBytes(), closed: info.GetCloseTime().AsTime()}, nil
}

// sample is how long one journey took.
type sample struct {
	// start is from the call until the caller has the hand-over.
	start time.Duration
	// outcome is from sending the hint until the server closed the journey; 0
	// for one that does not wait.
	outcome time.Duration
	// told is from sending the hint until the caller has the outcome; 0 for one
	// that does not wait.
	told time.Duration
}

// settle is the pause before the hint of a journey that is timed: no person is
// faster, and what the server does behind the hand-over is over then.
const settle = 20 * time.Millisecond

// playOne plays one journey and tells how long it took.
func playOne(ctx context.Context, p player) (sample, error) {
	began := time.Now()
	j, err := p.start(ctx)
	if err != nil {
		return sample{}, err
	}
	s := sample{start: time.Since(began)}
	if j.wake == nil {
		return s, j.end(ctx)
	}
	if err := pause(ctx, settle); err != nil {
		return s, err
	}
	hinted, err := j.finish(ctx)
	if err != nil {
		return s, err
	}
	s.told = time.Since(hinted)
	d, err := j.describe(ctx)
	s.outcome = d.closed.Sub(hinted)
	return s, err
}
