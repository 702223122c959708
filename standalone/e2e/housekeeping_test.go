package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/worker/host"
)

const day = 24 * time.Hour

// TestHousekeeping runs on two worker processes, as an installation does.
func TestHousekeeping(t *testing.T) {
	alone := options(t.TempDir())
	alone.NoWorker = true
	s, err := startWith(t.Context(), alone)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })
	keep := variables{host.KeepPersonal: "30d", host.KeepRecords: "365d"}
	for range 2 {
		defer s.workerWith(t, keep)(t)
	}
	schedule := s.Temporal().ScheduleClient().GetHandle(t.Context(), enroll.HousekeepingSchedule)

	t.Run("is_scheduled_by_the_workers", func(t *testing.T) {
		var found *sdk.ScheduleDescription
		require.Eventually(t, func() bool {
			var err error
			found, err = schedule.Describe(t.Context())
			_, missing := errors.AsType[*serviceerror.NotFound](err)
			require.True(t, err == nil || missing, "%v", err)
			return err == nil
		}, time.Minute, 100*time.Millisecond)
		require.Equal(t, time.Hour, found.Schedule.Spec.Intervals[0].Every)
		require.NotEmpty(t, found.Info.NextActionTimes)
		require.False(t, found.Schedule.State.Paused)
	})

	t.Run("removes_what_has_been_kept_long_enough_and_nothing_else", func(t *testing.T) {
		for id, age := range map[enroll.RecordID]time.Duration{"ancient": 400 * day, "old": 60 * day, "young": day} {
			s.keep(t, id, enroll.Enrolled, age)
		}
		s.keep(t, "unsettled", enroll.Unknown, 400*day)
		s.seal(t, "young", time.Hour)
		s.seal(t, "orphan", 3*day)

		require.NoError(t, schedule.Trigger(t.Context(), sdk.ScheduleTriggerOptions{}))
		done := s.housekept(t, schedule)
		require.Equal(t, 1, done.Deleted.Count)
		require.Equal(t, 1, done.Emptied.Count)
		require.NotZero(t, done.Sealed.Count)

		_, err := s.Records().Get(t.Context(), "ancient")
		require.ErrorIs(t, err, records.ErrNotFound)
		old, err := s.Records().Get(t.Context(), "old")
		require.NoError(t, err)
		require.Empty(t, old.Subject)
		require.Equal(t, enroll.Enrolled, old.Result.Outcome)
		for _, id := range []enroll.RecordID{"young", "unsettled"} {
			kept, err := s.Records().Get(t.Context(), id)
			require.NoError(t, err)
			require.NotEmpty(t, kept.Subject, id)
		}
		left, err := s.Sealed().Refs(t.Context())
		require.NoError(t, err)
		require.Equal(t, []enroll.SealedRef{enroll.SealedPart("young", "image")}, left)
	})
}

// workerWith is worker with some variables changed.
func (s *system) workerWith(t *testing.T, changed variables) (stop func(*testing.T)) {
	t.Helper()
	command := program(t, "worker", s.with(changed))
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	require.NoError(t, command.Start())
	return func(t *testing.T) {
		t.Helper()
		require.NoError(t, command.Process.Signal(syscall.SIGTERM))
		require.NoError(t, command.Wait(), "%s", &log)
		require.NotContains(t, log.String(), "housekeeping is not scheduled")
	}
}

// keep records a journey that concluded so long ago.
func (s *system) keep(t *testing.T, id enroll.RecordID, outcome enroll.Outcome, age time.Duration) {
	t.Helper()
	at := time.Now().Add(-age)
	_, err := s.Records().Conclude(t.Context(), records.Conclusion{
		Opening: records.Opening{
			Record: id, Journey: enroll.AuthIDEnroll, WorkflowID: "authid-" + string(id), RunID: "run", SubjectHash: string(id),
			Digest: "digest", Subject: enroll.Secret("somebody " + id), At: at,
		},
		Result: enroll.Result{Journey: enroll.AuthIDEnroll, RunID: "run", ConcludedAt: at, Verdict: enroll.Verdict{Outcome: outcome}},
	})
	require.NoError(t, err)
}

// seal seals something of a journey, so long ago.
func (s *system) seal(t *testing.T, journey enroll.RecordID, age time.Duration) {
	t.Helper()
	_, err := s.Sealed().Put(t.Context(), enroll.SealedPart(journey, "image"), func(w io.Writer) error {
		_, err := io.WriteString(w, "an image")
		return err
	})
	require.NoError(t, err)
	at := time.Now().Add(-age)
	require.NoError(t, filepath.WalkDir(s.SealedDir(), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(entry.Name(), string(journey)+"-") {
			return err
		}
		return os.Chtimes(path, at, at)
	}))
}

// housekept waits for the end of the run that was triggered last.
func (s *system) housekept(t *testing.T, schedule sdk.ScheduleHandle) enroll.Housekept {
	t.Helper()
	var run *sdk.ScheduleWorkflowExecution
	require.Eventually(t, func() bool {
		found, err := schedule.Describe(t.Context())
		require.NoError(t, err)
		if recent := found.Info.RecentActions; len(recent) > 0 {
			run = recent[len(recent)-1].StartWorkflowResult
		}
		return run != nil
	}, time.Minute, 50*time.Millisecond)
	var done enroll.Housekept
	require.NoError(t, s.Temporal().GetWorkflow(t.Context(), run.WorkflowID, run.FirstExecutionRunID).Get(t.Context(), &done))
	return done
}
