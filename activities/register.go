package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
)

// register ties a step to its name; the types of both must agree.
func register[In, Out any](r worker.ActivityRegistry, name enroll.Activity[In, Out], step func(context.Context, In) (Out, error)) {
	alive := func(ctx context.Context, in In) (Out, error) {
		defer beat(ctx)()
		return step(ctx, in)
	}
	r.RegisterActivityWithOptions(alive, activity.RegisterOptions{Name: string(name)})
}

// beat tells the server while a step runs that its worker lives, so that the
// step of one that died is repeated soon. Most steps are over before the first
// heartbeat. The returned function ends it.
func beat(ctx context.Context) (stop func()) {
	every := activity.GetInfo(ctx).HeartbeatTimeout / 3
	if every == 0 {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}
