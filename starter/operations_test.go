package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// olga is an operator's name and reason on the command line.
var olga = []string{"--who", "olga", "--why", "incident 7"}

// operated is what a fake knows and remembers of operations.
type operated struct {
	refused    error
	record     enroll.Record
	trail      []enroll.AuditEntry
	page       client.RecordPage
	holds      []client.Hold
	steps      []client.Step
	exported   client.Export
	by         client.By
	recordID   enroll.RecordID
	revealed   bool
	chosen     client.RecordFilter
	resolution enroll.Resolution
	provider   enroll.Provider
	subject    string
}

func (f *fake) CancelBy(_ context.Context, id, run string, by client.By) error {
	f.id, f.run, f.by = id, run, by
	return f.err
}

func (f *fake) RenewBy(_ context.Context, id, _, key string, by client.By) (enroll.RenewReply, error) {
	f.id, f.key, f.by = id, key, by
	return f.renewal, f.err
}

func (f *fake) CancelAll(_ context.Context, filter client.Filter, by client.By, progress func(client.Step)) (int, error) {
	f.filter, f.by = filter, by
	for _, step := range f.steps {
		progress(step)
	}
	return len(f.steps), f.err
}

func (f *fake) RenewAll(ctx context.Context, filter client.Filter, key string, by client.By, progress func(client.Step)) (int, error) {
	f.key = key
	return f.CancelAll(ctx, filter, by, progress)
}

func (f *fake) Record(_ context.Context, id enroll.RecordID) (enroll.Record, error) {
	f.recordID = id
	return f.record, f.refused
}

func (f *fake) RecordOf(_ context.Context, id, run string) (enroll.Record, error) {
	f.id, f.run = id, run
	return f.record, f.refused
}

func (f *fake) Reveal(_ context.Context, id enroll.RecordID, by client.By) (enroll.Record, error) {
	f.recordID, f.by, f.revealed = id, by, true
	return f.record, f.refused
}

func (f *fake) Records(_ context.Context, filter client.RecordFilter) (client.RecordPage, error) {
	f.chosen = filter
	return f.page, f.refused
}

func (f *fake) Audit(context.Context, enroll.RecordID) ([]enroll.AuditEntry, error) {
	return f.trail, f.refused
}

func (f *fake) Resolve(_ context.Context, id enroll.RecordID, resolution enroll.Resolution) error {
	f.recordID, f.resolution = id, resolution
	return f.refused
}

func (f *fake) Hold(_ context.Context, provider enroll.Provider, by client.By) error {
	f.provider, f.by = provider, by
	return f.refused
}

func (f *fake) Release(_ context.Context, provider enroll.Provider, by client.By) error {
	f.provider, f.by = provider, by
	return f.refused
}

func (f *fake) Held(context.Context) ([]client.Hold, error) { return f.holds, f.refused }

func (f *fake) Export(_ context.Context, provider enroll.Provider, subject string, by client.By) (client.Export, error) {
	f.provider, f.subject, f.by = provider, subject, by
	return f.exported, f.refused
}

