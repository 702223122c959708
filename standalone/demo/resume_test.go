package demo_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/demo"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/standalone/stack"
)

// waiting is a journey that waits for a person, as the demo asks for it.
type waiting struct {
	note    demo.Note
	request client.Request
}

// waitings is one journey of each provider that has a hand-over. The name keeps
// the subjects of tests apart.
func waitings(s *stack.Stack, name, bcid string) []waiting {
	of := func(journey enroll.Journey, provider enroll.Provider, subject string, request client.Request) waiting {
		return waiting{request: request, note: demo.Note{
			Journey: journey, Key: name + string(journey), Subject: subject, Expected: enroll.Enrolled, ID: s.JourneyID(provider, subject),
		}}
	}
	return []waiting{
		of(enroll.AuthIDEnroll, enroll.AuthID, name, enroll.AuthIDEnrollment{
			AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: name},
		}),
		of(enroll.BioIDEnroll, enroll.BioID, bcid, enroll.BioIDEnrollment{BCID: bcid}),
		of(enroll.IProovPhotoEnroll, enroll.IProov, name, enroll.IProovPhotoEnrollment{
			UserID: name, Image: enroll.Bytes(simulator.SampleImage(simulator.SampleLive)), Source: enroll.SourceEID,
		}),
	}
}

// TestResume leaves journeys behind as a demo does that is killed at different
// moments, and lets the next one finish them.
func TestResume(t *testing.T) {
	s, err := stack.Start(t.Context(), stack.Options{
		DataDir: t.TempDir(), UIPort: embedded.Off, MetricsPort: embedded.Off, Log: zap.NewNop(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })
	user := demo.NewUser(s.SimulatorURL())

	for i, row := range []struct {
		killed string
		before func(*testing.T, waiting)
	}{
		{"before_the_start", func(*testing.T, waiting) {}},
		{"before_the_answer", func(t *testing.T, w waiting) {
			t.Helper()
			_, err := s.Client().Start(t.Context(), w.note.Key, w.request)
			require.NoError(t, err)
		}},
		{"before_the_hint", func(t *testing.T, w waiting) {
			t.Helper()
			started, err := s.Client().Start(t.Context(), w.note.Key, w.request)
			require.NoError(t, err)
			_, _, err = user.Complete(t.Context(), started.HandOver)
			require.NoError(t, err)
		}},
		{"before_the_note_was_crossed_out", func(t *testing.T, w waiting) {
			t.Helper()
			started, err := s.Client().Start(t.Context(), w.note.Key, w.request)
			require.NoError(t, err)
			hint, body, err := user.Complete(t.Context(), started.HandOver)
			require.NoError(t, err)
			_, err = s.Client().Hint(t.Context(), started.ID, started.RunID, hint, body)
			require.NoError(t, err)
			_, err = s.Client().Wait(t.Context(), started.ID, started.RunID)
			require.NoError(t, err)
		}},
	} {
		t.Run("finishes_what_was_left_"+row.killed, func(t *testing.T) {
			book := demo.NewNotebook(filepath.Join(t.TempDir(), "demo.json"))
			require.NoError(t, user.CreateAccount(t.Context(), row.killed))
			left := waitings(s, row.killed, "bws.1."+string(rune('1'+i)))
			for _, w := range left {
				require.NoError(t, book.Write(w.note))
				row.before(t, w)
			}
			resumed := resume(t, s, user, book)
			require.Len(t, resumed, len(left))
			for j, got := range resumed {
				require.True(t, got.AsExpected(), "%+v", got)
				require.Equal(t, left[j].note.ID, got.ID)
				require.Positive(t, got.Calls)
				require.Positive(t, got.Seconds)
			}
			notes, err := book.Notes()
			require.NoError(t, err)
			require.Empty(t, notes)
		})
	}
}

// TestResume_gives_up_nothing_when_interrupted keeps the note for the next run.
func TestResume_gives_up_nothing_when_interrupted(t *testing.T) {
	book := demo.NewNotebook(filepath.Join(t.TempDir(), "demo.json"))
	note := demo.Note{Journey: enroll.SmartIDUnenroll, Key: "key", Subject: "jane", Expected: enroll.Removed}
	require.NoError(t, book.Write(note))
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	d := demo.Demo{Notebook: book, Progress: t.Logf}
	resumed, err := d.Resume(interrupted)
	require.NoError(t, err)
	require.False(t, demo.AllAsExpected(resumed))
	notes, err := book.Notes()
	require.NoError(t, err)
	require.Equal(t, []demo.Note{note}, notes)
}

func resume(t *testing.T, s *stack.Stack, user *demo.User, book *demo.Notebook) []demo.Row {
	t.Helper()
	d := demo.Demo{Client: s.Client(), User: user, Notebook: book, JourneyID: s.JourneyID, Progress: t.Logf}
	resumed, err := d.Resume(t.Context())
	require.NoError(t, err)
	return resumed
}
