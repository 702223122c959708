package client_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func TestReceivers(t *testing.T) {
	k := keeping(t)
	by := client.By{Who: "olga", Why: "the shop goes live"}
	first, err := k.AddReceiver(t.Context(), "shop", "https://shop.example/hooks?token=secret", by)
	require.NoError(t, err)
	require.Contains(t, first.Reveal(), "whsec_")

	t.Run("are_managed_by_name", func(t *testing.T) {
		second, err := k.NewReceiverSecret(t.Context(), "shop", false, by)
		require.NoError(t, err)
		require.NotEqual(t, first, second)
		require.NoError(t, k.ResumeReceiver(t.Context(), "shop", by))
		found, err := k.Receivers(t.Context())
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, "https://shop.example/hooks", found[0].URL)
		require.Len(t, found[0].SecretsEnd, 1)
	})
	t.Run("are_sent_what_they_missed", func(t *testing.T) {
		k.begin(t)
		k.conclude(t, enroll.Enrolled)
		page, err := k.Deliveries(t.Context(), client.DeliveryFilter{Receiver: "shop"})
		require.NoError(t, err)
		require.Len(t, page.Deliveries, 1)
		require.Equal(t, enroll.EventConcluded, page.Deliveries[0].Type)
		require.Equal(t, enroll.JourneyID(k.id, "run"), page.Deliveries[0].Journey)
		_, err = k.AddReceiver(t.Context(), "late", "https://late.example", by)
		require.NoError(t, err)
		count, err := k.Redeliver(t.Context(), client.Redelivery{Receiver: "late", Since: time.Now().Add(-time.Hour)}, by)
		require.NoError(t, err)
		require.Equal(t, 1, count)
	})
	t.Run("have_errors_that_callers_branch_on", func(t *testing.T) {
		_, err := k.AddReceiver(t.Context(), "shop", "https://shop.example", by)
		require.ErrorIs(t, err, client.ErrReceiverExists)
		_, err = k.NewReceiverSecret(t.Context(), "shop", false, by)
		require.NoError(t, err)
		_, err = k.NewReceiverSecret(t.Context(), "shop", false, by)
		require.ErrorIs(t, err, client.ErrTooManySecrets)
		_, err = k.Redeliver(t.Context(), client.Redelivery{Receiver: "shop", Event: "evt_0"}, by)
		require.ErrorIs(t, err, client.ErrNoEvent)
		require.ErrorIs(t, k.RemoveReceiver(t.Context(), "nobody", by), client.ErrNoReceiver)
		_, err = k.Deliveries(t.Context(), client.DeliveryFilter{Receiver: "nobody"})
		require.ErrorIs(t, err, client.ErrNoReceiver)
		_, err = k.Deliveries(t.Context(), client.DeliveryFilter{Receiver: "shop", After: "x"})
		var refused *enroll.InputError
		require.ErrorAs(t, err, &refused)
		_, err = k.AddReceiver(t.Context(), "plain", "http://plain.example", by)
		require.ErrorAs(t, err, &refused, "unless BIOENROLL_ALLOW_HTTP is set")
		require.ErrorAs(t, k.RemoveReceiver(t.Context(), "shop", client.By{Who: "olga"}), &refused)
	})
}
