package client_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// erasers is a server that starts erasures, or is down.
type erasers struct {
	*cluster
	down    bool
	started []enroll.ErasureInput
}

func (e *erasers) ExecuteWorkflow(_ context.Context, _ sdk.StartWorkflowOptions, _ any, args ...any) (sdk.WorkflowRun, error) {
	if e.down {
		return nil, serviceerror.NewUnavailable("down")
	}
	if input, ok := args[0].(enroll.ErasureInput); ok {
		e.started = append(e.started, input)
	}
	return closed{c: e.cluster}, nil
}

// erasing is a client of such a server.
func erasing(t *testing.T) (*client.Client, *erasers, *records.Store) {
	t.Helper()
	k := keeping(t)
	server := &erasers{cluster: k.cluster}
	c, err := client.New(client.Options{Temporal: server, Keys: k.keys, Sealed: k.sealed, Records: k.records})
	require.NoError(t, err)
	return c, server, k.records
}

func TestErase(t *testing.T) {
	t.Parallel()
	people := []client.Person{{Provider: enroll.AuthID, Name: "jane"}, {Provider: enroll.IProov, Name: "u-4711"}}

	t.Run("bars_nobody_when_the_reason_is_refused", func(t *testing.T) {
		t.Parallel()
		c, server, store := erasing(t)
		for _, why := range []string{"", strings.Repeat("x", 600_000), "ticket\x00"} {
			_, err := c.Erase(t.Context(), "key", people, client.By{Who: "olga", Why: why})
			var input *enroll.InputError
			require.ErrorAs(t, err, &input)
			require.Equal(t, "why", input.Fields[0].Field)
		}
		kept, err := store.Erasures(t.Context(), records.ErasureFilter{})
		require.NoError(t, err)
		require.Empty(t, kept)
		require.Empty(t, server.started)
	})
	t.Run("takes_the_longest_reason", func(t *testing.T) {
		t.Parallel()
		c, server, _ := erasing(t)
		longest := client.By{Who: strings.Repeat("ö", enroll.MaxWho), Why: strings.Repeat("ß", enroll.MaxWhy)}
		_, err := c.Erase(t.Context(), "key", people, longest)
		require.NoError(t, err)
		require.Equal(t, longest.Why, server.started[0].Why)
	})
	t.Run("says_everything_that_is_wrong", func(t *testing.T) {
		t.Parallel()
		c, _, _ := erasing(t)
		_, err := c.Erase(t.Context(), "", nil, client.By{})
		var input *enroll.InputError
		require.ErrorAs(t, err, &input)
		require.Len(t, input.Fields, 4)
	})
}

func TestErase_beside_a_server_that_is_down(t *testing.T) {
	t.Parallel()
	people := []client.Person{{Provider: enroll.AuthID, Name: "jane"}}
	c, server, _ := erasing(t)
	server.down = true
	_, err := c.Erase(t.Context(), "key", people, olga)
	require.ErrorContains(t, err, "the next housekeeping starts it")

	listed, err := c.Erasures(t.Context(), true, 0)
	require.NoError(t, err)
	require.Len(t, listed, 1)
	statement := listed[0].Statement
	require.Equal(t, []string{olga.Who, olga.Why}, []string{statement.Who, statement.Why})
	require.Len(t, statement.Left(), len(enroll.Removals()), "all is left, of the one subject")
	shown, err := c.Erasure(t.Context(), listed[0].ID)
	require.NoError(t, err)
	require.Equal(t, statement, shown.Statement)
	require.Contains(t, shown.StatementMissing, "its workflow is not to be found")

	server.down = false
	again, err := c.Erase(t.Context(), "key", people, client.By{Who: "oleg", Why: "another reason"})
	require.NoError(t, err)
	require.Equal(t, listed[0].ID, again.ID)
	require.Len(t, server.started, 1)
	require.Equal(t, []string{olga.Who, olga.Why}, []string{server.started[0].Who, server.started[0].Why}, "who asked first counts")
}

func TestErase_with_the_key_of_one_that_concluded(t *testing.T) {
	t.Parallel()
	people := []client.Person{{Provider: enroll.AuthID, Name: "jane"}}
	c, server, store := erasing(t)
	first, err := c.Erase(t.Context(), "key", people, olga)
	require.NoError(t, err)
	require.NoError(t, store.ConcludeErasure(t.Context(), first.ID, []byte(`{"complete": true}`)))
	again, err := c.Erase(t.Context(), "key", people, olga)
	require.NoError(t, err)
	require.True(t, again.Statement.Complete)
	require.Len(t, server.started, 1, "the server may have forgotten the first, and the person have enrolled since")
}
