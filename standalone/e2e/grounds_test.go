package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
)

func TestGrounds(t *testing.T) {
	strict := variables{config.RequireConsent: "true", config.RequireUpstream: "true"}
	removal := []string{"start", "smartid.unenroll", "--user", subject()}

	t.Run("are_kept_in_the_record", func(t *testing.T) {
		request := enrollment(shared.account(t))
		request.Grounds = enroll.Grounds{Consent: "consent-4711", Upstream: "ident-17"}
		started := shared.begin(t, "key", request)
		record, err := shared.Client().RecordOf(t.Context(), started.ID, "")
		require.NoError(t, err)
		require.Equal(t, request.Grounds, record.Grounds)
		told := shared.starter(t, "record", started.ID)
		require.Contains(t, told.stdout, "consent-4711")
		require.Contains(t, told.stdout, "ident-17")
	})
	t.Run("are_part_of_the_request", func(t *testing.T) {
		request := enrollment(shared.account(t))
		shared.begin(t, "key", request)
		request.Consent = "consent-4711"
		_, err := shared.Client().Start(t.Context(), "key", request)
		require.ErrorIs(t, err, client.ErrKeyReused)
	})
	t.Run("can_be_required_by_a_setting", func(t *testing.T) {
		start := []string{"start", "authid.enroll", "--account-number", subject(), "--upstream", "ident-17"}
		refused := finish(t, program(t, "starter", shared.with(strict), start...))
		require.Equal(t, 2, refused.code)
		require.Contains(t, refused.stderr, "\n  consent: given nothing")
		require.NotContains(t, refused.stderr, "upstream")
	})
	t.Run("are_never_required_of_a_removal", func(t *testing.T) {
		asked := finish(t, program(t, "starter", shared.with(strict), removal...))
		require.Equal(t, 3, asked.code, "SmartID was asked, and knows nobody of that name")
	})
	t.Run("are_required_of_a_go_program_that_dials_with_the_setting", func(t *testing.T) {
		environment := shared.with(strict)
		dialed, err := client.Dial(t.Context(), client.WithLookup(config.Map(environment)))
		require.NoError(t, err)
		defer dialed.Close()
		_, err = dialed.Start(t.Context(), "key", enrollment(subject()))
		var refused *enroll.InputError
		require.ErrorAs(t, err, &refused)
		require.Len(t, refused.Fields, 2)
	})
}

// TestErasing shows that no journey of a subject under erasure begins, not even
// one whose client did not look.
func TestErasing(t *testing.T) {
	account := shared.account(t)
	known, err := keys.Load(shared.KeyFile())
	require.NoError(t, err)
	shared.erasing(t, "erasing-"+account, account, known.SubjectHash(enroll.AuthID, account))

	_, err = shared.Client().Start(t.Context(), "key", enrollment(account))
	require.ErrorIs(t, err, client.ErrErasing)
	require.ErrorContains(t, err, "erasing-"+account)

	blind, err := client.New(client.Options{Temporal: shared.Temporal(), Keys: known, Sealed: shared.Sealed()})
	require.NoError(t, err)
	started, err := blind.Start(t.Context(), "key", enrollment(account))
	require.NoError(t, err)
	require.Equal(t, enroll.Failed, started.Result.Outcome)
	record, err := shared.Client().RecordOf(t.Context(), started.ID, "")
	require.NoError(t, err)
	require.False(t, record.EmptiedAt.IsZero(), "what is recorded of it names nobody")
	require.Zero(t, shared.count(t, account, "authid.create_operation"))

	require.NoError(t, shared.Records().ConcludeErasure(t.Context(), "erasing-"+account, []byte(`{}`)))
	shared.begin(t, "another", enrollment(account))
}

// erasing begins an erasure that nobody carries out.
func (s *system) erasing(t *testing.T, id, name, hash string) {
	t.Helper()
	require.NoError(t, s.Records().BeginErasure(t.Context(), records.ErasureOpening{
		ID: id, Digest: "digest", Who: "olga", Why: "ticket", At: time.Now(),
		Subjects: []records.NamedSubject{{SubjectKey: records.SubjectKey{Provider: enroll.AuthID, Hash: hash}, Name: enroll.Secret(name)}},
	}))
}
