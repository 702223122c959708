package records_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
)

// rotated is a store's key file through the life of its ring: a key is added
// and used, and the first one retired.
type rotated struct{ first, used, retired *keys.Keys }

func rotate(t *testing.T, first *keys.Keys) rotated {
	t.Helper()
	added, key, err := first.Added(keys.ForSeal)
	require.NoError(t, err)
	used, err := added.Used(key.ID())
	require.NoError(t, err)
	retired, err := used.Retired(first.Seal().Newest().ID())
	require.NoError(t, err)
	return rotated{first, used, retired}
}

// with returns the fixture with other keys.
func (f fixture) with(k *keys.Keys) fixture {
	f.keys = k
	return f
}

func TestRotation(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			ring := rotate(t, f.keys)
			confide(t, f.open(t))
			store := f.with(ring.used).open(t)

			t.Run("leaves_what_is_under_the_old_key_readable", func(t *testing.T) {
				record, err := store.Get(t.Context(), "a")
				require.NoError(t, err)
				require.Equal(t, enroll.Secret("secret-subject"), record.Subject)
				_, err = store.Begin(t.Context(), opening("b"))
				require.NoError(t, err)
				_, err = f.open(t).Get(t.Context(), "b")
				require.ErrorIs(t, err, records.ErrOtherKey)
				require.ErrorContains(t, err, ring.used.Records().Newest().ID(), "the key that is missing")
				require.ErrorContains(t, err, ring.first.Records().Newest().ID(), "the keys that are there")
			})
			t.Run("finds_the_same_records", func(t *testing.T) {
				page, err := store.Find(t.Context(), records.Filter{})
				require.NoError(t, err)
				require.Len(t, page.Records, 2)
			})
			t.Run("opens_the_store_when_the_old_key_is_retired", func(t *testing.T) {
				late := f.with(ring.retired).open(t)
				_, err := late.Get(t.Context(), "b")
				require.NoError(t, err)
				_, err = late.Get(t.Context(), "a")
				require.ErrorIs(t, err, records.ErrOtherKey)
			})
			t.Run("does_not_make_a_foreign_key_file_ours", func(t *testing.T) {
				_, err := records.Open(t.Context(), f.address, rotate(t, keys.New()).used)
				require.ErrorIs(t, err, records.ErrOtherKey)
			})
			t.Run("refuses_a_file_with_our_rings_and_another_subject_key", func(t *testing.T) {
				_, err := records.Open(t.Context(), f.address, withOtherSubject(t, ring.used))
				require.ErrorIs(t, err, records.ErrOtherKey)
			})
		})
	}
}

// withOtherSubject returns the keys with another subject key, as a hand would
// put it into the file.
func withOtherSubject(t *testing.T, k *keys.Keys) *keys.Keys {
	t.Helper()
	written := func(k *keys.Keys) string {
		path := filepath.Join(t.TempDir(), "keys.json")
		_, err := keys.LoadOrCreate(path)
		require.NoError(t, err)
		_, err = keys.Change(path, func(*keys.Keys) (*keys.Keys, error) { return k, nil })
		require.NoError(t, err)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(content)
	}
	ours, subject, _ := strings.Cut(written(k), `"subject"`)
	_, theirs, found := strings.Cut(written(keys.New()), `"subject"`)
	require.True(t, found)
	require.NotEqual(t, subject, theirs)
	path := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, os.WriteFile(path, []byte(ours+`"subject"`+theirs), 0o600))
	changed, err := keys.Load(path)
	require.NoError(t, err)
	return changed
}

