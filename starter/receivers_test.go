package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// told is what a fake knows and remembers of receivers.
type told struct {
	receivers  []client.Receiver
	receiver   string
	url        enroll.Secret
	atOnce     bool
	redelivery client.Redelivery
	deliveries client.DeliveryPage
	asked      client.DeliveryFilter
	did        string
}

func (f *fake) Receivers(context.Context) ([]client.Receiver, error) {
	return f.receivers, f.refused
}

func (f *fake) AddReceiver(_ context.Context, name string, url enroll.Secret, by client.By) (enroll.Secret, error) {
	f.receiver, f.url, f.by = name, url, by
	return "whsec_first", f.refused
}

func (f *fake) RemoveReceiver(_ context.Context, name string, by client.By) error {
	f.did, f.receiver, f.by = "remove", name, by
	return f.refused
}

func (f *fake) NewReceiverSecret(_ context.Context, name string, atOnce bool, by client.By) (enroll.Secret, error) {
	f.receiver, f.atOnce, f.by = name, atOnce, by
	return "whsec_second", f.refused
}

func (f *fake) ResumeReceiver(_ context.Context, name string, by client.By) error {
	f.did, f.receiver, f.by = "resume", name, by
	return f.refused
}

func (f *fake) Redeliver(_ context.Context, chosen client.Redelivery, by client.By) (int, error) {
	f.redelivery, f.by = chosen, by
	return 3, f.refused
}

func (f *fake) Deliveries(_ context.Context, filter client.DeliveryFilter) (client.DeliveryPage, error) {
	f.asked = filter
	return f.deliveries, f.refused
}

func TestReceivers(t *testing.T) {
	t.Parallel()
	t.Run("are_listed_with_what_waits", func(t *testing.T) {
		t.Parallel()
		f := &fake{told: told{receivers: []client.Receiver{
			{Name: "bank", URL: "https://bank.example/hooks", CreatedAt: noon, SecretsEnd: []time.Time{noon.Add(24 * time.Hour)}},
			{Name: "shop", URL: "https://shop.example", CreatedAt: noon, GoneAt: noon.Add(time.Hour), Pending: 7, Oldest: noon, GivenUp: 2},
			{Name: "till", Unreadable: true, CreatedAt: noon, Pending: 1, Oldest: noon},
		}}}
		golden(t, "receivers", f.execute(t, "receivers").stdout)
		require.Equal(t, f.execute(t, "receivers").stdout, f.execute(t, "receivers", "list").stdout)
		require.Contains(t, (&fake{}).execute(t, "receivers").stdout, "No receivers.")
		require.Equal(t, "[]", strings.TrimSpace((&fake{}).execute(t, "receivers", "--json").stdout))
	})
	t.Run("are_added_and_shown_their_secret_once", func(t *testing.T) {
		t.Parallel()
		f := &fake{}
		args := append([]string{"receivers", "add", "shop", "https://shop.example/?token=x"}, olga...)
		golden(t, "receivers_add", f.execute(t, args...).stdout)
		require.Equal(t, []any{"shop", enroll.Secret("https://shop.example/?token=x"), client.By{Who: "olga", Why: "incident 7"}}, []any{f.receiver, f.url, f.by})
		require.JSONEq(t, `{"name": "shop", "secret": "whsec_first"}`, f.execute(t, append(args, "--json")...).stdout)
	})
	t.Run("get_another_secret", func(t *testing.T) {
		t.Parallel()
		f := &fake{}
		args := append([]string{"receivers", "secret", "shop"}, olga...)
		require.Contains(t, f.execute(t, args...).stdout, "whsec_second")
		require.False(t, f.atOnce)
		f.execute(t, append(args, "--at-once")...)
		require.True(t, f.atOnce)
	})
	for _, verb := range []string{"remove", "resume"} {
		t.Run("can_be_told_to_"+verb, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			got := f.execute(t, append([]string{"receivers", verb, "shop"}, olga...)...)
			require.Contains(t, got.stdout, "receiver shop")
			require.Equal(t, []any{verb, "shop", client.By{Who: "olga", Why: "incident 7"}}, []any{f.did, f.receiver, f.by})
			require.JSONEq(t, `{"name": "shop"}`, f.execute(t, append([]string{"receivers", verb, "shop", "--json"}, olga...)...).stdout)
		})
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	t.Run("tell_what_became_of_each", func(t *testing.T) {
		t.Parallel()
		delivery := func(event string, state client.DeliveryState) client.DeliveryStatus {
			return client.DeliveryStatus{
				Event: enroll.EventID(event), Type: enroll.EventConcluded, Receiver: "shop", Journey: "authid-1.run-1", Sequence: 1, State: state, At: noon,
			}
		}
		held, waits, gone, done := delivery("evt_1", "pending"), delivery("evt_2", "pending"), delivery("evt_3", "gone"), delivery("evt_4", "delivered")
		held.HeldBy, held.DueAt = "worker-1", noon
		waits.Attempts, waits.LastStatus, waits.LastAt, waits.DueAt = 2, 503, noon, noon.Add(time.Hour)
		gone.Attempts, gone.LastError = 1, "timeout"
		done.Attempts, done.LastStatus = 1, 204
		f := &fake{told: told{deliveries: client.DeliveryPage{Deliveries: []client.DeliveryStatus{held, waits, gone, done}, Next: "next-page"}}}
		golden(t, "deliveries", f.execute(t, "receivers", "deliveries", "shop", "--state", "pending", "--limit", "4", "--after", "x").stdout)
		require.Equal(t, client.DeliveryFilter{Receiver: "shop", State: "pending", Limit: 4, After: "x"}, f.asked)
		var listed deliveryList
		require.NoError(t, json.Unmarshal([]byte(f.execute(t, "receivers", "deliveries", "shop", "--json").stdout), &listed))
		require.Equal(t, deliveryList{Deliveries: f.deliveries.Deliveries, Next: "next-page"}, listed)
		require.Contains(t, (&fake{}).execute(t, "receivers", "deliveries", "shop").stdout, "No deliveries.")
	})
	t.Run("are_made_again", func(t *testing.T) {
		t.Parallel()
		f := &fake{}
		got := f.execute(t, append([]string{"receivers", "redeliver", "shop", "--event", "evt_1"}, olga...)...)
		require.Contains(t, got.stdout, "3 outcome events are due for receiver shop now.")
		require.Equal(t, client.Redelivery{Receiver: "shop", Event: "evt_1"}, f.redelivery)
		f.execute(t, append([]string{"receivers", "redeliver", "shop", "--since", "24h", "--until", "2026-11-20T12:00:00Z"}, olga...)...)
		require.WithinDuration(t, time.Now().Add(-24*time.Hour), f.redelivery.Since, time.Minute)
		require.Equal(t, noon, f.redelivery.Until)
	})
}

