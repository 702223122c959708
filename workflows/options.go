package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// The priorities of steps on a provider's queue: a person who just finished is
// served before one who starts, and both before backup polls.
const (
	priorityHint  = 1
	priorityBegin = 2
	priorityPoll  = 5
)

// callTimeout bounds one attempt of a step. It is longer than the two calls
// that a step makes at most, one for an access token and one for its purpose,
// of 9 s each at the longest setting: so the provider client always learns
// first what became of its call.
const callTimeout = 20 * time.Second

// aliveTimeout is how long a worker that runs a step may be silent before the
// step is taken for dead and repeated, where it may be: long enough for a busy
// machine, short enough to begin again within the begin budget.
const aliveTimeout = 8 * time.Second

// lastCallCaps is how many times the poll's longest delay a final answer is
// sought before the journey gives up learning it.
const lastCallCaps = 3

// The most attempts a step may take. They are explicit because the time limits
// decide, and because the test environment caps unlimited attempts at ten.
const (
	fewAttempts  = 20
	manyAttempts = 100_000
)

// beginOptions are for steps until the hand-over that may be repeated: quickly,
// and only within what is left of the begin budget.
func (j *journey) beginOptions(ctx workflow.Context, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              j.spec.Provider.TaskQueue(),
		ScheduleToCloseTimeout: j.budgetLeft(ctx),
		StartToCloseTimeout:    callTimeout,
		HeartbeatTimeout:       aliveTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 3 * time.Second,
			MaximumAttempts: fewAttempts,
		},
		Priority: temporal.Priority{PriorityKey: priorityBegin},
		Summary:  summary,
	}
}

// onceOptions are for calls that may be made only once: a single attempt, never
// cut off by the budget once it has started, because that would make an
// unknown answer out of a slow one.
func (j *journey) onceOptions(ctx workflow.Context, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              j.spec.Provider.TaskQueue(),
		ScheduleToStartTimeout: j.budgetLeft(ctx),
		StartToCloseTimeout:    callTimeout,
		HeartbeatTimeout:       aliveTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Priority:               temporal.Priority{PriorityKey: priorityBegin},
		Summary:                summary,
	}
}

// uploadOptions are for sending sealed samples: as long as one attempt for
// each may take, repeated while the provider is down.
func (j *journey) uploadOptions(samples int) workflow.ActivityOptions {
	limit := time.Duration(samples) * callTimeout
	return workflow.ActivityOptions{
		TaskQueue:              j.spec.Provider.TaskQueue(),
		ScheduleToCloseTimeout: limit + j.pace.BeginBudget,
		StartToCloseTimeout:    limit,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 3 * time.Second,
			MaximumAttempts: fewAttempts,
		},
		Priority: temporal.Priority{PriorityKey: priorityBegin},
		Summary:  "upload the samples",
	}
}

// askOnceOptions are for a confirm that may be made only once and serves a
// person who waits.
func (j *journey) askOnceOptions(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              j.spec.Provider.TaskQueue(),
		ScheduleToStartTimeout: lastCallCaps * j.pace.PollCap,
		StartToCloseTimeout:    callTimeout,
		HeartbeatTimeout:       aliveTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Priority:               temporal.Priority{PriorityKey: priorityHint},
		Summary:                summary,
	}
}

// hintOptions are for the confirm after a hint: at once, then one brisk series
// whose delays the step itself gives.
func (j *journey) hintOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              j.spec.Provider.TaskQueue(),
		ScheduleToCloseTimeout: j.pace.PollCap,
		StartToCloseTimeout:    callTimeout,
		HeartbeatTimeout:       aliveTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 4 * time.Second,
			MaximumAttempts: 4,
		},
		Priority: temporal.Priority{PriorityKey: priorityHint},
		Summary:  "confirm after a hint",
	}
}

// pollOptions are for the backup poll: one activity that the server repeats
// until the person has finished. Its time limit lies behind the deadline, so
// that the deadline's own timer decides.
func (j *journey) pollOptions(ctx workflow.Context) workflow.ActivityOptions {
	limit := j.state.Deadline.Sub(workflow.Now(ctx)) + lastCallCaps*j.pace.PollCap
	return workflow.ActivityOptions{
		TaskQueue:              j.spec.Provider.TaskQueue(),
		ScheduleToCloseTimeout: limit,
		StartToCloseTimeout:    callTimeout,
		HeartbeatTimeout:       aliveTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: j.pace.PollFirst, BackoffCoefficient: j.pace.PollFactor, MaximumInterval: j.pace.PollCap,
			MaximumAttempts: mostPolls(limit, j.pace.PollFirst),
		},
		Priority: temporal.Priority{PriorityKey: priorityPoll},
		Summary:  "backup poll",
	}
}