func TestReseal(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			ring := rotate(t, f.keys)
			store := f.open(t)
			confide(t, store)
			for i := range 120 { // More than one batch.
				_, err := store.Begin(t.Context(), opening(fmt.Sprintf("s%d", i)))
				require.NoError(t, err)
			}
			_, err := store.BeginAndClaim(t.Context(), opening("b"), claim("b"))
			require.NoError(t, err)
			require.NoError(t, store.Answer(t.Context(), claim("b"), []byte("secret-answer"), nil))
			for _, id := range []string{"e1", "e2"} { // One concludes and has a statement, the other has names.
				require.NoError(t, store.BeginErasure(t.Context(), erasureOf(id, began)))
			}
			require.NoError(t, store.ConcludeErasure(t.Context(), "e1", []byte("statement")))
			export, err := store.Export(t.Context(), enroll.AuthID, "hash-a")
			require.NoError(t, err)
			old, current := ring.first.Records().Newest().ID(), ring.used.Records().Newest().ID()
			used, err := store.UsedKeys(t.Context())
			require.NoError(t, err)
			require.Len(t, used, 1)
			require.Greater(t, used[old], 240, "a subject and an audit entry each")

			moving := f.with(ring.used).open(t)
			moved, err := moving.Reseal(t.Context())
			require.NoError(t, err)
			require.Equal(t, used[old], moved)
			used, err = moving.UsedKeys(t.Context())
			require.NoError(t, err)
			require.Equal(t, map[string]int{current: moved + 1}, used, "all of it and the audit entry about it")
			require.Contains(t, whats(t, moving, "")[len(whats(t, moving, ""))-1], old)
			moved, err = moving.Reseal(t.Context())
			require.NoError(t, err)
			require.Zero(t, moved, "there is nothing left to do")

			late := f.with(ring.retired).open(t)
			again, err := late.Export(t.Context(), enroll.AuthID, "hash-a")
			require.NoError(t, err)
			require.Equal(t, export, again, "nothing but the key has changed")
			claimed, err := late.Claim(t.Context(), claim("b"))
			require.NoError(t, err)
			require.Equal(t, "secret-answer", string(claimed.Answer))
			concluded, err := late.Erasure(t.Context(), "e1")
			require.NoError(t, err)
			require.Equal(t, "statement", string(concluded.Statement))
			name, err := late.ErasureName(t.Context(), "e2", anna()[0])
			require.NoError(t, err)
			require.Equal(t, enroll.Secret("name-of-anna"), name)
			require.Equal(t, enroll.Secret("https://secret-host.example/secret-path"), claimAll(t, late, claimer("w1"))[0].URL)
			_, err = late.Held(t.Context())
			require.NoError(t, err)
			for _, statement := range []string{"UPDATE audit SET what = 'x'", "UPDATE audit SET entry = entry"} {
				_, err = records.DB(late).ExecContext(t.Context(), statement)
				require.ErrorContains(t, err, "append-only", "the way is closed again")
			}
		})
	}
}

// TestReseal_opens_the_trail_for_ciphertexts_only: nothing else of an entry may
// change, not even while a reseal goes on.
func TestReseal_opens_the_trail_for_ciphertexts_only(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			confide(t, store)
			for _, change := range []string{"what = 'x'", "at = at + 1", "record = NULL", "seq = seq + 1000"} {
				tx, err := records.DB(store).BeginTx(t.Context(), nil)
				require.NoError(t, err)
				_, err = tx.ExecContext(t.Context(), "INSERT INTO resealing (one) VALUES (1)")
				require.NoError(t, err)
				_, err = tx.ExecContext(t.Context(), "UPDATE audit SET entry = entry")
				require.NoError(t, err)
				_, err = tx.ExecContext(t.Context(), "UPDATE audit SET "+change)
				require.Error(t, err, change)
				require.NoError(t, tx.Rollback())
			}
		})
	}
}

// TestEncryptedColumns: every column of bytes is one that is resealed.
func TestEncryptedColumns(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			query := "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.type = 'BLOB'"
			if database.name == "postgres" {
				query = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema() AND data_type = 'bytea'"
			}
			rows, err := records.DB(store).QueryContext(t.Context(), query)
			require.NoError(t, err)
			defer rows.Close() //nolint:errcheck // Err tells what matters
			var found []string
			for rows.Next() {
				var name string
				require.NoError(t, rows.Scan(&name))
				found = append(found, name)
			}
			require.NoError(t, rows.Err())
			require.ElementsMatch(t, records.EncryptedColumns(), found)
		})
	}
}
