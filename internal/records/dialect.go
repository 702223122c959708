package records

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// accepted says what a setting may be; it ends the errors about one.
const accepted = "give sqlite:PATH for one machine, or postgres://USER:PASSWORD@HOST:PORT/DATABASE for several"

//go:embed migrations
var migrations embed.FS

// dialect is everything in which the two databases differ.
type dialect struct {
	// name is the folder of the migrations.
	name string
	// alone keeps out, until the transaction ends, other transactions that ask
	// for the same, so that one process migrates or sweeps; empty where every
	// write transaction keeps out all others.
	alone string
	// lock reads a record and keeps other writers away from it until the
	// transaction ends.
	lock string
	// held ends a query for a row that others may refer to and not change until
	// the transaction ends, and exclusive one for a row to which they may not even
	// refer; empty as above.
	held, exclusive string
	// unheld ends a query for rows to be changed: it takes those that no other
	// transaction is changing; empty as above.
	unheld string
	// settled lets end, and then keeps out until the transaction ends, what
	// others write into the records; empty as above.
	settled string
	// forget takes what was deleted out of the database's log, too; empty where
	// the database does so by itself.
	forget string
	// writing makes a transaction see what others committed before it got its
	// lock, whatever the database's own default.
	writing *sql.TxOptions
	// snapshot makes a transaction see one state of several tables.
	snapshot *sql.TxOptions
}

// connect opens the database of a setting.
func connect(ctx context.Context, address string) (*sql.DB, dialect, error) {
	scheme, rest, _ := strings.Cut(address, ":")
	switch scheme {
	case "sqlite":
		db, err := openSQLite(ctx, rest)
		return db, sqliteDialect(), err
	case "postgres", "postgresql":
		db, err := openPostgres(ctx, address)
		return db, postgresDialect(), err
	}
	// The address may hold a password, so the error does not repeat it.
	return nil, dialect{}, errors.New("the address has another form than known; " + accepted)
}

// migrations returns the dialect's migrations in their order. The first has
// version 1.
func (d dialect) migrations() ([]string, error) {
	folder := "migrations/" + d.name
	entries, err := fs.ReadDir(migrations, folder)
	if err != nil {
		return nil, err
	}
	scripts := make([]string, len(entries))
	for i, entry := range entries {
		// Embedded folders are sorted by name.
		if !strings.HasPrefix(entry.Name(), fmt.Sprintf("%04d_", i+1)) {
			return nil, fmt.Errorf("migration %s is not number %d", entry.Name(), i+1)
		}
		content, err := fs.ReadFile(migrations, folder+"/"+entry.Name())
		if err != nil {
			return nil, err
		}
		scripts[i] = string(content)
	}
	return scripts, nil
}

// migrate brings the schema up to date, in the caller's transaction. A schema
// that is newer than this program is left as it is: migrations only add.
func (d dialect) migrate(ctx context.Context, tx *sql.Tx, scripts []string) error {
	if d.alone != "" {
		if _, err := tx.ExecContext(ctx, d.alone); err != nil {
			return fmt.Errorf("wait for other programs that migrate: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY)"); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	var version int
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM migrations").Scan(&version); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for next := version; next < len(scripts); next++ {
		if _, err := tx.ExecContext(ctx, scripts[next]); err != nil {
			return fmt.Errorf("migrate to version %d: %w", next+1, err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO migrations (version) VALUES ($1)", next+1); err != nil {
			return fmt.Errorf("migrate to version %d: %w", next+1, err)
		}
	}
	return nil
}
