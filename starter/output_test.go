package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func handOvers() map[string]*enroll.HandOver {
	return map[string]*enroll.HandOver{
		"authid": {ExpiresAt: noon, AuthID: &enroll.AuthIDHandOver{
			OperationID: "op-1", OneTimeSecret: "one-time", CaptureURL: "https://id.example/?i=op-1&s=one-time",
		}},
		"bioid": {ExpiresAt: noon, BioID: &enroll.BioIDHandOver{
			BaseURL: "https://bws.example/extension", Token: "bws-token", Traits: "Face", Recordings: 4,
			Challenge: [][]string{{"up", "left"}, {"down"}}, PerformedBy: enroll.ByUs,
		}},
		"iproov": {ExpiresAt: noon, IProov: &enroll.IProovHandOver{
			UserID: "u-1", Token: "verify-token", StreamingURL: "https://eu.example", AssuranceType: enroll.Liveness,
		}},
	}
}

func TestStartOutput(t *testing.T) {
	t.Parallel()
	waiting := client.Started{ID: "authid-1", RunID: "run-1", HandOver: handOvers()["authid"], Deadline: noon}
	args := []string{"start", "authid.enroll", "--account-number", "jane"}

	t.Run("teaches_what_comes_next", func(t *testing.T) {
		t.Parallel()
		told := (&fake{started: waiting}).execute(t, args...)
		golden(t, "start", told.stdout)
	})
	t.Run("is_followed_by_the_outcome", func(t *testing.T) {
		t.Parallel()
		f := &fake{started: waiting, result: enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}, ConcludedAt: noon}}
		told := f.execute(t, append(args, "--wait")...)
		require.Equal(t, "run-1", f.run, "the outcome of this journey, not of a later one")
		golden(t, "start_wait", told.stdout)
	})
	t.Run("is_one_line_of_json_for_each_answer", func(t *testing.T) {
		t.Parallel()
		f := &fake{started: waiting, result: enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}}
		lines := strings.Split(strings.TrimSpace(f.execute(t, append(args, "--wait", "--json")...).stdout), "\n")
		require.Len(t, lines, 2)
		var first startedJourney
		require.NoError(t, json.Unmarshal([]byte(lines[0]), &first))
		require.True(t, strings.HasPrefix(lines[0], `{"journey":"authid.enroll","id":`), "in the order of the text")
		require.Equal(t, startedJourney{Started: waiting, Journey: enroll.AuthIDEnroll, IdempotencyKey: "RANDOMKEY"}, first)
		var second enroll.Result
		require.NoError(t, json.Unmarshal([]byte(lines[1]), &second))
		require.Equal(t, enroll.Enrolled, second.Outcome)
	})
	t.Run("tells_an_end_at_once", func(t *testing.T) {
		t.Parallel()
		refused := enroll.Result{ConcludedAt: noon, Verdict: enroll.Verdict{
			Outcome: enroll.Rejected, Reason: enroll.ReasonAccountNotFound, ProviderCode: "null", Message: "no such account",
		}}
		told := (&fake{started: client.Started{ID: "authid-1", RunID: "run-1", Result: &refused}}).execute(t, args...)
		golden(t, "start_refused", told.stdout)
	})
	t.Run("tells_the_outcome_when_the_key_is_of_a_journey_that_has_ended", func(t *testing.T) {
		t.Parallel()
		f := &fake{started: waiting, ended: true, result: enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}, ConcludedAt: noon}}
		told := f.execute(t, append(args, "--key", "key-1", "--wait")...)
		require.Equal(t, "run-1", f.run)
		golden(t, "start_concluded", told.stdout)
		var again startedJourney
		require.NoError(t, json.Unmarshal([]byte(f.execute(t, append(args, "--key", "key-1", "--json")...).stdout), &again))
		require.True(t, again.Concluded)
		require.Equal(t, enroll.Enrolled, again.Result.Outcome)
		require.Nil(t, again.HandOver, "it opens nothing any more")
	})
	t.Run("is_the_same_for_a_key_whose_journey_waits", func(t *testing.T) {
		t.Parallel()
		told := (&fake{started: waiting}).execute(t, append(args, "--key", "RANDOMKEY")...)
		golden(t, "start", told.stdout)
	})
	t.Run("keeps_the_key_for_a_repetition", func(t *testing.T) {
		t.Parallel()
		told := (&fake{err: client.ErrNoAnswer}).execute(t, args...)
		require.Contains(t, told.stderr, "idempotency key: RANDOMKEY")
		told = (&fake{err: client.ErrNoAnswer}).execute(t, append(args, "--json")...)
		require.Equal(t, "RANDOMKEY", failureIn(t, told.stderr).IdempotencyKey)
	})
}