// mostPolls is more attempts than fit into the time at the shortest pace, so
// that the time decides and the UI still shows a number that means something.
func mostPolls(limit, shortest time.Duration) int32 {
	return int32(min(2*limit/max(shortest, time.Millisecond)+fewAttempts, manyAttempts)) //nolint:gosec // bounded by manyAttempts
}

// lastOptions are for the confirm when waiting is over: a pending answer is
// final now, and an outage is waited out for a while, unless whoever canceled
// is waiting.
func (j *journey) lastOptions() workflow.ActivityOptions {
	patience := lastCallCaps * j.pace.PollCap
	if j.hurry {
		patience = callTimeout
	}
	return workflow.ActivityOptions{
		TaskQueue:              j.spec.Provider.TaskQueue(),
		ScheduleToCloseTimeout: patience,
		StartToCloseTimeout:    callTimeout,
		HeartbeatTimeout:       aliveTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: j.pace.PollCap,
			MaximumAttempts: fewAttempts, NonRetryableErrorTypes: []string{string(enroll.KindPending)},
		},
		Priority: temporal.Priority{PriorityKey: priorityHint},
		Summary:  "last confirm",
	}
}

// cleanUpOptions are for taking back what the journey created: patiently, for
// an hour, because leaving something behind is worse than being late.
func (j *journey) cleanUpOptions(what string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              j.spec.Provider.TaskQueue(),
		ScheduleToCloseTimeout: time.Hour,
		StartToCloseTimeout:    callTimeout,
		HeartbeatTimeout:       aliveTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute,
			MaximumAttempts: manyAttempts,
		},
		Priority: temporal.Priority{PriorityKey: priorityBegin},
		Summary:  "clean up: " + what,
	}
}

// hereOptions are for a step within the workflow task: well within the time of
// the task, and a second attempt for a busy database.
func hereOptions() workflow.LocalActivityOptions {
	return workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: 5 * time.Second,
		StartToCloseTimeout:    4 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumAttempts: 2},
	}
}

// recordOptions are for what must be recorded, on our own queue: an outcome
// that is told and not kept would be worse than one that comes late.
func recordOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              enroll.WorkflowTaskQueue,
		ScheduleToCloseTimeout: 24 * time.Hour,
		StartToCloseTimeout:    callTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute,
			MaximumAttempts: manyAttempts,
		},
		Summary: "record the outcome, delete the sealed input",
	}
}

// watchPatience is how long a watch seeks an answer: nobody waits for it.
const watchPatience = 24 * time.Hour

// options are for the steps of a watch at the provider: behind everything that
// a person waits for, and as patient as can be.
func (w *watch) options(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              w.in.Provider.TaskQueue(),
		ScheduleToCloseTimeout: watchPatience,
		StartToCloseTimeout:    callTimeout,
		HeartbeatTimeout:       aliveTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute,
			MaximumAttempts: manyAttempts, NonRetryableErrorTypes: []string{string(enroll.KindPending)},
		},
		Priority: temporal.Priority{PriorityKey: priorityPoll},
		Summary:  summary,
	}
}

// newerOptions are for looking for a newer journey of the subject, again and
// again while one is under way.
func newerOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              enroll.WorkflowTaskQueue,
		ScheduleToCloseTimeout: watchPatience,
		StartToCloseTimeout:    callTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute, MaximumAttempts: manyAttempts,
		},
		Summary: "look for a newer journey",
	}
}

// housekeepingOptions are for removing what has been kept long enough. A sweep
// of many things takes a while, and the next run may find what this one left.
func housekeepingOptions(what string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              enroll.WorkflowTaskQueue,
		ScheduleToCloseTimeout: 45 * time.Minute,
		StartToCloseTimeout:    30 * time.Minute,
		HeartbeatTimeout:       aliveTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute, MaximumAttempts: manyAttempts,
		},
		Summary: what,
	}
}
