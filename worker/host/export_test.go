package host

import (
	"context"
	"time"

	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/providerset"
	"github.com/bioenroll/bioenroll/internal/vault"
)

// Of returns a host of the given workers, which run already.
func Of(patient time.Duration, log *zap.Logger, workers ...worker.Worker) *Host {
	h := &Host{patient: patient, fatal: make(chan error, 1), log: log}
	for _, w := range workers {
		h.workers = append(h.workers, named{"queue", w})
	}
	return h
}

// Fail reports that a worker cannot go on.
func (h *Host) Fail(queue string, err error) { h.fail(queue, err) }

// RegisterSteps registers a provider's steps as Start does.
func RegisterSteps(provider enroll.Provider, r worker.ActivityRegistry) {
	registerSteps(r, provider, providerset.Clients{}, vault.Vault{})
}

// StepOptions are the options of a worker for the steps at one provider.
func StepOptions(capacity Capacity) worker.Options { return stepOptions(capacity) }

// DeploymentOptions are the options of every worker of a version.
func DeploymentOptions(version worker.WorkerDeploymentVersion) worker.DeploymentOptions {
	return deploymentOptions(version)
}

// ScheduleHousekeeping sees that the server starts housekeeping.
func ScheduleHousekeeping(ctx context.Context, schedules sdk.ScheduleClient, log *zap.Logger) {
	scheduleHousekeeping(ctx, schedules, log)
}
