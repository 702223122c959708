package client_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

const (
	live   = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	done   = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	ended  = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
	failed = enumspb.WORKFLOW_EXECUTION_STATUS_FAILED
)

// oneRun is a run of the subject's workflow ID.
type oneRun struct {
	id     string
	status enumspb.WorkflowExecutionStatus
	// record is that of the start that made it.
	record enroll.RecordID
}

// runs is a server that knows the runs of one subject, the latest last, and
// what each was asked.
type runs struct {
	sdk.Client
	payloads converter.DataConverter
	list     []oneRun
	asked    []string
	// before happens before the server is asked something of a run.
	before func()
}

// subject returns a client of a server with these runs.
func subject(t *testing.T, list ...oneRun) (*client.Client, *runs) {
	t.Helper()
	k := keys.New()
	sealed, err := seal.OpenFolder(t.Context(), t.TempDir(), k)
	require.NoError(t, err)
	payloads, _, err := codec.Converters(k)
	require.NoError(t, err)
	server := &runs{payloads: payloads, list: list, before: func() {}}
	c, err := client.New(client.Options{Temporal: server, Keys: k, Sealed: sealed})
	require.NoError(t, err)
	return c, server
}

// find returns a run, or the latest.
func (r *runs) find(id string) (oneRun, error) {
	if id == "" {
		return r.list[len(r.list)-1], nil
	}
	for _, one := range r.list {
		if one.id == id {
			return one, nil
		}
	}
	return oneRun{}, serviceerror.NewNotFound("nobody")
}

// ask notes what a run is asked, which one that is closed does not hear.
func (r *runs) ask(what, id string) error {
	r.before()
	one, err := r.find(id)
	if err != nil || one.status != live {
		return serviceerror.NewNotFound("closed")
	}
	r.asked = append(r.asked, what+" "+one.id)
	return nil
}

func (r *runs) DescribeWorkflowExecution(_ context.Context, id, run string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	one, err := r.find(run)
	if err != nil {
		return nil, err
	}
	place := converter.WorkflowSerializationContext{WorkflowID: id}
	memo, err := converter.WithDataConverterSerializationContext(r.payloads, place).ToPayload(marked{Record: one.record, Digest: "digest"})
	if err != nil {
		return nil, err
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: one.id}, Status: one.status,
		Type: &commonpb.WorkflowType{Name: "AuthIDEnrollment"}, Memo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{"start": memo}},
	}}, nil
}

func (r *runs) SignalWorkflow(_ context.Context, _, run, name string, _ any) error {
	return r.ask(name, run)
}

func (r *runs) CancelWorkflow(_ context.Context, _, run string) error { return r.ask("cancel", run) }

func (r *runs) UpdateWorkflow(_ context.Context, options sdk.UpdateWorkflowOptions) (sdk.WorkflowUpdateHandle, error) {
	return renewedRun{}, r.ask(options.UpdateName, options.RunID)
}

func (*runs) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return nil, errors.New("no worker")
}

// renewedRun answers a renewal.
type renewedRun struct{ sdk.WorkflowUpdateHandle }

func (renewedRun) Get(context.Context, any) error { return nil }

// askAll sends a hint, a renewal and a cancellation to a run, and returns
// whether the journey was found to have ended, each time.
func askAll(t *testing.T, c *client.Client, run string) []bool {
	t.Helper()
	late, err := c.Hint(t.Context(), "authid-1", run, enroll.FinalPage, enroll.Hint{})
	require.NoError(t, err)
	over := []bool{late}
	_, err = c.Renew(t.Context(), "authid-1", run, "key")
	over = append(over, errors.Is(err, client.ErrConcluded))
	if !over[1] {
		require.NoError(t, err)
	}
	err = c.Cancel(t.Context(), "authid-1", run)
	over = append(over, errors.Is(err, client.ErrConcluded))
	if !over[2] {
		require.NoError(t, err)
	}
	return over
}

func TestRun(t *testing.T) {
	t.Parallel()
	onto := func(run string) []string { return []string{"final-page " + run, "renew " + run, "cancel " + run} }
	for _, row := range []struct {
		name  string
		runs  []oneRun
		given string
		// reached is the run that is asked; none when the journey has ended.
		reached string
	}{
		{"that_is_named_is_asked", []oneRun{{"a", live, "r"}}, "a", "a"},
		{"that_is_not_named_is_the_latest", []oneRun{{"a", done, "r"}, {"b", live, "s"}}, "", "b"},
		{"that_has_concluded_is_late_and_the_next_journey_hears_nothing", []oneRun{{"a", done, "r"}, {"b", live, "s"}}, "a", ""},
		{"that_ended_without_an_outcome_is_not_the_next_journey_either", []oneRun{{"a", ended, "r"}, {"b", live, "s"}}, "a", ""},
		{"that_was_reset_goes_on_in_the_next", []oneRun{{"a", ended, "r"}, {"b", live, "r"}}, "a", "b"},
		{"that_failed_goes_on_in_the_one_that_was_started_once_more", []oneRun{{"a", failed, "r"}, {"b", live, "r"}}, "a", "b"},
		{"that_was_reset_may_have_concluded_since", []oneRun{{"a", ended, "r"}, {"b", done, "r"}}, "a", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, server := subject(t, row.runs...)
			over := askAll(t, c, row.given)
			if row.reached == "" {
				require.Equal(t, []bool{true, true, true}, over)
				require.Empty(t, server.asked)
				return
			}
			require.Equal(t, []bool{false, false, false}, over)
			require.Equal(t, onto(row.reached), server.asked)
		})
	}
	t.Run("that_is_reset_between_two_questions_is_asked_where_it_goes_on", func(t *testing.T) {
		t.Parallel()
		for i, what := range []func(*client.Client) error{
			func(c *client.Client) error {
				_, err := c.Hint(t.Context(), "authid-1", "a", enroll.FinalPage, enroll.Hint{})
				return err
			},
			func(c *client.Client) error {
				_, err := c.Renew(t.Context(), "authid-1", "a", "key")
				return err
			},
			func(c *client.Client) error { return c.Cancel(t.Context(), "authid-1", "a") },
		} {
			c, server := subject(t, oneRun{"a", live, "r"})
			server.before = func() { server.list = []oneRun{{"a", ended, "r"}, {"b", live, "r"}} }
			require.NoError(t, what(c))
			require.Equal(t, onto("b")[i:i+1], server.asked)
		}
	})
	t.Run("that_concludes_between_two_questions_is_late", func(t *testing.T) {
		t.Parallel()
		c, server := subject(t, oneRun{"a", live, "r"})
		server.before = func() { server.list = []oneRun{{"a", done, "r"}, {"b", live, "s"}} }
		require.Equal(t, []bool{true, true, true}, askAll(t, c, "a"))
		require.Empty(t, server.asked)
	})
	t.Run("that_was_reset_is_shown_as_the_journey_stands_now", func(t *testing.T) {
		t.Parallel()
		c, _ := subject(t, oneRun{"a", ended, "r"}, oneRun{"b", live, "r"})
		shown, err := c.Show(t.Context(), "authid-1", "a")
		require.NoError(t, err)
		require.Equal(t, "b", shown.RunID)
		concluded, err := c.Concluded(t.Context(), "authid-1", "a")
		require.NoError(t, err)
		require.False(t, concluded)
	})
}
