package records_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
)

func TestOpen(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			t.Run("refuses_another_key_file", func(t *testing.T) {
				f := database.empty(t)
				f.open(t)
				_, err := records.Open(t.Context(), f.address, keys.New())
				require.ErrorIs(t, err, records.ErrOtherKey)
			})
			t.Run("brings_an_older_schema_up_to_date", func(t *testing.T) {
				f := database.empty(t)
				older, err := records.OpenVersion(t.Context(), f.address, f.keys, 1)
				require.NoError(t, err)
				subject, err := records.Seal(f.keys, "a", "subject", []byte("anna@example.com"))
				require.NoError(t, err)
				_, err = records.DB(older).ExecContext(t.Context(), `INSERT INTO records
					(id, journey, provider, workflow_id, run_id, subject_hash, digest, subject, began_at)
					VALUES ('a', 'authid.enroll', 'authid', 'authid-a', 'run-1', 'hash-a', 'digest-a', $1, $2)`, subject, began.UnixMicro())
				require.NoError(t, err)
				_, err = older.Held(t.Context())
				require.Error(t, err, "version 1 knows no holds")
				require.NoError(t, older.Close())

				store := f.open(t)
				record, err := store.Begin(t.Context(), opening("a"))
				require.NoError(t, err)
				expected := opening("a")
				require.Equal(t, expected.Subject, record.Subject)
				require.Equal(t, expected.At, record.BeganAt)
				require.Equal(t, "run-1", record.FirstRun, "as far as it is known")
				_, err = store.Held(t.Context())
				require.NoError(t, err)
				_, err = store.Erasures(t.Context(), records.ErasureFilter{})
				require.NoError(t, err)
			})
			t.Run("reads_what_an_older_program_writes_into_it", func(t *testing.T) {
				store := database.empty(t).open(t)
				_, err := records.DB(store).ExecContext(t.Context(), `INSERT INTO records
					(id, journey, provider, workflow_id, run_id, subject_hash, digest, began_at)
					VALUES ('a', 'authid.enroll', 'authid', 'authid-a', 'run-1', 'hash-a', 'digest-a', $1)`, began.UnixMicro())
				require.NoError(t, err)
				record, err := store.Get(t.Context(), "a")
				require.NoError(t, err)
				require.Equal(t, "run-1", record.FirstRun)
			})
			t.Run("leaves_a_newer_schema_as_it_is", func(t *testing.T) {
				f := database.empty(t)
				_, err := records.DB(f.open(t)).ExecContext(t.Context(), "INSERT INTO migrations (version) VALUES (99)")
				require.NoError(t, err)
				_, err = f.open(t).Begin(t.Context(), opening("a"))
				require.NoError(t, err)
			})
			t.Run("may_happen_in_many_programs_at_once", func(t *testing.T) {
				f := database.empty(t)
				errs := make([]error, 16)
				var group sync.WaitGroup
				for i := range errs {
					group.Go(func() {
						store, err := records.Open(t.Context(), f.address, f.keys)
						if err == nil {
							err = store.Close()
						}
						errs[i] = err
					})
				}
				group.Wait()
				for _, err := range errs {
					require.NoError(t, err)
				}
			})
		})
	}
}

func TestOpenPostgres(t *testing.T) {
	t.Run("is_not_led_astray_by_the_databases_defaults", func(t *testing.T) {
		f := fixture{address: server.Database(t), keys: keys.New()}
		_, err := records.DB(f.open(t)).ExecContext(t.Context(), `DO $$ BEGIN
			EXECUTE 'ALTER DATABASE ' || current_database() || ' SET default_transaction_isolation = serializable';
		END $$`)
		require.NoError(t, err)
		stores := []*records.Store{f.open(t), f.open(t)} // New connections have the new default.
		errs := make([]error, 20)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() { _, errs[i] = stores[i%len(stores)].BeginAndClaim(t.Context(), opening("a"), claim("a")) })
		}
		group.Wait()
		require.NoError(t, errors.Join(errs...), "serialization failures would be ours to repeat")
	})
}