// unknown is the record of a journey whose outcome nobody knows.
func unknown() enroll.Record {
	return enroll.Record{
		ID: "89abcdef", Journey: enroll.AuthIDEnroll, Provider: enroll.AuthID, WorkflowID: "authid-1", RunID: "run-1",
		Subject: enroll.Redacted, References: map[string]enroll.Secret{"operation_id": enroll.Redacted}, BeganAt: noon,
		Steps: []enroll.RecordStep{
			{Name: "AuthIDCreateOperation", Ordinal: 1, State: enroll.StepLost, ClaimedAt: noon},
			{Name: "AuthIDCreateOperation", Ordinal: 2, State: enroll.StepAnswered, ClaimedAt: noon, AnsweredAt: noon.Add(time.Second)},
		},
		Result: &enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Unknown, Reason: enroll.ReasonLostAnswer}, ConcludedAt: noon},
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	t.Run("of_an_unknown_outcome_teaches_how_to_settle_it", func(t *testing.T) {
		t.Parallel()
		f := &fake{operated: operated{record: unknown()}}
		golden(t, "record_unknown", f.execute(t, "record", "89abcdef").stdout)
		require.Equal(t, enroll.RecordID("89abcdef"), f.recordID)
		require.False(t, f.revealed)
	})
	t.Run("that_was_settled_tells_by_whom_with_its_trail", func(t *testing.T) {
		t.Parallel()
		settled := unknown()
		settled.Resolution = &enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "seen in the portal", At: noon}
		settled.Grounds = enroll.Grounds{Consent: "consent-4711", Upstream: "ident-17"}
		settled.EmptiedAt = noon.Add(time.Hour)
		f := &fake{operated: operated{record: settled, trail: []enroll.AuditEntry{
			{Seq: 1, At: noon, What: "began"}, {Seq: 2, At: noon, What: "resolved", Who: "olga", Detail: "enrolled"},
		}}}
		golden(t, "record_resolved", f.execute(t, "record", "authid-1", "--run", "run-1", "--audit").stdout)
		require.Equal(t, "authid-1", f.id)
		require.Equal(t, "run-1", f.run)
		var told recordedJourney
		require.NoError(t, json.Unmarshal([]byte(f.execute(t, "record", "authid-1", "--audit", "--json").stdout), &told))
		require.Equal(t, recordedJourney{Record: settled, Audit: f.trail}, told)
	})
	t.Run("is_revealed_to_somebody_with_a_reason", func(t *testing.T) {
		t.Parallel()
		f := &fake{operated: operated{record: unknown()}}
		require.Zero(t, f.execute(t, append([]string{"record", "authid-1", "--reveal"}, olga...)...).code)
		require.True(t, f.revealed)
		require.Equal(t, enroll.RecordID("89abcdef"), f.recordID)
		require.Equal(t, client.By{Who: "olga", Why: "incident 7"}, f.by)
	})
}

func TestRecords(t *testing.T) {
	t.Parallel()
	settled := unknown()
	settled.Resolution = &enroll.Resolution{Outcome: enroll.Enrolled}
	f := &fake{operated: operated{page: client.RecordPage{Records: []enroll.Record{settled, {ID: "01", Journey: enroll.BioIDEnroll, WorkflowID: "bioid-1", BeganAt: noon}}, Next: "1-01"}}}
	golden(t, "records", f.execute(t, "records", "--unresolved", "--since", "24h", "--provider", "authid").stdout)
	require.True(t, f.chosen.Unresolved)
	require.Equal(t, enroll.AuthID, f.chosen.Provider)
	require.False(t, f.chosen.Since.IsZero())
	require.Contains(t, (&fake{}).execute(t, "records").stdout, "No records.")
	require.JSONEq(t, `{"records":[]}`, (&fake{}).execute(t, "records", "--json").stdout)
	for _, bad := range []string{"--since=-1s", "--limit=0", "--outcome=done"} {
		require.Equal(t, exitInput, (&fake{}).execute(t, "records", bad).code, bad)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	f := &fake{operated: operated{record: unknown()}}
	require.Zero(t, f.execute(t, append([]string{"resolve", "authid-1", "--outcome", "enrolled"}, olga...)...).code)
	require.Equal(t, enroll.RecordID("89abcdef"), f.recordID)
	require.Equal(t, enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "incident 7"}, f.resolution)
}

func TestHolds(t *testing.T) {
	t.Parallel()
	f := &fake{operated: operated{holds: []client.Hold{{Provider: enroll.IProov, Who: "olga", Why: "incident 7", At: noon}}}}
	golden(t, "holds", f.execute(t, "holds").stdout)
	require.Contains(t, (&fake{}).execute(t, "holds").stdout, "No holds.")
	require.Equal(t, "[]", strings.TrimSpace((&fake{}).execute(t, "holds", "--json").stdout))
	require.Contains(t, f.execute(t, append([]string{"hold", "iproov"}, olga...)...).stdout, "starter release iproov")
	require.Equal(t, enroll.IProov, f.provider)
	require.Equal(t, client.By{Who: "olga", Why: "incident 7"}, f.by)
	require.Contains(t, f.execute(t, append([]string{"release", "iproov"}, olga...)...).stdout, "start at iproov again")
}

