package client_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/mocks"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// paged is a client of a server that gives pages.
func paged(t *testing.T) (*client.Client, *mocks.Client) {
	t.Helper()
	k := keys.New()
	sealed, err := seal.OpenFolder(t.Context(), t.TempDir(), k)
	require.NoError(t, err)
	cluster := mocks.NewClient(t)
	c, err := client.New(client.Options{Temporal: cluster, Keys: k, Sealed: sealed})
	require.NoError(t, err)
	return c, cluster
}

// asks matches a request for a page.
func asks(size int32, token string) any {
	return mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
		return r.GetPageSize() == size && string(r.GetNextPageToken()) == token
	})
}

// requireNoCursor asserts that a page was refused for where it should begin.
func requireNoCursor(t *testing.T, err error) {
	t.Helper()
	refused, ok := errors.AsType[*enroll.InputError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, "cursor", refused.Fields[0].Field)
}

func TestListPage(t *testing.T) {
	t.Parallel()

	t.Run("goes_on_where_the_page_before_ended", func(t *testing.T) {
		t.Parallel()
		c, cluster := paged(t)
		one := func(id string) []*workflowpb.WorkflowExecutionInfo {
			return []*workflowpb.WorkflowExecutionInfo{{Execution: &commonpb.WorkflowExecution{WorkflowId: id}}}
		}
		cluster.On("ListWorkflow", mock.Anything, asks(7, "")).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: one("a"), NextPageToken: []byte("\x00more")}, nil)
		cluster.On("ListWorkflow", mock.Anything, asks(7, "\x00more")).Return(&workflowservice.ListWorkflowExecutionsResponse{Executions: one("b")}, nil)
		first, err := c.ListPage(t.Context(), client.Filter{Limit: 7}, "")
		require.NoError(t, err)
		require.Equal(t, "a", first.Journeys[0].ID)
		last, err := c.ListPage(t.Context(), client.Filter{Limit: 7}, first.Next)
		require.NoError(t, err)
		require.Equal(t, "b", last.Journeys[0].ID)
		require.Empty(t, last.Next)
	})

	t.Run("refuses_what_no_page_gave", func(t *testing.T) {
		t.Parallel()
		c, cluster := paged(t)
		cluster.On("ListWorkflow", mock.Anything, asks(50, "")).Return(&workflowservice.ListWorkflowExecutionsResponse{NextPageToken: []byte("abc")}, nil).Once()
		page, err := c.ListPage(t.Context(), client.Filter{}, "")
		require.NoError(t, err)
		other, _ := paged(t) // With other keys.
		foreign := strings.Replace(page.Next, "YWJj", "YWJk", 1)
		for _, after := range []string{"YWJj", "AAAAAAAA", "not base64", ".", page.Next[:len(page.Next)-1], page.Next + "0", page.Next[1:], foreign} {
			_, err := c.ListPage(t.Context(), client.Filter{}, after)
			requireNoCursor(t, err)
		}
		_, err = other.ListPage(t.Context(), client.Filter{}, page.Next)
		requireNoCursor(t, err)
	})

	t.Run("refuses_what_the_server_takes_for_another_list", func(t *testing.T) {
		t.Parallel()
		c, cluster := paged(t)
		cluster.On("ListWorkflow", mock.Anything, asks(50, "")).Return(&workflowservice.ListWorkflowExecutionsResponse{NextPageToken: []byte("abc")}, nil)
		cluster.On("ListWorkflow", mock.Anything, asks(50, "abc")).Return(nil, serviceerror.NewInvalidArgument("invalid token"))
		page, err := c.ListPage(t.Context(), client.Filter{}, "")
		require.NoError(t, err)
		_, err = c.ListPage(t.Context(), client.Filter{Provider: enroll.AuthID}, page.Next)
		requireNoCursor(t, err)
	})

	t.Run("refuses_a_limit_without_bounds", func(t *testing.T) {
		t.Parallel()
		c, _ := paged(t)
		_, err := c.ListPage(t.Context(), client.Filter{Limit: 1001}, "")
		require.ErrorContains(t, err, "1 to 1000")
	})

	t.Run("tells_that_the_server_is_away", func(t *testing.T) {
		t.Parallel()
		c, cluster := paged(t)
		away := serviceerror.NewUnavailable("away")
		cluster.On("ListWorkflow", mock.Anything, mock.Anything).Return(nil, away)
		_, err := c.ListPage(t.Context(), client.Filter{}, "")
		require.ErrorIs(t, err, away)
	})
}

func TestListRecorded(t *testing.T) {
	k := keeping(t)
	k.called = "order-17"
	k.begin(t)

	t.Run("finds_a_journey_by_what_the_caller_calls_it", func(t *testing.T) {
		page, err := k.ListRecorded(t.Context(), client.RecordFilter{Reference: "order-17"})
		require.NoError(t, err)
		require.Len(t, page.Journeys, 1)
		found := page.Journeys[0]
		require.Equal(t, []string{k.id, "run", "order-17"}, []string{found.ID, found.RunID, found.Reference.Reveal()})
		require.Equal(t, "Running", found.Status, "the server tells the rest")
		page, err = k.ListRecorded(t.Context(), client.RecordFilter{Reference: "order-18"})
		require.NoError(t, err)
		require.Empty(t, page.Journeys)
	})
	t.Run("shows_it_to_no_log", func(t *testing.T) {
		shown, err := k.Show(t.Context(), k.id, "run")
		require.NoError(t, err)
		require.Equal(t, "order-17", shown.Reference.Reveal())
		require.NotContains(t, fmt.Sprintf("%+v", shown), "order-17")
		record, err := k.Record(t.Context(), k.mark.Record)
		require.NoError(t, err)
		require.Equal(t, enroll.Redacted, record.Reference.Reveal())
	})
	t.Run("knows_what_the_server_has_forgotten", func(t *testing.T) {
		k.conclude(t, enroll.Enrolled)
		k.status = 0
		page, err := k.ListRecorded(t.Context(), client.RecordFilter{Reference: "order-17", Outcome: enroll.Enrolled})
		require.NoError(t, err)
		require.Len(t, page.Journeys, 1)
		require.Equal(t, client.Forgotten, page.Journeys[0].Status)
	})
	t.Run("refuses_what_no_page_gave_and_what_is_no_reference", func(t *testing.T) {
		for field, filter := range map[string]client.RecordFilter{"cursor": {After: "x"}, "reference": {Reference: "a\nb"}} {
			_, err := k.ListRecorded(t.Context(), filter)
			refused, ok := errors.AsType[*enroll.InputError](err)
			require.True(t, ok, field)
			require.Equal(t, field, refused.Fields[0].Field)
		}
	})
}
