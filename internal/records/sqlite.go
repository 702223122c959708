package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // registers the driver
)

// pragmas of every connection. A process waits 10 s for the writes of others.
// A commit is on the disk before it returns, also when the machine loses power:
// a claim that vanished would let a call be made twice. Deleted bytes are
// overwritten.
const pragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_txlock=immediate"

func sqliteDialect() dialect {
	return dialect{
		name: "sqlite", lock: selectRecord, forget: "PRAGMA wal_checkpoint(TRUNCATE)",
		snapshot: &sql.TxOptions{ReadOnly: true},
	}
}

// openSQLite returns the database in the file, which it makes when missing.
func openSQLite(ctx context.Context, path string) (*sql.DB, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("sqlite needs the path of a file; " + accepted)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = createSQLite(ctx, path)
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("is not a file")
	case info.Mode().Perm()&0o077 != 0:
		err = fmt.Errorf("others may read it (mode %04o); run: chmod 600 %s", info.Mode().Perm(), path)
	}
	if err != nil {
		return nil, fmt.Errorf("sqlite file %s: %w", path, err)
	}
	db, err := sqlite(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("sqlite file %s: %w", path, err)
	}
	return db, nil
}

// sqlite opens a file that exists.
func sqlite(ctx context.Context, path string) (*sql.DB, error) {
	address := url.URL{Scheme: "file", Path: path, RawQuery: pragmas}
	db, err := sql.Open("sqlite", address.String())
	if err != nil {
		return nil, err
	}
	// SQLite has one writer at a time anyway. With one connection the
	// goroutines of a process queue for it fairly instead of polling the file.
	db.SetMaxOpenConns(1)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// createSQLite makes an empty database that only its owner may read; SQLite
// gives its side files the same mode. It is made under another name and then
// linked: programs that start at once must neither see it half made nor race
// to switch its journal, and a file that SQLite has open in this process may
// not be opened and closed by anything else, or its locks are gone.
func createSQLite(ctx context.Context, path string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(folder, ".records-*") // CreateTemp makes files 0600.
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // a leftover is an empty database
	if err := temporary.Close(); err != nil {
		return err
	}
	db, err := sqlite(ctx, temporary.Name())
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
