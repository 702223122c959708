package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/dial"
	"github.com/bioenroll/bioenroll/internal/telemetry"
	"github.com/bioenroll/bioenroll/worker/host"
)

// healthPatience bounds the question of a health check.
const healthPatience = 5 * time.Second

// readiness is what a worker needs to run journeys. One that has been told to
// stop is not ready, while it finishes what it has taken.
func readiness(running context.Context, temporal sdk.Client, workers *host.Host) []telemetry.Check {
	return []telemetry.Check{
		{Name: "running", Try: func(context.Context) error { return running.Err() }},
		{Name: "temporal", Try: func(ctx context.Context) error { return dial.CheckHealth(ctx, temporal) }},
		{Name: "records", Try: workers.Check},
	}
}

// checkHealth returns nil when the keys are there, the server answers, and a
// worker of this machine takes workflow tasks from it.
func checkHealth(ctx context.Context, settings settings) error {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	known, err := settings.host.Vault.OpenKeys()
	if err != nil {
		return err
	}
	temporal, err := dial.Dial(ctx, settings.temporal, known, zap.NewNop())
	if err != nil {
		return err
	}
	defer temporal.Close()
	machine, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	queue, err := temporal.DescribeTaskQueue(ctx, enroll.WorkflowTaskQueue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return fmt.Errorf("health check: ask who serves task queue %s: %w", enroll.WorkflowTaskQueue, err)
	}
	for _, poller := range queue.GetPollers() {
		if strings.Contains(poller.GetIdentity(), "@"+machine+"@") { // As the SDK names a worker.
			return nil
		}
	}
	return fmt.Errorf("health check: no worker of this machine (%s) serves task queue %s", machine, enroll.WorkflowTaskQueue)
}
