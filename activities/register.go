package activities

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
)

// register ties a step to its name; the types of both must agree.
func register[In, Out any](r worker.ActivityRegistry, name enroll.Activity[In, Out], step func(context.Context, In) (Out, error)) {
	r.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: string(name)})
}
