package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/delivery"
	"github.com/bioenroll/bioenroll/internal/providerset"
	"github.com/bioenroll/bioenroll/internal/vault"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/workflows"
)

// goodbye is the time for what a worker does after its steps have ended:
// telling the server that it stops.
const goodbye = 15 * time.Second

// Host runs the workers of one process, and delivers outcome events beside
// them.
type Host struct {
	workers []named
	events  *delivery.Dispatcher
	patient time.Duration
	version worker.WorkerDeploymentVersion
	fatal   chan error
	stop    sync.Once
	shared  vault.Vault
	log     *zap.Logger
}

// named is a worker with its task queue.
type named struct {
	queue string
	worker.Worker
}

// Start runs a worker for the stories and one for each chosen provider, and
// delivers outcome events. The connection must encrypt with the keys of the settings' vault. When one
// worker cannot start, none is left running.
func Start(ctx context.Context, temporal sdk.Client, settings Settings, log *zap.Logger) (*Host, error) {
	shared, err := settings.Vault.OpenOrCreate(ctx)
	if err != nil {
		return nil, err
	}
	clients, err := settings.Providers.Open(rest.WithMeters(settings.Meters))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("host: %w", err), shared.Close())
	}
	h := &Host{shared: shared, patient: settings.StopTimeout, version: settings.Version, fatal: make(chan error, 1), log: log}
	h.add(temporal, enroll.WorkflowTaskQueue, worker.Options{}, func(w worker.Worker) {
		workflows.Register(w)
		activities.NewConcluder(shared.Sealed, shared.Records).Register(w)
		activities.NewWatcher(temporal).Register(w)
		activities.NewHousekeeper(shared.Sealed, shared.Records, settings.Retention).Register(w)
		activities.NewResumer(shared.Records, temporal).Register(w)
		activities.NewEraser(shared.Records, shared.Sealed, histories{temporal}).Register(w)
	})
	for _, provider := range settings.Providers.Chosen {
		h.add(temporal, provider.TaskQueue(), stepOptions(settings.Capacity[provider]), func(w worker.Worker) { registerSteps(w, provider, clients, shared) })
	}
	if err := errors.Join(h.start(), h.deliver(ctx, settings)); err != nil {
		h.Stop()
		return nil, err
	}
	scheduleHousekeeping(ctx, temporal.ScheduleClient(), log)
	log.Info("worker runs", zap.Any("providers", settings.Providers.Chosen), zap.String("subject_key", shared.Keys.SubjectFingerprint()),
		zap.Strings("codec_keys", shared.Keys.Codec().IDs()), zap.Strings("seal_keys", shared.Keys.Seal().IDs()),
		zap.String("deployment", settings.Version.DeploymentName), zap.String("build_id", settings.Version.BuildID))
	return h, nil
}

// steps are the activities of one provider.
type steps interface {
	Register(r worker.ActivityRegistry)
}

// registerSteps registers a provider's steps, that of an erasure among them.
func registerSteps(r worker.ActivityRegistry, provider enroll.Provider, clients providerset.Clients, shared vault.Vault) {
	steps, remove := stepsOf(provider, clients, shared)
	steps.Register(r)
	activities.NewProviderEraser(remove, shared.Records).Register(r)
}

// stepsOf ties each provider's steps, and what an erasure calls, to its client:
// one line for each.
func stepsOf(provider enroll.Provider, clients providerset.Clients, shared vault.Vault) (steps, activities.Remove) {
	switch provider {
	case enroll.AuthID:
		return activities.NewAuthID(clients.AuthID, shared.Records, shared.Keys), activities.RemoveAtAuthID(clients.AuthID)
	case enroll.BioID:
		return activities.NewBioID(clients.BioID, shared.Sealed, shared.Records), activities.RemoveAtBioID(clients.BioID)
	case enroll.SmartID:
		return activities.NewSmartID(clients.SmartID, shared.Sealed, shared.Records), activities.RemoveAtSmartID(clients.SmartID)
	case enroll.IProov:
		return activities.NewIProov(clients.IProov, shared.Sealed, shared.Records), activities.RemoveAtIProov(clients.IProov)
	}
	panic("host: a provider without steps: " + string(provider)) // Settings hold known providers only.
}

// stepOptions are the options of a worker for the steps at one provider.
func stepOptions(capacity Capacity) worker.Options {
	return worker.Options{
		DisableWorkflowWorker:              true,
		MaxConcurrentActivityExecutionSize: capacity.Slots,
		// The limit of a single worker, WorkerActivitiesPerSecond, is left
		// alone: it delays a step that has been taken, while its time limit runs.
		TaskQueueActivitiesPerSecond: capacity.Rate,
	}
}

// add makes a worker for the queue with the options that all have in common.
func (h *Host) add(temporal sdk.Client, queue string, options worker.Options, register func(worker.Worker)) {
	options.DisableRegistrationAliasing = true // Names are explicit; a second way to say them hides mistakes.
	options.WorkerStopTimeout = h.patient
	options.WorkflowPanicPolicy = worker.BlockWorkflow // A bug waits for its fix and fails nobody's journey.
	options.DeploymentOptions = deploymentOptions(h.version)
	options.OnFatalError = func(err error) { h.fail(queue, err) }
	w := worker.New(temporal, queue, options)
	register(w)
	h.workers = append(h.workers, named{queue, w})
}

func (h *Host) start() error {
	for _, w := range h.workers {
		if err := w.Start(); err != nil {
			return fmt.Errorf("host: start the worker of task queue %s: %w", w.queue, err)
		}
	}
	return nil
}

// deliver starts what delivers outcome events, also those that journeys on
// other workers came to.
func (h *Host) deliver(ctx context.Context, settings Settings) (err error) {
	options := settings.Events
	options.Meters, options.Log = settings.Meters, h.log
	if h.events, err = delivery.Start(ctx, h.shared.Records, options); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	return nil
}

// fail remembers the first error after which a worker cannot go on.
func (h *Host) fail(queue string, err error) {
	h.log.Error("worker cannot go on", zap.String("queue", queue), zap.Error(err))
	select {
	case h.fatal <- fmt.Errorf("host: the worker of task queue %s cannot go on: %w", queue, err):
	default:
	}
}

// Wait blocks until the context ends, and returns nil, or until a worker
// cannot go on, and returns why. Either way the caller stops the host.
func (h *Host) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-h.fatal:
		return err
	}
}

// Check returns nil when the records answer, without which no journey can begin
// or end.
func (h *Host) Check(ctx context.Context) error {
	if _, err := h.shared.Records.Held(ctx); err != nil {
		return fmt.Errorf("host: ask the records: %w", err)
	}
	return nil
}

// Stop stops all workers at once: nothing new is taken, and steps and
// deliveries under way get the stop time-out to finish. It returns when all have
// stopped, or a little after the stop time-out. It can be called more than once.
func (h *Host) Stop() {
	h.stop.Do(func() {
		var group sync.WaitGroup
		for _, w := range h.workers {
			group.Go(w.Stop)
		}
		if h.events != nil {
			group.Go(h.events.Stop)
		}
		stopped := make(chan struct{})
		go func() { group.Wait(); close(stopped) }()
		late := time.NewTimer(h.patient + goodbye)
		defer late.Stop()
		select {
		case <-stopped:
			h.log.Info("worker stopped")
		case <-late.C:
			h.log.Warn("worker stopped before all of its steps had ended")
		}
		if err := h.shared.Close(); err != nil {
			h.log.Warn("the records were not closed properly", zap.Error(err))
		}
	})
}
