package page

import historypb "go.temporal.io/api/history/v1"

// Step is one thing that happened.
type Step = step

// StepsOf are the steps that a history tells of.
func StepsOf(events []*historypb.HistoryEvent) []Step {
	names := nameless{}
	var steps []Step
	for _, event := range events {
		if s, worth := names.stepOf(event); worth {
			steps = append(steps, s)
		}
	}
	return steps
}