func TestOpenSQLite(t *testing.T) {
	t.Run("makes_a_file_for_its_owner_alone", func(t *testing.T) {
		folder := filepath.Join(t.TempDir(), "data")
		f := fixture{address: "sqlite:" + filepath.Join(folder, "records.db"), keys: keys.New()}
		_, err := f.open(t).Begin(t.Context(), opening("a"))
		require.NoError(t, err)
		info, err := os.Stat(folder)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
		found, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Len(t, found, 3, "the file, its log and the log's index")
		for _, file := range found {
			info, err := file.Info()
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file.Name())
		}
	})
	t.Run("takes_any_path", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "50% of #1?x=y", "records & more.db")
		f := fixture{address: "sqlite:" + path, keys: keys.New()}
		f.open(t)
		require.FileExists(t, path)
	})
	t.Run("refuses_a_file_that_others_may_read", func(t *testing.T) {
		f := fixture{address: "sqlite:" + filepath.Join(t.TempDir(), "records.db"), keys: keys.New()}
		require.NoError(t, os.WriteFile(strings.TrimPrefix(f.address, "sqlite:"), nil, 0o600))
		require.NoError(t, os.Chmod(strings.TrimPrefix(f.address, "sqlite:"), 0o644))
		_, err := records.Open(t.Context(), f.address, f.keys)
		require.ErrorContains(t, err, "chmod 600")
	})
	t.Run("refuses_what_is_no_database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "records.db")
		require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("not a database "), 100), 0o600))
		_, err := records.Open(t.Context(), "sqlite:"+path, keys.New())
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "not a database")
		_, err = records.Open(t.Context(), "sqlite:"+t.TempDir(), keys.New())
		require.ErrorContains(t, err, "is not a file")
	})
}

func TestAddress(t *testing.T) {
	for _, row := range []struct{ name, address, says string }{
		{"refuses_nothing", "", "give sqlite:PATH"},
		{"refuses_a_bare_path", "/data/records.db", "give sqlite:PATH"},
		{"refuses_other_databases", "mysql://u:hush@localhost/records", "give sqlite:PATH"},
		{"refuses_sqlite_without_a_path", "sqlite:", "the path of a file"},
		{"refuses_a_database_in_memory", "sqlite::memory:", "the path of a file"},
		{"refuses_a_password_that_breaks_the_url", "postgres://u:hush%zz@localhost/records", "percent-encode"},
		{"refuses_wrong_parameters", "postgres://u:hush@localhost/records?sslmode=perhaps", "sslmode"},
		{"refuses_a_wrong_port", "postgres://u:hush@localhost:none/records", "percent-encode"},
		{"tells_when_nobody_listens", "postgres://u:hush@127.0.0.1:1/records", "refused"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := records.Open(t.Context(), row.address, keys.New())
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), "hush", "no password in an error")
		})
	}
}

func TestConfidence(t *testing.T) {
	planted := []string{"secret-subject", "secret-token", "secret-answer", "secret-user", "secret-message", "secret-who", "secret-why", "secret-release", "secret-host", "secret-path", "whsec_"}
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			f := database.empty(t)
			store := f.open(t)
			confide(t, store)

			t.Run("nothing_confidential_is_stored_in_clear", func(t *testing.T) {
				stored := f.dump(t, store)
				found := func(text string) bool {
					return strings.Contains(stored, text) || strings.Contains(stored, hex.EncodeToString([]byte(text)))
				}
				require.True(t, found("digest-a") && found("BER1"), "the search finds what is in clear")
				for _, secret := range planted {
					require.False(t, found(secret), secret)
				}
			})
			t.Run("no_ciphertext_opens_in_another_record", func(t *testing.T) {
				_, err := store.Begin(t.Context(), opening("thief"))
				require.NoError(t, err)
				_, err = records.DB(store).ExecContext(t.Context(), "UPDATE records SET subject = (SELECT subject FROM records WHERE id = 'a') WHERE id = 'thief'")
				require.NoError(t, err)
				_, err = store.Get(t.Context(), "thief")
				require.ErrorIs(t, err, records.ErrDamaged)
			})
			t.Run("no_ciphertext_opens_in_another_column", func(t *testing.T) {
				_, err := store.Begin(t.Context(), opening("mixed"))
				require.NoError(t, err)
				_, err = records.DB(store).ExecContext(t.Context(), "UPDATE records SET refs = subject WHERE id = 'mixed'")
				require.NoError(t, err)
				_, err = store.Get(t.Context(), "mixed")
				require.ErrorIs(t, err, records.ErrDamaged)
				require.NotContains(t, err.Error(), "anna")
			})
			t.Run("no_answer_opens_at_another_call", func(t *testing.T) {
				second := claim("moved")
				second.Ordinal = 2
				for _, c := range []records.Claim{claim("moved"), second} {
					_, err := store.BeginAndClaim(t.Context(), opening("moved"), c)
					require.NoError(t, err)
					require.NoError(t, store.Answer(t.Context(), c, []byte("answer"), nil))
				}
				_, err := records.DB(store).ExecContext(t.Context(), "UPDATE steps SET answer = (SELECT answer FROM steps WHERE record = 'moved' AND ordinal = 1) WHERE record = 'moved'")
				require.NoError(t, err)
				_, err = store.Claim(t.Context(), second)
				require.ErrorIs(t, err, records.ErrDamaged)
			})
		})
	}
}

