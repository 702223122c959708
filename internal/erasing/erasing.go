// Package erasing starts the workflows of erasures. An erasure bars its people
// from the moment that it stands in the records, and its workflow is started
// after that, by whoever asked for it or, when they were cut short in between, by
// housekeeping. Both start it in the way of this package: from what the records
// know, under the erasure's own ID, so that it does not matter who comes first
// and how often.
package erasing

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// Starter is the part of a connection to Temporal that starts workflows.
type Starter interface {
	ExecuteWorkflow(ctx context.Context, options sdk.StartWorkflowOptions, workflow any, args ...any) (sdk.WorkflowRun, error)
}

// startLimit bounds one start.
const startLimit = 10 * time.Second

// Input is what the workflow of an erasure under way is given: who is to be
// erased, and who asked for it and why.
func Input(erasure records.Erasure) enroll.ErasureInput {
	input := enroll.ErasureInput{ID: erasure.ID, Who: erasure.Who, Why: erasure.Why}
	for _, subject := range erasure.Subjects {
		input.Subjects = append(input.Subjects, enroll.ErasureSubject{Provider: subject.Provider, SubjectHash: subject.Hash})
	}
	return input
}

// Start starts the workflow of an erasure under way and reports true, or finds
// it running or completed and reports false. One that ended without completing,
// because it was terminated, is started again: until the records have its
// statement, the people of an erasure are barred.
func Start(ctx context.Context, starter Starter, input enroll.ErasureInput) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	_, err := starter.ExecuteWorkflow(ctx, sdk.StartWorkflowOptions{
		ID: input.ID, TaskQueue: enroll.WorkflowTaskQueue, StaticSummary: "Removes people from their providers and from our storage.",
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyKeyword(enroll.AttrPhase).ValueSet(string(enroll.Erasing))),
	}, enroll.ErasureWorkflow, input)
	if _, there := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); there {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("start the workflow of erasure %s: %w", input.ID, err)
	}
	return true, nil
}
