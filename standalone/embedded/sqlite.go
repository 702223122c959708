package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	databaseFile = "temporal.db"
	logFile      = "temporal.log"
	lockFile     = "temporal.lock"

	schemaName    = "embedded"
	schemaVersion = sqlite.Version + "+" + sqlite.VisibilityVersion
)

// DataDirInUseError reports that another server, in this process or another
// one, is running on the same data folder. Two servers on one database would
// take each other's shard again and again.
type DataDirInUseError struct {
	// Dir is the folder, as an absolute path.
	Dir string
}

// Error names the folder and what to do about it.
func (e *DataDirInUseError) Error() string {
	return fmt.Sprintf("data folder %s is in use by another server: stop that one, or choose another folder", e.Dir)
}

// lockDataDir creates the folder and takes it for this server alone. The lock
// belongs to the process, so a killed one never leaves it behind.
func lockDataDir(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create data folder: %w", err)
	}
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if !locked {
		return nil, &DataDirInUseError{Dir: dir}
	}
	return lock, nil
}

// database says where the state lives. An in-memory database has a random name,
// because servers in one process would share one of the same name.
func database(dataDir string) *config.SQL {
	cfg := &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
		DatabaseName:      "embedded-" + rand.Text(),
	}
	if dataDir != "" {
		file := url.URL{Path: filepath.Join(dataDir, databaseFile)} // the plugin builds a URI and does not escape
		cfg.DatabaseName = file.EscapedPath()
		// A write-ahead log survives a kill at any moment without a disk flush for
		// each of a workflow's many small commits. A power cut may cost the last
		// moments and never the file. Deleted histories are overwritten: who has
		// the file and the keys must not find somebody who was erased.
		cfg.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "normal", "secure_delete": "on"}
	}
	return cfg
}

// prepareDatabase leaves a database that has its tables and its namespace,
// whether it is new or comes from an earlier run.
func prepareDatabase(cfg *config.SQL, opts Options) error {
	if opts.DataDir != "" {
		if err := createTables(cfg, filepath.Join(opts.DataDir, databaseFile)); err != nil {
			return err
		}
	}
	namespace, err := sqlite.NewNamespaceConfig(clusterName, opts.Namespace, false, opts.SearchAttributes)
	if err != nil {
		return fmt.Errorf("describe namespace %q: %w", opts.Namespace, err)
	}
	namespace.Detail.Config.Retention = durationpb.New(opts.Retention)
	return sqlite.CreateNamespaces(cfg, namespace)
}

// createTables sets up the schema of a new file in one transaction: a process
// killed half-way leaves an empty file, not one that can never be started.
func createTables(cfg *config.SQL, path string) error {
	if err := createPrivateFile(path); err != nil {
		return err
	}
	return withDatabase(cfg, func(db sqlplugin.AdminDB) error {
		tables, err := db.ListTables(cfg.DatabaseName)
		if err != nil {
			return err
		}
		if len(tables) > 0 {
			return checkSchema(db)
		}
		// The plugin holds a single connection, so all these share it.
		if err := db.Exec("BEGIN"); err != nil {
			return err
		}
		if err := setUpSchema(db); err != nil {
			return errors.Join(err, db.Exec("ROLLBACK"))
		}
		return db.Exec("COMMIT")
	})
}

func setUpSchema(db sqlplugin.AdminDB) error {
	if err := sqlite.SetupSchemaOnDB(db); err != nil {
		return err
	}
	if err := db.CreateSchemaVersionTables(); err != nil {
		return err
	}
	return db.UpdateSchemaVersion(schemaName, schemaVersion, schemaVersion)
}

// checkSchema refuses a file of another schema at once. The server has no
// upgrade for SQLite and would fail much later, at the first missing column.
func checkSchema(db sqlplugin.AdminDB) error {
	found, err := db.ReadSchemaVersion(schemaName)
	if err != nil {
		return fmt.Errorf("read schema version (was the file made by another program?): %w", err)
	}
	if found != schemaVersion {
		return fmt.Errorf("the file has schema %s and this server needs %s: choose a new data folder, or run the release that wrote this one",
			found, schemaVersion)
	}
	return nil
}

// createPrivateFile makes SQLite inherit mode 0600 for the file and its log.
func createPrivateFile(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // a fixed name in the folder the caller chose
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return file.Close()
}

// settle moves everything from the write-ahead log into the database file, so
// that the one file is a whole backup. The plugin keeps its connection open
// until the process ends; there is nothing left to be written through it.
func settle(cfg *config.SQL) error {
	return withDatabase(cfg, func(db sqlplugin.AdminDB) error {
		return db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	})
}

func withDatabase(cfg *config.SQL, work func(sqlplugin.AdminDB) error) error {
	db, err := sql.NewSQLAdminDB(
		sqlplugin.DbKindUnknown, cfg, resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := work(db); err != nil {
		return errors.Join(fmt.Errorf("database %s: %w", cfg.DatabaseName, err), db.Close())
	}
	return db.Close()
}
