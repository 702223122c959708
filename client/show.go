package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/bioenroll/bioenroll/enroll"
)

// Shown is one journey as an operator sees it.
type Shown struct {
	ID        string         `json:"id"`
	RunID     string         `json:"run_id"`
	Journey   enroll.Journey `json:"journey"`
	Status    string         `json:"status"`
	StartedAt time.Time      `json:"started_at"`
	ClosedAt  time.Time      `json:"closed_at,omitzero"`
	Events    int64          `json:"history_events"`
	// Phase, Outcome and Deadline are the search attributes, known without a
	// worker.
	Phase    enroll.Phase   `json:"phase,omitempty"`
	Outcome  enroll.Outcome `json:"outcome,omitempty"`
	Deadline time.Time      `json:"deadline,omitzero"`
	// State is the journey's own account; nil when no worker answered.
	State *enroll.State `json:"state,omitempty"`
	// StateMissing says why State is nil.
	StateMissing string `json:"state_missing,omitempty"`
	// Pending lists the steps under way, with the attempts of the backup poll.
	Pending []PendingStep `json:"pending,omitempty"`
	// Record is the ID of the journey's record, and Resolution what an operator
	// found out about an unknown outcome.
	Record     enroll.RecordID    `json:"record,omitempty"`
	Resolution *enroll.Resolution `json:"resolution,omitempty"`
	// Reference is what the caller calls the journey. List does not fill it in.
	Reference enroll.Secret `json:"reference,omitempty"`
	// Watched is what the watch of a capture that was left open found; nil
	// until it has looked.
	Watched *enroll.Watched `json:"watched,omitempty"`
}

// PendingStep is a step that has not ended.
type PendingStep struct {
	Step    string `json:"step"`
	Attempt int32  `json:"attempt"`
	// LastFailure is the type of the last attempt's failure.
	LastFailure string `json:"last_failure,omitempty"`
	// NextAttempt is when the server repeats the step.
	NextAttempt time.Time `json:"next_attempt,omitzero"`
}

// Forgotten is the Status of a journey that only the records know: it is past
// Temporal's retention.
const Forgotten = "Forgotten"

// Show returns one journey: what the server knows, its pending steps, and its
// own account when a worker runs; of a journey that the server has forgotten, or
// that has ended and cannot be asked, what its record tells. A journey that was
// reset is shown as it stands now, also by the run that it began with. Who the
// person is stays hidden, as in Record. An empty runID means the subject's
// latest. It returns ErrNotFound when there is no such
// journey.
func (c *Client) Show(ctx context.Context, id, runID string) (Shown, error) {
	found, err := c.current(ctx, id, runID)
	if errors.Is(err, ErrNotFound) {
		if record, failed := c.recordOf(ctx, id, runID); failed == nil {
			return shownOfRecord(record), nil
		}
	}
	if err != nil {
		return Shown{}, err
	}
	shown := shownOf(found.info)
	record := c.recordOfRun(ctx, found.info) // What the server knows is worth showing without it.
	shown.Record = cmp.Or(c.markOf(found.info).Record, record.ID)
	shown.Resolution, shown.Reference = record.Resolution, record.Reference
	if shown.ClosedAt.IsZero() { // The server goes on showing the backup poll that a concluded journey abandoned.
		shown.Pending = pendingOf(found.pending)
	}
	state, failed := c.state(ctx, id, shown.RunID)
	if !shown.ClosedAt.IsZero() && (failed != nil || state.Result == nil) {
		if told := stateOfRecord(record); told != nil {
			state, failed = *told, nil
		}
	}
	if failed != nil {
		shown.StateMissing = failed.Error() // What the server knows is worth showing without it.
	} else {
		shown.Watched = c.watched(ctx, state.Result)
		state.Result = hideResult(state.Result)
		shown.State = &state
	}
	return shown, nil
}

// stateOfRecord is what a record tells of a journey that cannot be asked: no
// worker runs, the server has forgotten it, or its history is under a key that
// was retired. It is nil without an outcome in the record.
func stateOfRecord(record enroll.Record) *enroll.State {
	if record.Result == nil {
		return nil
	}
	return &enroll.State{Journey: record.Journey, Phase: enroll.Concluded, Since: record.Result.ConcludedAt, Result: record.Result}
}

// shownOfRecord shows a journey that the server has forgotten.
func shownOfRecord(record enroll.Record) Shown {
	shown := Shown{
		ID: record.WorkflowID, RunID: record.RunID, Journey: record.Journey, Status: Forgotten, StartedAt: record.BeganAt,
		Record: record.ID, Resolution: record.Resolution, Reference: record.Reference, StateMissing: "the server has forgotten the journey, and its record has no outcome",
	}
	if state := stateOfRecord(record); state != nil {
		shown.ClosedAt, shown.Phase, shown.Outcome = record.Result.ConcludedAt, enroll.Concluded, record.Result.Outcome
		state.Result = hideResult(state.Result)
		shown.State, shown.StateMissing = state, ""
	}
	return shown
}

// watched reads what a watch that has ended found.
func (c *Client) watched(ctx context.Context, result *enroll.Result) *enroll.Watched {
	if result == nil || result.WatchID == "" {
		return nil
	}
	if ended, err := c.Concluded(ctx, result.WatchID, ""); err != nil || !ended {
		return nil
	}
	var found enroll.Watched
	if c.temporal.GetWorkflow(ctx, result.WatchID, "").Get(ctx, &found) != nil {
		return nil
	}
	return &found
}

