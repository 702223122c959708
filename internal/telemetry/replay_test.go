package telemetry_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/internal/telemetry"
	"github.com/bioenroll/bioenroll/workflows"
)

// TestObserve_decides_nothing replays what was recorded without traces, with
// them: journeys that wait go on when traces are switched on.
func TestObserve_decides_nothing(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../workflows/testdata/replay/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	options, err := telemetry.Instruments{Tracers: sdktrace.NewTracerProvider()}.Observe(sdk.Options{}, zap.NewNop())
	require.NoError(t, err)
	tracing, ok := options.Interceptors[0].(interceptor.WorkerInterceptor)
	require.True(t, ok)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
				DisableRegistrationAliasing: true, Interceptors: []interceptor.WorkerInterceptor{tracing},
			})
			require.NoError(t, err)
			workflows.Register(replayer)
			raw, err := os.Open(filepath.Clean(file))
			require.NoError(t, err)
			defer raw.Close() //nolint:errcheck // it was read only
			history, err := sdk.HistoryFromJSON(raw, sdk.HistoryJSONOptions{})
			require.NoError(t, err)
			began := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
			require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{
				OriginalExecution: workflow.Execution{ID: began.GetWorkflowId(), RunID: began.GetOriginalExecutionRunId()},
			}))
		})
	}
}