func TestHandOverOutput(t *testing.T) {
	t.Parallel()
	for provider, handed := range handOvers() {
		t.Run("is_ready_to_use_for_"+provider, func(t *testing.T) {
			t.Parallel()
			golden(t, "hand_over_"+provider, (&fake{handed: handed}).execute(t, "hand-over", "id").stdout)
			told := (&fake{handed: handed}).execute(t, "hand-over", "id", "--json")
			var got *enroll.HandOver
			require.NoError(t, json.Unmarshal([]byte(told.stdout), &got))
			require.Equal(t, handed, got)
		})
	}
	t.Run("is_null_when_there_is_none", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "null\n", (&fake{}).execute(t, "hand-over", "id", "--json").stdout)
		require.Contains(t, (&fake{}).execute(t, "hand-over", "id").stdout, "has not begun")
	})
	t.Run("is_over_when_the_journey_has_concluded", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "null\n", (&fake{ended: true}).execute(t, "hand-over", "id", "--json").stdout)
		told := (&fake{ended: true}).execute(t, "hand-over", "id")
		require.Equal(t, "There is no hand-over: the journey has concluded. How it ended:  starter show id\n", told.stdout)
	})
}

func shown() client.Shown {
	return client.Shown{
		ID: "iproov-1", RunID: "run-1", Journey: enroll.IProovPhotoEnroll, Status: "Running", StartedAt: noon, Events: 17,
		Phase: enroll.Waiting, Deadline: noon.Add(15 * time.Minute),
		Pending: []client.PendingStep{{Step: "AuthIDConfirmStatus", Attempt: 4, LastFailure: "StillPending", NextAttempt: noon.Add(time.Minute)}},
		State: &enroll.State{
			Journey: enroll.IProovPhotoEnroll, Phase: enroll.Waiting, WaitingOn: "person", Since: noon,
			Hints: map[enroll.HintName]int{enroll.SDKFinished: 2, enroll.FinalPage: 1}, LastHintCode: "network_error",
			Asked: 3, LastAnswer: "StillPending", AttemptsLeft: 2,
		},
	}
}

func TestShowOutput(t *testing.T) {
	t.Parallel()
	t.Run("tells_where_a_journey_stands", func(t *testing.T) {
		t.Parallel()
		golden(t, "show_waiting", (&fake{shown: shown()}).execute(t, "show", "iproov-1").stdout)
	})
	t.Run("tells_how_a_journey_ended", func(t *testing.T) {
		t.Parallel()
		ended := shown()
		until := noon.Add(time.Hour)
		ended.Status, ended.Phase, ended.Outcome, ended.ClosedAt, ended.Pending = "Completed", enroll.Concluded, enroll.Captured, noon, nil
		ended.State.Result = &enroll.Result{
			Verdict: enroll.Verdict{Outcome: enroll.Captured}, ConcludedAt: noon, UserID: "u-1", AssuranceType: "liveness", Trained: true,
			Selfie:    &enroll.SelfieReference{TempID: "temp", EndsAt: until, AttachRefused: &enroll.Verdict{Reason: enroll.ReasonCredentialExists}},
			OpenUntil: &until,
			CleanUp:   []enroll.CleanUp{{What: "user", Done: true}, {What: "token", Reason: enroll.ReasonProviderUnavailable}},
		}
		golden(t, "show_concluded", (&fake{shown: ended}).execute(t, "show", "iproov-1", "--run", "run-1").stdout)
	})
	t.Run("tells_what_is_known_without_a_worker", func(t *testing.T) {
		t.Parallel()
		alone := shown()
		alone.State, alone.StateMissing = nil, "no worker answered"
		golden(t, "show_alone", (&fake{shown: alone}).execute(t, "show", "iproov-1").stdout)
	})
}

