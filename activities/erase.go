package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// Erasures is what the steps of an erasure need of the records.
type Erasures interface {
	// ErasureName returns the provider's name of a subject under erasure.
	ErasureName(ctx context.Context, erasure string, subject records.SubjectKey) (enroll.Secret, error)
	// RecordsOf lists the records of a subject.
	RecordsOf(ctx context.Context, provider enroll.Provider, subjectHash string) ([]enroll.Record, error)
	// Erase empties the concluded records of a subject.
	Erase(ctx context.Context, provider enroll.Provider, subjectHash string) (records.Erased, error)
	// EmptyRecord empties one record whether it has concluded or not.
	EmptyRecord(ctx context.Context, id enroll.RecordID) (bool, error)
	// ConcludeErasure keeps the statement and forgets the names.
	ConcludeErasure(ctx context.Context, id string, statement []byte) error
}

var _ Erasures = (*records.Store)(nil)

// Destroyer makes what journeys sealed unreadable for good.
type Destroyer interface {
	// Destroy destroys a journey's key and its sealed bytes, and reports whether
	// there were any.
	Destroy(ctx context.Context, journey enroll.RecordID) (existed bool, err error)
}

// Histories is what an erasure asks of the Temporal server's namespace.
type Histories interface {
	// ListWorkflow finds executions.
	ListWorkflow(ctx context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error)
	// DeleteHistory deletes one closed execution with its history.
	DeleteHistory(ctx context.Context, execution *commonpb.WorkflowExecution) error
}

// Eraser holds the steps of an erasure that call no provider.
type Eraser struct {
	records   Erasures
	sealed    Destroyer
	histories Histories
}

// NewEraser returns the steps.
func NewEraser(kept Erasures, sealed Destroyer, histories Histories) *Eraser {
	return &Eraser{records: kept, sealed: sealed, histories: histories}
}

// Register registers the steps under their names of package enroll.
func (e *Eraser) Register(r worker.ActivityRegistry) {
	register(r, enroll.AwaitJourneysEnded, e.AwaitJourneysEnded)
	register(r, enroll.EraseHistories, e.EraseHistories)
	register(r, enroll.EraseSealed, e.EraseSealed)
	register(r, enroll.EraseRecords, e.EraseRecords)
	register(r, enroll.ConcludeErasure, e.Conclude)
}

// AwaitJourneysEnded succeeds when no journey of the subject and no watch of
// one is under way. Until then the failure is KindPending, which the server
// repeats.
func (e *Eraser) AwaitJourneysEnded(ctx context.Context, in enroll.ErasureStepInput) (enroll.Erased, error) {
	const op = "await the end of journeys"
	found, err := e.executions(ctx, in.JourneyID(), " AND ExecutionStatus = 'Running'")
	if err != nil {
		return enroll.Erased{}, fmt.Errorf("%s: %w", op, err)
	}
	if len(found) > 0 {
		return enroll.Erased{}, failure(&enroll.Error{Op: op, Kind: enroll.KindPending, Message: fmt.Sprintf("%d under way", len(found))})
	}
	return enroll.Erased{}, nil
}

// EraseHistories deletes the histories of the subject's journeys and of their
// watches, and succeeds once the server lists none: it deletes a little after
// it was asked. It is safe to repeat.
func (e *Eraser) EraseHistories(ctx context.Context, in enroll.ErasureStepInput) (enroll.Erased, error) {
	const op = "erase histories"
	asked := map[string]bool{}
	for {
		found, err := e.executions(ctx, in.JourneyID(), "")
		if err != nil {
			return enroll.Erased{}, fmt.Errorf("%s: %w", op, err)
		}
		if len(found) == 0 {
			return enroll.Erased{Count: len(asked)}, nil
		}
		for _, info := range found {
			if asked[info.GetExecution().GetRunId()] || info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				continue // Its end or its deletion is awaited.
			}
			if err := e.histories.DeleteHistory(ctx, info.GetExecution()); err != nil && !notFound(err) {
				return enroll.Erased{}, fmt.Errorf("%s: %w", op, err)
			}
			asked[info.GetExecution().GetRunId()] = true
		}
		if !pause(ctx, deletionPause) {
			return enroll.Erased{}, failure(&enroll.Error{Op: op, Kind: enroll.KindPending, Message: fmt.Sprintf("%d are still listed", len(found))})
		}
	}
}

// deletionPause lies between two looks at what the server still lists.
const deletionPause = 300 * time.Millisecond

// pause waits, and reports false when the step's time ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// maxHistories bounds how many executions of one subject a round deletes.
const maxHistories = 1000

// executions lists the subject's journeys and their watches, whose IDs begin
// alike.
func (e *Eraser) executions(ctx context.Context, journeyID, which string) ([]*workflowpb.WorkflowExecutionInfo, error) {
	found, err := e.histories.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: maxHistories, Query: fmt.Sprintf("WorkflowId STARTS_WITH '%s'%s", journeyID, which),
	})
	return found.GetExecutions(), err
}

func notFound(err error) bool {
	_, gone := errors.AsType[*serviceerror.NotFound](err)
	return gone
}

// EraseSealed destroys the keys and the bytes that the subject's journeys
// sealed. It is safe to repeat.
func (e *Eraser) EraseSealed(ctx context.Context, in enroll.ErasureStepInput) (enroll.Erased, error) {
	found, err := e.records.RecordsOf(ctx, in.Provider, in.SubjectHash)
	if err != nil {
		return enroll.Erased{}, unrecorded(fmt.Errorf("erase sealed bytes: %w", err))
	}
	var erased enroll.Erased
	for _, record := range found {
		existed, err := e.sealed.Destroy(ctx, record.ID)
		if err != nil {
			return enroll.Erased{}, fmt.Errorf("erase sealed bytes: %w", err)
		}
		if existed {
			erased.Count++
		}
	}
	return erased, nil
}

// EraseRecords empties the subject's records of everything personal. It runs
// when no journey of the subject is under way, so a record without an outcome
// is of a journey that was terminated. It is safe to repeat.
func (e *Eraser) EraseRecords(ctx context.Context, in enroll.ErasureStepInput) (enroll.Erased, error) {
	erased, err := e.records.Erase(ctx, in.Provider, in.SubjectHash)
	if err != nil {
		return enroll.Erased{}, unrecorded(fmt.Errorf("erase records: %w", err))
	}
	for _, id := range erased.Live {
		if _, err := e.records.EmptyRecord(ctx, id); err != nil {
			return enroll.Erased{}, unrecorded(fmt.Errorf("erase records: %w", err))
		}
	}
	return enroll.Erased{Count: len(erased.Emptied) + len(erased.Live)}, nil
}

// Conclude keeps the statement. From then on journeys of the subjects may start
// again. It is safe to repeat.
func (e *Eraser) Conclude(ctx context.Context, statement enroll.ErasureStatement) (enroll.Nothing, error) {
	written, err := json.Marshal(statement)
	if err == nil {
		err = e.records.ConcludeErasure(ctx, statement.ID, written)
	}
	if err != nil {
		return enroll.Nothing{}, unrecorded(fmt.Errorf("conclude the erasure: %w", err))
	}
	return enroll.Nothing{}, nil
}