func TestReceivers_exit_codes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		refused error
		args    []string
		code    int
		kind    string
	}{
		{"no_such_receiver_is_5", client.ErrNoReceiver, []string{"remove", "shop"}, 5, "not_found"},
		{"no_such_event_is_5", client.ErrNoEvent, []string{"redeliver", "shop", "--event", "evt_1"}, 5, "not_found"},
		{"a_name_that_is_taken_is_4", client.ErrReceiverExists, []string{"add", "shop", "https://shop.example"}, 4, "receiver_exists"},
		{"too_many_receivers_is_4", client.ErrTooManyReceivers, []string{"add", "shop", "https://shop.example"}, 4, "too_many_receivers"},
		{"too_many_secrets_is_4", client.ErrTooManySecrets, []string{"secret", "shop"}, 4, "too_many_secrets"},
		{"a_bad_url_is_2", &enroll.InputError{Fields: []enroll.FieldError{{Field: "url"}}}, []string{"add", "shop", "ftp://shop"}, 2, "input"},
		{"a_bad_time_is_2", nil, []string{"redeliver", "shop", "--since", "yesterday"}, 2, "input"},
		{"a_missing_name_is_2", nil, []string{"resume"}, 2, "usage"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{operated: operated{refused: row.refused}}
			got := f.execute(t, append(append([]string{"receivers", "--json"}, row.args...), olga...)...)
			require.Equal(t, row.code, got.code)
			require.Equal(t, row.kind, failureIn(t, got.stderr).Kind)
			require.Empty(t, got.stdout)
		})
	}
	t.Run("a_change_without_a_reason_is_2", func(t *testing.T) {
		t.Parallel()
		for _, args := range [][]string{
			{"add", "shop", "https://shop.example"}, {"secret", "shop"}, {"remove", "shop"}, {"resume", "shop"}, {"redeliver", "shop", "--since", "1h"},
		} {
			f := &fake{}
			require.Equal(t, 2, f.execute(t, append([]string{"receivers"}, args...)...).code)
			require.Zero(t, f.connects)
		}
		require.Equal(t, 2, (&fake{}).execute(t, "receivers", "deliveries", "shop", "--state", "lost").code)
	})
}
