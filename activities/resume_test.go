package activities_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/records"
)

// unfinished are erasures under way, and a server that starts them.
type unfinished struct {
	ids []string
	// over is one that concludes after it was listed.
	over string
	// running is one whose workflow is there, refused one that the server does
	// not start.
	running, refused string
	// before is what was asked for.
	before  time.Time
	started []enroll.ErasureInput
}

// PendingErasures returns two at a time.
func (u *unfinished) PendingErasures(_ context.Context, before time.Time, after string) ([]string, error) {
	u.before = before
	left := u.ids[slices.Index(u.ids, after)+1:]
	return left[:min(2, len(left))], nil
}

func (u *unfinished) Erasure(_ context.Context, id string) (records.Erasure, error) {
	erasure := records.Erasure{ID: id, Who: "olga", Why: "ticket", Subjects: []records.SubjectKey{{Provider: enroll.BioID, Hash: "hash"}}}
	if id == u.over {
		erasure.Statement, erasure.Subjects = []byte("{}"), nil
	}
	return erasure, nil
}

func (u *unfinished) ExecuteWorkflow(_ context.Context, options sdk.StartWorkflowOptions, workflow any, args ...any) (sdk.WorkflowRun, error) {
	input, ok := args[0].(enroll.ErasureInput)
	switch {
	case !ok || workflow != enroll.ErasureWorkflow || options.ID != input.ID || !options.WorkflowExecutionErrorWhenAlreadyStarted:
		return nil, errors.New("not how an erasure is started")
	case input.ID == u.running:
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("runs", "", "")
	case input.ID == u.refused:
		return nil, serviceerror.NewUnavailable("not now")
	}
	u.started = append(u.started, input)
	return nil, nil //nolint:nilnil // nobody looks at the run
}

// resume runs the step.
func (u *unfinished) resume(t *testing.T) (enroll.Resumed, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment().SetDataConverter(codec.Plain())
	activities.NewResumer(u, u).Register(env)
	value, err := env.ExecuteActivity(string(enroll.ResumeErasures), enroll.Nothing{})
	if err != nil {
		return enroll.Resumed{}, err
	}
	var resumed enroll.Resumed
	require.NoError(t, value.Get(&resumed))
	return resumed, nil
}

func TestResumeErasures(t *testing.T) {
	t.Parallel()
	asked := func(id string) enroll.ErasureInput {
		return enroll.ErasureInput{ID: id, Who: "olga", Why: "ticket", Subjects: []enroll.ErasureSubject{{Provider: enroll.BioID, SubjectHash: "hash"}}}
	}
	t.Run("starts_those_without_a_workflow_as_they_were_asked_for", func(t *testing.T) {
		t.Parallel()
		u := &unfinished{ids: []string{"e1", "e2", "e3", "e4"}, over: "e2", running: "e3"}
		resumed, err := u.resume(t)
		require.NoError(t, err)
		require.Equal(t, enroll.Resumed{Count: 2}, resumed)
		require.Equal(t, []enroll.ErasureInput{asked("e1"), asked("e4")}, u.started)
	})
	t.Run("leaves_a_caller_some_minutes_to_do_it", func(t *testing.T) {
		t.Parallel()
		u := &unfinished{}
		_, err := u.resume(t)
		require.NoError(t, err)
		require.True(t, u.before.Before(time.Now().Add(-time.Minute)))
		require.True(t, u.before.After(time.Now().Add(-time.Hour)))
	})
	t.Run("starts_the_others_when_one_cannot_be_started_and_is_repeated", func(t *testing.T) {
		t.Parallel()
		u := &unfinished{ids: []string{"e1", "e2", "e3"}, refused: "e1"}
		_, err := u.resume(t)
		require.ErrorContains(t, err, "e1")
		require.Equal(t, []enroll.ErasureInput{asked("e2"), asked("e3")}, u.started)
	})
}
