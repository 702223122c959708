package main

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// erased is what a fake knows and remembers of erasures.
type erased struct {
	people  []client.Person
	known   []client.Person
	erasing client.Erasure
	never   bool // WaitErased never ends by itself.
}

func (f *fake) Erase(_ context.Context, key string, people []client.Person, by client.By) (client.Erasure, error) {
	f.key, f.people, f.by = key, people, by
	return f.erasing, f.err
}

func (f *fake) Erasure(_ context.Context, id string) (client.Erasure, error) {
	f.id = id
	return f.erasing, f.err
}

func (f *fake) Erasures(context.Context, bool, int) ([]client.Erasure, error) {
	if f.erasing.ID == "" {
		return nil, f.err
	}
	return []client.Erasure{f.erasing}, f.err
}

func (f *fake) WaitErased(ctx context.Context, _ string) (enroll.ErasureStatement, error) {
	if f.erased.never {
		<-ctx.Done()
		return enroll.ErasureStatement{}, ctx.Err()
	}
	return f.erasing.Statement, f.err
}

func (f *fake) KnownAs(_ context.Context, name enroll.Secret) ([]client.Person, error) {
	f.subject = name.Reveal()
	return f.known, f.err
}

func (f *fake) PersonOf(_ context.Context, id string) (client.Person, error) {
	f.id = id
	return client.Person{Provider: enroll.IProov, Name: "of-" + enroll.Secret(id)}, f.err
}

// left is an erasure with one thing left, or none.
func left(complete bool) client.Erasure {
	at := time.Date(2026, time.November, 21, 9, 0, 0, 0, time.UTC)
	done := enroll.Removal{What: enroll.RemovedSealed, Count: 1, At: at}
	last := enroll.Removal{What: enroll.RemovedEnrollment, Tries: 2, Left: enroll.ReasonCredentialsRefused}
	statement := enroll.ErasureStatement{ID: "erasure-1", RequestedAt: at, Who: "olga", Why: "ticket", Complete: complete}
	if complete {
		last, statement.ConcludedAt = enroll.Removal{What: enroll.RemovedEnrollment, At: at}, at
	}
	statement.Subjects = []enroll.SubjectErasure{{ErasureSubject: enroll.ErasureSubject{Provider: enroll.AuthID}, Removals: []enroll.Removal{done, last}}}
	return client.Erasure{ID: "erasure-1", Statement: statement, Pending: []client.PendingStep{{Step: "EraseAtProvider", Attempt: 3, LastFailure: "denied"}}}
}

func TestErase(t *testing.T) {
	t.Run("names_people_in_every_way", func(t *testing.T) {
		f := &fake{erased: erased{erasing: left(true), known: []client.Person{{Provider: enroll.SmartID, Name: "jane"}}}}
		done := f.executeWith(t, "from-stdin\n", nil, append([]string{
			"erase", "--authid", "-", "--iproov", "u-1", "--known-as", "jane", "--journey", "iproov-1", "--key", "k",
		}, olga...)...)
		require.Equal(t, exitDone, done.code, done.stderr)
		require.Equal(t, []client.Person{
			{Provider: enroll.AuthID, Name: "from-stdin"},
			{Provider: enroll.IProov, Name: "u-1"},
			{Provider: enroll.SmartID, Name: "jane"},
			{Provider: enroll.IProov, Name: "of-iproov-1"},
		}, f.people)
		require.Equal(t, "k", f.key)
		require.Equal(t, client.By{Who: "olga", Why: "incident 7"}, f.by)
	})
	t.Run("shows_what_is_left_and_goes_on", func(t *testing.T) {
		f := &fake{erased: erased{erasing: left(false)}}
		done := f.execute(t, append([]string{"erase", "--authid", "jane"}, olga...)...)
		require.Equal(t, exitDone, done.code, done.stderr)
		require.Contains(t, done.stdout, "credentials_refused, 2 times")
		require.Contains(t, done.stdout, "EraseAtProvider")
		require.NotContains(t, done.stdout, "jane")
	})
	t.Run("exits_with_3_when_something_is_left_after_waiting", func(t *testing.T) {
		f := &fake{erased: erased{erasing: left(false), never: true}}
		done := f.execute(t, append([]string{"erase", "--authid", "jane", "--wait", "1ms"}, olga...)...)
		require.Equal(t, exitNoSuccess, done.code, done.stderr)
		require.Contains(t, done.stdout, "credentials_refused")
	})
	t.Run("exits_with_0_when_nothing_is_left_after_waiting", func(t *testing.T) {
		f := &fake{erased: erased{erasing: left(true)}}
		done := f.execute(t, append([]string{"erase", "--authid", "jane", "--wait", "1m", "--json"}, olga...)...)
		require.Equal(t, exitDone, done.code, done.stderr)
		var told client.Erasure
		require.NoError(t, json.Unmarshal([]byte(done.stdout), &told))
		require.True(t, told.Statement.Complete)
	})
	for name, args := range map[string][]string{
		"without_who_and_why":  {"erase", "--authid", "jane"},
		"with_a_negative_wait": append([]string{"erase", "--authid", "jane", "--wait", "-1s"}, olga...),
	} {
		t.Run("starts_nothing_"+name, func(t *testing.T) {
			f := &fake{}
			require.Equal(t, exitInput, f.execute(t, args...).code)
			require.Zero(t, f.connects)
		})
	}
	t.Run("says_that_a_name_is_known_nowhere", func(t *testing.T) {
		f := &fake{}
		done := f.execute(t, append([]string{"erase", "--known-as", "nobody"}, olga...)...)
		require.Equal(t, exitNotFound, done.code)
		require.Empty(t, f.people)
	})
}

func TestErasures(t *testing.T) {
	t.Run("are_an_empty_list_when_there_are_none", func(t *testing.T) {
		require.JSONEq(t, `[]`, (&fake{}).execute(t, "erasures", "--json").stdout)
		require.Contains(t, (&fake{}).execute(t, "erasures").stdout, "No erasures.")
	})
	t.Run("tell_which_are_under_way", func(t *testing.T) {
		f := &fake{erased: erased{erasing: left(false)}}
		require.Contains(t, f.execute(t, "erasures").stdout, "under way")
	})
	t.Run("tell_what_is_left", func(t *testing.T) {
		f := &fake{erased: erased{erasing: left(false)}}
		f.erasing.Statement.ConcludedAt = f.erasing.Statement.RequestedAt
		require.Contains(t, f.execute(t, "erasures").stdout, "authid: enrollment_at_provider")
	})
	t.Run("are_shown_by_id", func(t *testing.T) {
		f := &fake{erased: erased{erasing: left(true)}}
		done := f.execute(t, "erasure", "erasure-1")
		require.Equal(t, "erasure-1", f.id)
		require.Contains(t, done.stdout, "sealed bytes")
	})
}