func pendingOf(pending []*workflowpb.PendingActivityInfo) []PendingStep {
	steps := make([]PendingStep, len(pending))
	for i, step := range pending {
		steps[i] = PendingStep{
			Step: step.GetActivityType().GetName(), Attempt: step.GetAttempt(),
			LastFailure: step.GetLastFailure().GetApplicationFailureInfo().GetType(),
			NextAttempt: timeOf(step.GetNextAttemptScheduleTime()),
		}
	}
	return steps
}

// state asks the journey itself.
func (c *Client) state(ctx context.Context, id, runID string) (enroll.State, error) {
	ctx, cancel := context.WithTimeout(ctx, queryLimit)
	defer cancel()
	var state enroll.State
	value, err := c.temporal.QueryWorkflow(ctx, id, runID, enroll.StateQuery)
	if err != nil {
		return state, fmt.Errorf("no worker answered: %w", err)
	}
	if err := value.Get(&state); err != nil {
		return state, fmt.Errorf("read the state: %w", err)
	}
	return state, nil
}

// Filter chooses journeys. Empty fields choose all.
type Filter struct {
	Provider enroll.Provider
	Journey  enroll.Journey
	Phase    enroll.Phase
	Outcome  enroll.Outcome
	// Overdue chooses journeys that still wait beyond their deadline.
	Overdue bool
	// Limit is the most journeys returned; 50 when zero, at most 1000, or
	// 100000 for what is done to all of them.
	Limit int
	// live chooses those that have not ended.
	live bool
}

const (
	defaultListed = 50
	mostListed    = 1000
	mostAtOnce    = 100_000
)

// List returns journeys, the newest first, as the server's index knows them.
// State and pending steps are not filled in; Show has them.
func (c *Client) List(ctx context.Context, filter Filter) ([]Shown, error) {
	return c.list(ctx, filter, mostListed)
}

func (c *Client) list(ctx context.Context, filter Filter, most int) ([]Shown, error) {
	limit, err := filter.limit(most)
	if err != nil {
		return nil, err
	}
	query, err := filter.query()
	if err != nil {
		return nil, err
	}
	var listed []Shown
	var page []byte
	for {
		answer, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: query, PageSize: int32(min(limit-len(listed), mostListed)), NextPageToken: page, //nolint:gosec // bounded by mostListed
		})
		if err != nil {
			return nil, fmt.Errorf("list: %w", err)
		}
		for _, info := range answer.GetExecutions() {
			listed = append(listed, shownOf(info))
		}
		if page = answer.GetNextPageToken(); len(page) == 0 || len(listed) >= limit {
			return listed, nil
		}
	}
}

// limit is how many journeys the filter allows.
func (f Filter) limit(most int) (int, error) {
	limit := cmp.Or(f.Limit, defaultListed)
	if limit < 0 || limit > most {
		return 0, fmt.Errorf("list: limit: given %d, allowed: 1 to %d", limit, most)
	}
	return limit, nil
}

// query writes the filter in the server's language. Every value is a word of
// package enroll, checked here because it is quoted into a query.
func (f Filter) query() (string, error) {
	if f.Journey != "" {
		if _, err := f.Journey.Spec(); err != nil {
			return "", err
		}
	}
	terms := []string{enroll.AttrJourney + " IS NOT NULL"} // A watch has none.
	for _, t := range []struct{ attribute, value string }{
		{enroll.AttrProvider, string(f.Provider)},
		{enroll.AttrJourney, string(f.Journey)},
		{enroll.AttrPhase, string(f.Phase)},
		{enroll.AttrOutcome, string(f.Outcome)},
	} {
		if strings.ContainsAny(t.value, "\"'\\") {
			return "", errors.New("list: a filter holds a quote")
		}
		if t.value != "" {
			terms = append(terms, fmt.Sprintf("%s = %q", t.attribute, t.value))
		}
	}
	if f.live || f.Overdue {
		terms = append(terms, `ExecutionStatus = "Running"`)
	}
	if f.Overdue {
		terms = append(terms, fmt.Sprintf("%s < %q", enroll.AttrDeadline, time.Now().UTC().Format(time.RFC3339)))
	}
	return strings.Join(terms, " AND "), nil
}

// shownOf reads what the server's index holds.
func shownOf(info *workflowpb.WorkflowExecutionInfo) Shown {
	attributes := info.GetSearchAttributes().GetIndexedFields()
	return Shown{
		ID: info.GetExecution().GetWorkflowId(), RunID: info.GetExecution().GetRunId(),
		Journey: journeyOf(info.GetType().GetName()), Status: statusName(info.GetStatus()),
		StartedAt: timeOf(info.GetStartTime()), ClosedAt: timeOf(info.GetCloseTime()), Events: info.GetHistoryLength(),
		Phase:    enroll.Phase(attribute[string](attributes, enroll.AttrPhase)),
		Outcome:  enroll.Outcome(attribute[string](attributes, enroll.AttrOutcome)),
		Deadline: attribute[time.Time](attributes, enroll.AttrDeadline),
	}
}

// attribute reads one search attribute; they are never encrypted.
func attribute[T any](attributes map[string]*commonpb.Payload, name string) T {
	var value T
	if payload, ok := attributes[name]; ok {
		if err := converter.GetDefaultDataConverter().FromPayload(payload, &value); err != nil {
			return *new(T)
		}
	}
	return value
}

// statusName is Temporal's status as its UI writes it.
func statusName(status enumspb.WorkflowExecutionStatus) string { return status.String() }

// timeOf is the zero time for a missing timestamp.
func timeOf(stamp interface {
	AsTime() time.Time
	IsValid() bool
},
) time.Time {
	if !stamp.IsValid() {
		return time.Time{}
	}
	return stamp.AsTime()
}
