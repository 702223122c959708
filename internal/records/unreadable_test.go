package records_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/records"
)

// TestUnreadable: a receiver that cannot be decrypted is seen, and gets nothing,
// and everything else goes on.
func TestUnreadable(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			for _, row := range []struct {
				name string
				why  error
				// harm returns the store with a receiver bank, and one shop that it cannot read.
				harm func(t *testing.T, f fixture) *records.Store
				// url is what is still known of the address, and mends whether other secrets help.
				url   string
				mends bool
				// overlap is the error of a further secret beside the one that is there.
				overlap error
			}{
				{"because_a_key_is_missing", records.ErrOtherKey, func(t *testing.T, f fixture) *records.Store {
					t.Helper()
					store := f.open(t)
					add(t, store, "bank")
					add(t, f.with(rotate(t, f.keys).used).open(t), "shop")
					return store
				}, "", false, records.ErrOtherKey},
				{"because_its_address_is_damaged", records.ErrDamaged, damage("url"), "", false, nil},
				{"because_its_secrets_are_damaged", records.ErrDamaged, damage("secrets"), "https://shop.example", true, records.ErrDamaged},
			} {
				t.Run(row.name, func(t *testing.T) {
					store := row.harm(t, database.empty(t))
					ended(t, store, "a")
					found, err := store.Receivers(t.Context())
					require.NoError(t, err)
					require.Equal(t, []any{"bank", "https://bank.example", false}, []any{found[0].Name, found[0].URL, found[0].Unreadable})
					require.Equal(t, []any{"shop", row.url, true, 1}, []any{found[1].Name, found[1].URL, found[1].Unreadable, found[1].Pending})

					claimed := claimAll(t, store, claimer("w1"))
					require.Len(t, claimed, 2, "it holds up no other")
					for _, delivery := range claimed {
						if delivery.Receiver == "bank" {
							require.NoError(t, delivery.Unreadable)
							require.NotEmpty(t, delivery.Secrets)
							continue
						}
						require.ErrorIs(t, delivery.Unreadable, row.why)
						require.Empty(t, delivery.URL)
						require.Empty(t, delivery.Secrets)
						require.NoError(t, store.GiveUp(t.Context(), delivery, records.Attempt{Trouble: "unsendable"}))
					}
					require.Equal(t, records.DeliveryGivenUp, listed(t, store, "shop")[0].State)
					count, err := store.Redeliver(t.Context(), records.Redelivery{Receiver: "shop", Since: began}, "olga", "test")
					require.NoError(t, err)
					require.Equal(t, 1, count)
					require.NoError(t, store.ResumeReceiver(t.Context(), "shop", "olga", "test"))
					require.Len(t, claimAll(t, store, claimer("w1")), 1)

					_, err = store.NewReceiverSecret(t.Context(), "shop", false, "olga", "the old one would have to go on")
					require.ErrorIs(t, err, row.overlap)
					_, err = store.NewReceiverSecret(t.Context(), "shop", true, "olga", "the old one is lost")
					require.NoError(t, err)
					found, err = store.Receivers(t.Context())
					require.NoError(t, err)
					require.Equal(t, row.mends, !found[1].Unreadable)
					require.NoError(t, store.RemoveReceiver(t.Context(), "shop", "olga", "test"))
					add(t, store, "shop")
					found, err = store.Receivers(t.Context())
					require.NoError(t, err)
					require.False(t, found[1].Unreadable)
				})
			}
		})
	}
}

// damage returns what damages a column of the receiver shop.
func damage(column string) func(*testing.T, fixture) *records.Store {
	return func(t *testing.T, f fixture) *records.Store {
		t.Helper()
		store := f.open(t)
		add(t, store, "bank", "shop")
		_, err := records.DB(store).ExecContext(t.Context(), "UPDATE receivers SET "+column+" = substr("+column+", 1, length("+column+") - 1) WHERE name = 'shop'")
		require.NoError(t, err)
		return store
	}
}
