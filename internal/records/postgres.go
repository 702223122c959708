package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// connections bounds the connections of one process: PostgreSQL's default
// allows 100 for all of them.
const connections = 10

func postgresDialect() dialect {
	return dialect{
		name: "postgres",
		// The number is arbitrary; it only has to be ours.
		alone:     "SELECT pg_advisory_xact_lock(7216040018223)",
		settled:   "LOCK TABLE records IN SHARE MODE",
		lock:      selectRecord + " FOR UPDATE",
		held:      " FOR NO KEY UPDATE",
		exclusive: " FOR UPDATE",
		unheld:    " FOR UPDATE SKIP LOCKED",
		writing:   &sql.TxOptions{Isolation: sql.LevelReadCommitted},
		snapshot:  &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead},
	}
}

// openPostgres returns the database of a URL. No error repeats the URL,
// because it may hold a password.
func openPostgres(ctx context.Context, address string) (*sql.DB, error) {
	if _, err := url.Parse(address); err != nil {
		return nil, errors.New("the address is not a URL (percent-encode what is special in the password); " + accepted)
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		// The cause names the part that is wrong; the error around it holds the
		// whole address.
		return nil, fmt.Errorf("the address is not one of PostgreSQL: %w; "+accepted, errors.Unwrap(err))
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "bioenroll"
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
