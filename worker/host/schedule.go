package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
)

const (
	// housekeepingEvery is how often housekeeping begins.
	housekeepingEvery = time.Hour
	// housekeepingLimit ends a run of housekeeping that hangs.
	housekeepingLimit = 6 * time.Hour
	// catchUp is how late housekeeping may begin after an outage of the server;
	// what was missed need not be made up for, because the next run does it all.
	catchUp = 10 * time.Minute
	// scheduleLimit bounds the calls that see to the schedule.
	scheduleLimit = 10 * time.Second
)

// scheduleHousekeeping sees that the server starts housekeeping. Without the
// permission for that a worker does everything else, and says what to do.
func scheduleHousekeeping(ctx context.Context, schedules sdk.ScheduleClient, log *zap.Logger) {
	ctx, cancel := context.WithTimeout(ctx, scheduleLimit)
	defer cancel()
	if err := ensureSchedule(ctx, schedules); err != nil {
		log.Warn("housekeeping is not scheduled, so nothing is removed when its time has come, and no erasure started whose caller could not: "+
			"let the worker create and update the schedule, or start workflow "+enroll.HousekeepingWorkflow+" on task queue "+
			enroll.WorkflowTaskQueue+" every hour by other means",
			zap.String("schedule", enroll.HousekeepingSchedule), zap.Error(err))
	}
}

// The parts of the schedule that are ours to decide. Whether it is paused is the
// operator's.
func housekeepingSpec() sdk.ScheduleSpec {
	return sdk.ScheduleSpec{Intervals: []sdk.ScheduleIntervalSpec{{Every: housekeepingEvery}}}
}

// housekeepingAction starts the workflow without an input: a payload would have
// to stay readable however often the keys change, and is bound to a workflow ID,
// which the server makes up for each run.
func housekeepingAction() sdk.ScheduleWorkflowAction {
	return sdk.ScheduleWorkflowAction{
		ID: enroll.HousekeepingSchedule, Workflow: enroll.HousekeepingWorkflow, TaskQueue: enroll.WorkflowTaskQueue,
		WorkflowExecutionTimeout: housekeepingLimit,
	}
}

func housekeepingPolicies() sdk.SchedulePolicies {
	return sdk.SchedulePolicies{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: catchUp}
}

// ensureSchedule makes the schedule, or brings the one that is there up to this
// release.
func ensureSchedule(ctx context.Context, schedules sdk.ScheduleClient) error {
	action, policies := housekeepingAction(), housekeepingPolicies()
	_, err := schedules.Create(ctx, sdk.ScheduleOptions{
		ID: enroll.HousekeepingSchedule, Spec: housekeepingSpec(), Action: &action,
		Overlap: policies.Overlap, CatchupWindow: policies.CatchupWindow, Note: "Removes what has been kept long enough.",
	})
	if err == nil {
		return nil
	}
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("create schedule: %w", err)
	}
	err = schedules.GetHandle(ctx, enroll.HousekeepingSchedule).Update(ctx, sdk.ScheduleUpdateOptions{DoUpdate: updateSchedule})
	if err != nil {
		return fmt.Errorf("update schedule: %w", err)
	}
	return nil
}

// updateSchedule brings a schedule up to this release. One that is up to date is
// left alone, because an update could undo what an operator does meanwhile.
func updateSchedule(found sdk.ScheduleUpdateInput) (*sdk.ScheduleUpdate, error) {
	schedule := found.Description.Schedule
	if upToDate(schedule) {
		return nil, temporal.ErrSkipScheduleUpdate
	}
	spec, action, policies := housekeepingSpec(), housekeepingAction(), housekeepingPolicies()
	schedule.Spec, schedule.Action, schedule.Policy = &spec, &action, &policies
	return &sdk.ScheduleUpdate{Schedule: &schedule}, nil
}

// upToDate reports whether a schedule does what this release wants.
func upToDate(schedule sdk.Schedule) bool {
	found, ok := schedule.Action.(*sdk.ScheduleWorkflowAction)
	wanted := housekeepingAction()
	return ok && found.ID == wanted.ID && found.Workflow == wanted.Workflow && found.TaskQueue == wanted.TaskQueue &&
		found.WorkflowExecutionTimeout == wanted.WorkflowExecutionTimeout && len(found.Args) == 0 &&
		schedule.Spec != nil && slices.Equal(schedule.Spec.Intervals, housekeepingSpec().Intervals) &&
		schedule.Policy != nil && *schedule.Policy == housekeepingPolicies()
}
