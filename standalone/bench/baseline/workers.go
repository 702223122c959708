package baseline

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// Registry is where Register puts workflows and the activity.
type Registry interface {
	worker.WorkflowRegistry
	worker.ActivityRegistry
}

// Register registers the baselines and the empty activity.
func Register(r Registry) {
	r.RegisterWorkflowWithOptions(Skeleton, workflow.RegisterOptions{Name: SkeletonWorkflow})
	r.RegisterWorkflowWithOptions(Bare, workflow.RegisterOptions{Name: BareWorkflow})
	r.RegisterWorkflowWithOptions(PollingLoop, workflow.RegisterOptions{Name: PollingWorkflow})
	registerEmpty(r)
}

func registerEmpty(r worker.ActivityRegistry) {
	r.RegisterActivityWithOptions(Empty, activity.RegisterOptions{Name: emptyActivity})
}

// StartWorkers runs the same workers as a host of real journeys: one for the
// workflows and one for the activities of each provider.
func StartWorkers(temporal sdk.Client) (stop func(), err error) {
	main := worker.New(temporal, enroll.WorkflowTaskQueue, worker.Options{DisableRegistrationAliasing: true})
	Register(main)
	workers := []worker.Worker{main}
	for _, provider := range enroll.Providers() {
		w := worker.New(temporal, provider.TaskQueue(), worker.Options{DisableRegistrationAliasing: true, DisableWorkflowWorker: true})
		registerEmpty(w)
		workers = append(workers, w)
	}
	var errs []error
	for _, w := range workers {
		errs = append(errs, w.Start())
	}
	stop = func() {
		for _, w := range workers {
			w.Stop()
		}
	}
	if err := errors.Join(errs...); err != nil {
		stop()
		return nil, fmt.Errorf("start the baselines' workers: %w", err)
	}
	return stop, nil
}
