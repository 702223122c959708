package host

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/activities"
)

// histories is a connection that deletes executions, too.
type histories struct{ sdk.Client }

var _ activities.Histories = histories{}

// DeleteHistory deletes a closed execution of the namespace in which the step
// runs.
func (h histories) DeleteHistory(ctx context.Context, execution *commonpb.WorkflowExecution) error {
	_, err := h.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: activity.GetInfo(ctx).Namespace, WorkflowExecution: execution,
	})
	if err != nil {
		return fmt.Errorf("delete the history of run %s: %w", execution.GetRunId(), err)
	}
	return nil
}
