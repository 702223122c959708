package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

const (
	// erasurePatience is how long an erasure goes on: the month within which a
	// person can expect to be erased.
	erasurePatience = 30 * 24 * time.Hour
	// roundPatience is how long the server repeats one step by itself.
	roundPatience = 24 * time.Hour
	// firstRest and longestRest lie between rounds that ended without success,
	// such as with refused credentials.
	firstRest   = time.Minute
	longestRest = 6 * time.Hour
)

// Erasure removes subjects from every provider that is named, and from our own
// storage. What fails is tried again for a month; the statement says what was
// removed when, and what is left.
func Erasure(ctx workflow.Context, in enroll.ErasureInput) (enroll.ErasureStatement, error) {
	e := beginErasure(ctx, in)
	err := workflow.SetQueryHandlerWithOptions(ctx, enroll.ErasureQuery, func() (enroll.ErasureStatement, error) { return e.statement, nil },
		workflow.QueryHandlerOptions{Description: "What was removed, and what is left."})
	if err != nil {
		return enroll.ErasureStatement{}, err
	}
	all := workflow.NewWaitGroup(ctx)
	for i := range in.Subjects {
		all.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer all.Done()
			e.erase(ctx, i)
		})
	}
	steps, _ := workflow.NewDisconnectedContext(ctx)
	all.Wait(steps)
	return e.conclude(steps)
}

// erasure is the state of one erasure.
type erasure struct {
	until     time.Time
	statement enroll.ErasureStatement
}

func beginErasure(ctx workflow.Context, in enroll.ErasureInput) *erasure {
	now := workflow.Now(ctx)
	e := &erasure{until: now.Add(erasurePatience), statement: enroll.NewErasureStatement(in, now)}
	e.tell(ctx)
	return e
}

// erase removes one subject: first its journeys end, so that none makes
// anything new; then what the provider has and what we have go side by side.
func (e *erasure) erase(ctx workflow.Context, subject int) {
	journeyID := e.statement.Subjects[subject].JourneyID()
	// A journey that is not there, or ended, need not be canceled.
	if err := workflow.RequestCancelExternalWorkflow(ctx, journeyID, "").Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Debug("no journey to cancel", "journey", journeyID)
	}
	e.insist(ctx, subject, enroll.RemovedJourneys, enroll.AwaitJourneysEnded)
	ours := workflow.NewWaitGroup(ctx)
	ours.Add(1)
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer ours.Done()
		e.insist(ctx, subject, enroll.RemovedHistories, enroll.EraseHistories)
		e.insist(ctx, subject, enroll.RemovedSealed, enroll.EraseSealed)
		e.insist(ctx, subject, enroll.RemovedRecords, enroll.EraseRecords) // Last: the others read them.
	})
	e.insist(ctx, subject, enroll.RemovedEnrollment, enroll.EraseAtProvider)
	steps, _ := workflow.NewDisconnectedContext(ctx)
	ours.Wait(steps)
}

// insist runs a step until it succeeds, the patience ends, or an operator
// cancels.
func (e *erasure) insist(ctx workflow.Context, subject int, what enroll.RemovalOf, step enroll.Activity[enroll.ErasureStepInput, enroll.Erased]) {
	of := e.statement.Subjects[subject].ErasureSubject
	removal := e.removal(subject, what)
	for rest := firstRest; ; rest = min(2*rest, longestRest) {
		done, err := execute(ctx, erasureOptions(of.Provider, what), step, enroll.ErasureStepInput{Erasure: e.statement.ID, ErasureSubject: of})
		if err == nil {
			removal.Count, removal.At, removal.Left = done.Count, workflow.Now(ctx), ""
			e.tell(ctx)
			return
		}
		removal.Tries, removal.Left = removal.Tries+1, leftBecause(err)
		e.tell(ctx)
		if temporal.IsCanceledError(err) || workflow.Now(ctx).Add(rest).After(e.until) || workflow.Sleep(ctx, rest) != nil {
			return
		}
	}
}

// leftBecause says why a round ended without success.
func leftBecause(err error) enroll.Reason {
	if temporal.IsCanceledError(err) {
		return enroll.ReasonCanceledByRequest
	}
	if kind, _ := kindOf(err); kind == enroll.KindPending {
		return enroll.ReasonStillUnderWay
	}
	return verdictOf(err).Reason
}

func (e *erasure) removal(subject int, what enroll.RemovalOf) *enroll.Removal {
	removals := e.statement.Subjects[subject].Removals
	return &removals[slices.IndexFunc(removals, func(r enroll.Removal) bool { return r.What == what })]
}

// conclude keeps the statement, and returns it.
func (e *erasure) conclude(ctx workflow.Context) (enroll.ErasureStatement, error) {
	e.statement.ConcludedAt, e.statement.Complete = workflow.Now(ctx), len(e.statement.Left()) == 0
	if _, err := execute(ctx, recordOptions(), enroll.ConcludeErasure, e.statement); err != nil {
		return e.statement, fmt.Errorf("keep the statement: %w", err)
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, attrPhase.ValueSet(string(enroll.Concluded))); err != nil {
		workflow.GetLogger(ctx).Warn("search attributes not written", "error", err)
	}
	e.tell(ctx)
	return e.statement, nil
}

// tell shows operators what is left.
func (e *erasure) tell(ctx workflow.Context) {
	switch left := e.statement.Left(); {
	case len(left) == 0:
		workflow.SetCurrentDetails(ctx, "Everything was removed.")
	case !e.statement.ConcludedAt.IsZero():
		workflow.SetCurrentDetails(ctx, "Ended. Left:\n- "+strings.Join(left, "\n- "))
	default:
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("Tried until %s. Left:\n- %s", e.until.Format(time.RFC3339), strings.Join(left, "\n- ")))
	}
}

// erasureOptions are for the steps of an erasure: behind everything that a
// person waits for, and as patient as can be.
func erasureOptions(provider enroll.Provider, what enroll.RemovalOf) workflow.ActivityOptions {
	queue := enroll.WorkflowTaskQueue
	if what == enroll.RemovedEnrollment {
		queue = provider.TaskQueue()
	}
	return workflow.ActivityOptions{
		TaskQueue:              queue,
		ScheduleToCloseTimeout: roundPatience,
		StartToCloseTimeout:    time.Minute,
		HeartbeatTimeout:       aliveTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute, MaximumAttempts: manyAttempts,
		},
		Priority: temporal.Priority{PriorityKey: priorityPoll},
		Summary:  fmt.Sprintf("erase %s: %s", provider, what),
	}
}