// confide puts a secret into every place that takes one.
func confide(t *testing.T, store *records.Store) {
	t.Helper()
	_, err := store.AddReceiver(t.Context(), records.NewReceiver{Name: "shop", URL: "https://secret-host.example/secret-path"}, "secret-who", "secret-why")
	require.NoError(t, err)
	o := opening("a")
	o.Subject, o.Reference = "secret-subject", "secret-reference"
	_, err = store.BeginAndClaim(t.Context(), o, claim("a"))
	require.NoError(t, err)
	require.NoError(t, store.Release(t.Context(), claim("a"), "secret-release"))
	_, err = store.Claim(t.Context(), claim("a"))
	require.NoError(t, err)
	require.NoError(t, store.Answer(t.Context(), claim("a"), []byte("secret-answer"), map[string]enroll.Secret{"token": "secret-token"}))
	unknown := result(enroll.Unknown)
	unknown.UserID, unknown.Message = "secret-user", "secret-message"
	_, err = store.Conclude(t.Context(), records.Conclusion{Opening: o, Result: unknown})
	require.NoError(t, err)
	require.NoError(t, store.Resolve(t.Context(), "a", enroll.Resolution{Outcome: enroll.Enrolled, Who: "secret-who", Why: "secret-why"}))
	require.NoError(t, store.Act(t.Context(), enroll.AuditEntry{Record: "a", What: "revealed", Who: "secret-who", Detail: "secret-why"}))
	require.NoError(t, store.Hold(t.Context(), enroll.AuthID, "secret-who", "secret-why"))
}

// dump returns everything that is stored: the bytes of SQLite's files, or
// PostgreSQL's tables as text with binary columns in hexadecimal.
func (f fixture) dump(t *testing.T, store *records.Store) string {
	t.Helper()
	var all strings.Builder
	if path, ours := strings.CutPrefix(f.address, "sqlite:"); ours {
		files, err := filepath.Glob(path + "*")
		require.NoError(t, err)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			all.Write(content)
		}
		return all.String()
	}
	for _, table := range []string{"records", "steps", "audit", "holds", "settings", "erasures", "receivers", "events", "deliveries"} {
		var text string
		require.NoError(t, records.DB(store).QueryRowContext(t.Context(), "SELECT COALESCE(STRING_AGG(x::text, ' '), '') FROM "+table+" x").Scan(&text))
		all.WriteString(text)
	}
	return all.String()
}

func FuzzUnseal(f *testing.F) {
	k := keys.New()
	sealed, err := records.Seal(k, "a", "subject", []byte("anna@example.com"))
	require.NoError(f, err)
	f.Add(sealed)
	f.Add(sealed[:len(sealed)-1])
	f.Add(sealed[:16])
	f.Add([]byte(nil))
	f.Add([]byte("BER1"))
	f.Fuzz(func(t *testing.T, damaged []byte) {
		plain, err := records.Unseal(k, "a", "subject", damaged)
		if bytes.Equal(damaged, sealed) {
			require.NoError(t, err)
			return
		}
		require.Nil(t, plain)
		require.Error(t, err)
		other := bytes.HasPrefix(damaged, []byte("BER1")) && len(damaged) >= 16 && !bytes.Equal(damaged[:16], sealed[:16])
		if other {
			require.ErrorIs(t, err, records.ErrOtherKey)
		} else {
			require.ErrorIs(t, err, records.ErrDamaged)
		}
	})
}
