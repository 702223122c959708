package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/internal/keys"
)

// Store keeps records. It is safe for concurrent use, also by several
// processes.
type Store struct {
	db      *sql.DB
	dialect dialect
	sealer  sealer
	// commit ends a transaction; tests have it lose the database's answer.
	commit func(*sql.Tx) error
	// woken is what Woken returns.
	woken chan struct{}
}

// Open returns the store at the address, "sqlite:PATH" or "postgres://…", and
// brings its schema up to date. It refuses a store that was used with another
// key file (ErrOtherKey). No error repeats the address's password.
func Open(ctx context.Context, address string, k *keys.Keys) (*Store, error) {
	return open(ctx, address, k, newest)
}

// newest stands for the last version of the schema that this program knows.
const newest = 0

// open opens a store and migrates it to a version of the schema.
func open(ctx context.Context, address string, k *keys.Keys, version int) (*Store, error) {
	db, dialect, err := connect(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("records: open: %w", err)
	}
	scripts, err := dialect.migrations()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("records: open: %w", err), db.Close())
	}
	if version != newest {
		scripts = scripts[:version]
	}
	store := &Store{db: db, dialect: dialect, sealer: sealer{ring: k.Records(), hash: k.ReferenceHash}, commit: (*sql.Tx).Commit, woken: make(chan struct{}, 1)}
	err = store.write(ctx, "open", func(tx transaction) error {
		if err := dialect.migrate(ctx, tx.Tx, scripts); err != nil {
			return err
		}
		return tx.checkKeys(ctx, k)
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return store, nil
}

// Close gives the connections back. What is under way ends first.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("records: close: %w", err)
	}
	return nil
}

// transaction is one change of the store, all of it or nothing.
type transaction struct {
	*sql.Tx
	dialect dialect
	sealer  sealer
	// now is the time of the change, for the audit trail.
	now time.Time
	// due is set when the change makes deliveries due.
	due *bool
}

// write runs do in a transaction, which is on the disk when write returns.
func (s *Store) write(ctx context.Context, op string, do func(transaction) error) error {
	return s.transact(ctx, op, s.dialect.writing, do)
}

// read runs do on one unchanging state of the store.
func (s *Store) read(ctx context.Context, op string, do func(transaction) error) error {
	return s.transact(ctx, op, s.dialect.snapshot, do)
}

func (s *Store) transact(ctx context.Context, op string, options *sql.TxOptions, do func(transaction) error) error {
	tx, err := s.db.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("records: %s: %w", op, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to take back
	due := false
	if err := do(transaction{Tx: tx, dialect: s.dialect, sealer: s.sealer, now: time.Now(), due: &due}); err != nil {
		return fmt.Errorf("records: %s: %w", op, err)
	}
	if err := s.commit(tx); err != nil {
		return fmt.Errorf("records: %s: commit: %w", op, err)
	}
	if due {
		s.wake()
	}
	return nil
}

// change executes a statement and reports whether it changed a row.
func (t transaction) change(ctx context.Context, statement string, arguments ...any) (bool, error) {
	result, err := t.ExecContext(ctx, statement, arguments...)
	if err != nil {
		return false, err
	}
	rows, err := result.RowsAffected()
	return rows > 0, err
}

// subjectKey names the setting that holds the subject key's fingerprint, which
// is no secret. Stores from before there were rings have a records_key beside
// it, of which nothing depends any more.
const subjectKey = "subject_key"

// checkKeys records the fingerprint of the subject key in a new store, and
// compares it with that of a store in use. The subject key is what an
// installation keeps when its rings change, so another one tells a foreign key
// file; which key of a ring is missing shows when something needs it.
func (t transaction) checkKeys(ctx context.Context, k *keys.Keys) error {
	ours := k.SubjectFingerprint()
	if _, err := t.change(ctx, "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", subjectKey, ours); err != nil {
		return fmt.Errorf("check keys: %w", err)
	}
	var theirs string
	if err := t.QueryRowContext(ctx, "SELECT value FROM settings WHERE name = $1", subjectKey).Scan(&theirs); err != nil {
		return fmt.Errorf("check keys: %w", err)
	}
	if theirs != ours {
		return fmt.Errorf("its subject key is %s, ours is %s: %w", theirs, ours, ErrOtherKey)
	}
	return nil
}

// stamp returns the stored form of a time.
func stamp(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

// moment returns the time of a stored form.
func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