func TestSheet(t *testing.T) {
	t.Parallel()
	t.Run("keeps_foreign_text_from_steering_the_terminal", func(t *testing.T) {
		t.Parallel()
		hinted := shown()
		hinted.State.LastHintCode = "code\x1b[2J\r\n\tend"
		require.Contains(t, (&fake{shown: hinted}).execute(t, "show", "id").stdout, "code [2J   end\n")
	})
}

func TestListOutput(t *testing.T) {
	t.Parallel()
	t.Run("is_a_table", func(t *testing.T) {
		t.Parallel()
		ended := shown()
		ended.Phase, ended.Outcome, ended.Deadline = enroll.Concluded, enroll.Enrolled, time.Time{}
		failed := shown()
		ended.Status, failed.Status, failed.Phase = "Completed", "Failed", enroll.Beginning
		f := &fake{listed: []client.Shown{shown(), ended, failed}}
		told := f.execute(t, "list", "--provider", "iproov", "--journey", "iproov.photo-enroll", "--phase", "waiting", "--outcome", "unknown", "--overdue", "--limit", "7")
		golden(t, "list", told.stdout)
		require.Equal(t, client.Filter{
			Provider: enroll.IProov, Journey: enroll.IProovPhotoEnroll, Phase: enroll.Waiting, Outcome: enroll.Unknown, Overdue: true, Limit: 7,
		}, f.filter)
	})
	t.Run("is_an_empty_list_when_there_are_none", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "[]\n", (&fake{}).execute(t, "list", "--json").stdout)
		require.Equal(t, "No journeys.\n", (&fake{}).execute(t, "list").stdout)
	})
}

func TestHintOutput(t *testing.T) {
	t.Parallel()
	t.Run("carries_what_the_frontend_reports", func(t *testing.T) {
		t.Parallel()
		f := &fake{}
		told := f.execute(t, "hint", "bioid-1", "samples-uploaded", "--samples", "4", "--code", "ok", "--client", "Firefox", "--json")
		require.JSONEq(t, `{"id":"bioid-1","hint":"samples-uploaded","late":false}`, told.stdout)
		require.Equal(t, "bioid-1", f.id)
		require.Equal(t, enroll.SamplesUploaded, f.hint)
		require.Equal(t, enroll.Hint{Samples: 4, Code: "ok", Client: "Firefox"}, f.hinted)
		require.Equal(t, "The hint was delivered.\n", (&fake{}).execute(t, "hint", "authid-1", "final-page").stdout)
	})
	t.Run("is_fine_after_the_end", func(t *testing.T) {
		t.Parallel()
		told := (&fake{late: true}).execute(t, "hint", "authid-1", "final-page")
		require.Zero(t, told.code)
		require.Contains(t, told.stdout, "concluded already")
	})
}

func TestCancelOutput(t *testing.T) {
	t.Parallel()
	f := &fake{}
	told := f.execute(t, "cancel", "authid-1", "--run", "run-1", "--json")
	require.JSONEq(t, `{"id":"authid-1","cancel_requested":true}`, told.stdout)
	require.Equal(t, "run-1", f.run)
}

func TestJourneysOutput(t *testing.T) {
	t.Parallel()
	golden(t, "journeys", (&fake{}).execute(t, "journeys").stdout)
	var all []catalogued
	require.NoError(t, json.Unmarshal([]byte((&fake{}).execute(t, "journeys", "--json").stdout), &all))
	require.Len(t, all, len(enroll.Catalogue()))
	for _, c := range all {
		require.NotEmpty(t, c.Inputs)
		require.NotContains(t, c.Hints, enroll.Webhook, "only the provider's own call becomes one")
		spec, err := c.Journey.Spec()
		require.NoError(t, err)
		require.ElementsMatch(t, spec.Hints, slices.Concat(c.Hints, c.ProviderHints))
	}
}