func TestExport(t *testing.T) {
	t.Parallel()
	f := &fake{operated: operated{exported: client.Export{Provider: enroll.AuthID, SubjectHash: "hash"}}}
	told := f.executeWith(t, "jane\n", nil, append([]string{"export", "authid", "-"}, olga...)...)
	require.Zero(t, told.code)
	require.Equal(t, "jane", f.subject, "from standard input, without the line break")
	var exported client.Export
	require.NoError(t, json.Unmarshal([]byte(told.stdout), &exported))
	require.Equal(t, f.exported, exported)
}

func TestAll(t *testing.T) {
	t.Parallel()
	journey := func(id string) client.Shown {
		return client.Shown{ID: id, RunID: "run", Journey: enroll.IProovPhotoEnroll}
	}
	steps := []client.Step{
		{Journey: journey("iproov-1")},
		{Journey: journey("iproov-2"), Err: client.ErrConcluded},
		{Journey: journey("iproov-3"), Err: errors.New("connection lost")},
	}
	t.Run("tells_each_and_fails_when_one_failed", func(t *testing.T) {
		t.Parallel()
		f := &fake{operated: operated{steps: steps}}
		told := f.execute(t, append([]string{"cancel", "--all", "--provider", "iproov", "--phase", "waiting", "--limit", "3", "--yes"}, olga...)...)
		golden(t, "cancel_all", told.stdout)
		require.Equal(t, exitFailed, told.code)
		require.Contains(t, told.stderr, "1 of 3")
		require.Equal(t, client.Filter{Provider: enroll.IProov, Phase: enroll.Waiting, Limit: 3}, f.filter)
		require.Equal(t, client.By{Who: "olga", Why: "incident 7"}, f.by)
	})
	t.Run("renews_without_printing_hand_overs", func(t *testing.T) {
		t.Parallel()
		renewed := client.Step{Journey: journey("iproov-1"), Reply: &enroll.RenewReply{HandOver: handOvers()["iproov"]}}
		ended := client.Step{Journey: journey("iproov-2"), Reply: &enroll.RenewReply{Result: &enroll.Result{}}}
		f := &fake{operated: operated{steps: []client.Step{renewed, ended}}}
		args := append([]string{"renew", "--all", "--journey", "iproov.photo-enroll", "--key", "k", "--yes"}, olga...)
		told := f.execute(t, args...)
		require.Zero(t, told.code, told.stderr)
		require.Contains(t, told.stdout, "1 renewed, 1 had concluded already, 0 failed.")
		require.Equal(t, "k", f.key)
		require.NotContains(t, told.stdout+f.execute(t, append(args, "--json")...).stdout, "verify-token")
	})
	t.Run("is_one_line_of_json_for_each_and_one_for_the_sum", func(t *testing.T) {
		t.Parallel()
		f := &fake{operated: operated{steps: steps}}
		told := f.execute(t, append([]string{"cancel", "--all", "--provider", "iproov", "--yes", "--json"}, olga...)...)
		lines := strings.Split(strings.TrimSpace(told.stdout), "\n")
		require.Len(t, lines, 4)
		var sum doneAll
		require.NoError(t, json.Unmarshal([]byte(lines[3]), &sum))
		require.Equal(t, doneAll{Done: 1, Ended: 1, Failed: 1}, sum)
	})
	t.Run("of_one_may_have_a_reason", func(t *testing.T) {
		t.Parallel()
		f := &fake{}
		require.Zero(t, f.execute(t, append([]string{"cancel", "iproov-1"}, olga...)...).code)
		require.Equal(t, "iproov-1", f.id)
		require.Equal(t, "olga", f.by.Who)
		f = &fake{}
		require.Zero(t, f.execute(t, append([]string{"renew", "iproov-1"}, olga...)...).code)
		require.Equal(t, "olga", f.by.Who)
	})
}
