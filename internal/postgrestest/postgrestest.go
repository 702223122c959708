// Package postgrestest runs a real PostgreSQL for the time of a test.
//
// The server listens on a Unix socket in a folder of its own and nowhere else,
// so tests that run at once do not meet. It runs as another user when the test
// runs as root, because PostgreSQL refuses to run as root, and it ends with the
// test, also when the test is killed.
package postgrestest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver
	"github.com/stretchr/testify/require"
)

// NoSkip is the variable that turns a missing PostgreSQL from a skipped test
// into a failed one.
const NoSkip = "BIOENROLL_TEST_NO_SKIP"

// patience is how long the server may take to start or to stop.
const patience = time.Minute

// Server is a running PostgreSQL.
type Server struct {
	folder    string
	databases atomic.Int64
}

// Start runs a PostgreSQL until the test ends. The test is skipped when none
// is installed; with BIOENROLL_TEST_NO_SKIP=1 it fails.
func Start(t *testing.T) *Server {
	t.Helper()
	programs, found := find()
	if !found {
		const hint = "PostgreSQL is not installed; apt-get install postgresql"
		if os.Getenv(NoSkip) == "1" {
			t.Fatal(hint)
		}
		t.Skip(hint)
	}
	user, err := serverUser()
	require.NoError(t, err)
	folder, err := os.MkdirTemp("/tmp", "bioenroll-postgres-") //nolint:usetesting // other users cannot enter t.TempDir, and its name can be too long for a socket
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	if user != nil {
		require.NoError(t, os.Chown(folder, int(user.Uid), int(user.Gid)))
	}
	data := filepath.Join(folder, "data")
	prepare := command(t.Context(), folder, user, filepath.Join(programs, "initdb"), "--pgdata", data, "--username", "test", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
	output, err := prepare.CombinedOutput()
	require.NoError(t, err, "initdb: %s", output)

	server := &Server{folder: folder}
	server.run(t, command(context.WithoutCancel(t.Context()), folder, user, filepath.Join(programs, "postgres"), "-D", data, "-k", folder,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"))
	return server
}

// run starts the server, waits until it answers, and stops it with the test.
func (s *Server) run(t *testing.T, server *exec.Cmd) {
	t.Helper()
	log, err := os.Create(filepath.Join(s.folder, "log"))
	require.NoError(t, err)
	server.Stdout, server.Stderr = log, log
	ended := supervise(server)
	t.Cleanup(func() {
		// SIGINT is PostgreSQL's fast shutdown: connections are cut.
		if server.Process != nil {
			_ = server.Process.Signal(syscall.SIGINT)
		}
		<-ended
		require.NoError(t, log.Close())
	})
	require.Eventually(t, func() bool { return s.ping(t.Context()) == nil }, patience, 20*time.Millisecond, "PostgreSQL does not answer")
}

// ping asks whether the server takes connections.
func (s *Server) ping(ctx context.Context) error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	return errors.Join(db.PingContext(ctx), db.Close())
}

// url returns the address of a database of the server.
func (s *Server) url(database string) string {
	address := url.URL{Scheme: "postgres", User: url.User("test"), Path: "/" + database, RawQuery: url.Values{"host": {s.folder}}.Encode()}
	return address.String()
}

// Database makes an empty database and returns its URL.
func (s *Server) Database(t *testing.T) string {
	t.Helper()
	db, err := sql.Open("pgx", s.url("postgres"))
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // nothing is under way
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	return s.url(name)
}

// find returns the folder of PostgreSQL's programs: the newest that Debian
// installed, or that of the search path.
func find() (string, bool) {
	newest, folder := 0, ""
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	for _, program := range found {
		bin := filepath.Dir(program)
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
		if err == nil && version > newest {
			newest, folder = version, bin
		}
	}
	if folder != "" {
		return folder, true
	}
	program, err := exec.LookPath("initdb")
	if err != nil {
		return "", false
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return "", false
	}
	return filepath.Dir(program), true
}

// command returns a command of the server in its folder, without the settings
// that the environment may hold for PostgreSQL's programs.
func command(ctx context.Context, folder string, user *syscall.Credential, program string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, arguments...) //nolint:gosec // the programs that find found
	command.Dir = folder
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PG") {
			command.Env = append(command.Env, variable)
		}
	}
	command.SysProcAttr = attributes(user)
	return command
}
