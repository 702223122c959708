package host_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/worker/host"
)

// schedules is a Temporal server that may have the schedule already.
type schedules struct {
	sdk.ScheduleClient
	sdk.ScheduleHandle
	denied  error
	found   *sdk.Schedule
	created int
	updated int
}

func (s *schedules) Create(_ context.Context, options sdk.ScheduleOptions) (sdk.ScheduleHandle, error) {
	if s.denied != nil {
		return nil, s.denied
	}
	if s.found != nil {
		return nil, temporal.ErrScheduleAlreadyRunning
	}
	s.created++
	s.found = &sdk.Schedule{
		Spec: &options.Spec, Action: options.Action, State: &sdk.ScheduleState{Note: options.Note},
		Policy: &sdk.SchedulePolicies{Overlap: options.Overlap, CatchupWindow: options.CatchupWindow},
	}
	return s, nil
}

func (s *schedules) GetHandle(context.Context, string) sdk.ScheduleHandle { return s }

func (s *schedules) Update(_ context.Context, options sdk.ScheduleUpdateOptions) error {
	update, err := options.DoUpdate(sdk.ScheduleUpdateInput{Description: sdk.ScheduleDescription{Schedule: *s.found}})
	if err != nil {
		return nil //nolint:nilerr // as the SDK: the only error is the one that asks for no update
	}
	s.updated++
	s.found = update.Schedule
	return nil
}

func TestSchedule(t *testing.T) {
	t.Parallel()

	t.Run("starts_housekeeping_every_hour_and_never_twice_at_once", func(t *testing.T) {
		t.Parallel()
		var server schedules
		host.ScheduleHousekeeping(t.Context(), &server, zap.NewNop())
		require.Equal(t, []sdk.ScheduleIntervalSpec{{Every: time.Hour}}, server.found.Spec.Intervals)
		require.Equal(t, enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, server.found.Policy.Overlap)
		action, ok := server.found.Action.(*sdk.ScheduleWorkflowAction)
		require.True(t, ok)
		require.Equal(t, enroll.HousekeepingWorkflow, action.Workflow)
		require.Equal(t, enroll.WorkflowTaskQueue, action.TaskQueue)
		require.Empty(t, action.Args, "a payload would be bound to another workflow ID")
	})
	t.Run("is_left_alone_when_it_is_up_to_date", func(t *testing.T) {
		t.Parallel()
		var server schedules
		host.ScheduleHousekeeping(t.Context(), &server, zap.NewNop())
		host.ScheduleHousekeeping(t.Context(), &server, zap.NewNop())
		require.Equal(t, 1, server.created)
		require.Zero(t, server.updated)
	})
	t.Run("is_brought_up_to_date_and_stays_paused", func(t *testing.T) {
		t.Parallel()
		older := sdk.Schedule{
			Spec:   &sdk.ScheduleSpec{Intervals: []sdk.ScheduleIntervalSpec{{Every: 24 * time.Hour}}},
			Action: &sdk.ScheduleWorkflowAction{ID: "old", Workflow: "Old", TaskQueue: "old"},
			Policy: &sdk.SchedulePolicies{}, State: &sdk.ScheduleState{Paused: true, Note: "incident 7"},
		}
		server := schedules{found: &older}
		host.ScheduleHousekeeping(t.Context(), &server, zap.NewNop())
		require.Equal(t, 1, server.updated)
		require.Equal(t, time.Hour, server.found.Spec.Intervals[0].Every)
		require.Equal(t, &sdk.ScheduleState{Paused: true, Note: "incident 7"}, server.found.State)
	})
	t.Run("that_may_not_be_made_stops_no_worker_and_is_told", func(t *testing.T) {
		t.Parallel()
		log, lines := observed()
		server := schedules{denied: serviceerror.NewPermissionDenied("no schedules", "")}
		host.ScheduleHousekeeping(t.Context(), &server, log)
		require.Equal(t, 1, lines.FilterLevelExact(zap.WarnLevel).FilterMessageSnippet("housekeeping is not scheduled").Len())
	})
}
