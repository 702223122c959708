package campaign

import (
	"context"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"
)

// reset sets the workflow back to one of its earlier decisions, as an operator
// can at any time. Which one follows from the journey's number.
func (p *player) reset(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	runID, err := p.resetTo(ctx)
	if err != nil {
		p.note("reset: %v", err)
		return
	}
	p.note("reset: now run %s", runID)
	p.journal.count("resets")
	p.mu.Lock()
	p.resets = append(p.resets, runID)
	p.mu.Unlock()
}

func (p *player) resetTo(ctx context.Context) (string, error) {
	described, err := p.temporal.DescribeWorkflowExecution(ctx, p.id(), "")
	if err != nil {
		return "", err
	}
	execution := described.GetWorkflowExecutionInfo().GetExecution()
	var decisions []int64
	events := p.temporal.GetWorkflowHistory(ctx, p.id(), execution.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return "", err
		}
		if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			decisions = append(decisions, event.GetEventId())
		}
	}
	if len(decisions) == 0 {
		return "", errors.New("there is no decision to go back to")
	}
	answer, err := p.temporal.ResetWorkflowExecution(ctx, &workflowservice.ResetWorkflowExecutionRequest{
		Namespace:                 sdk.DefaultNamespace,
		WorkflowExecution:         &commonpb.WorkflowExecution{WorkflowId: p.id(), RunId: execution.GetRunId()},
		Reason:                    "fault campaign",
		RequestId:                 fmt.Sprintf("chaos-%d-%d", p.script.Index, len(p.resets)),
		WorkflowTaskFinishEventId: decisions[p.script.Index%len(decisions)],
	})
	return answer.GetRunId(), err
}
