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
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/testserver"
)

// patience is how long the server may take to start.
const patience = time.Minute

// errMissing says that there is no PostgreSQL to run, and how to get one.
var errMissing = errors.New("PostgreSQL is not installed; apt-get install postgresql")

// Server is a running PostgreSQL.
type Server struct {
	folder    string
	process   *exec.Cmd
	ended     <-chan struct{}
	databases atomic.Int64
}

// Start runs a PostgreSQL until the test ends. The test is skipped when none
// is installed; with BIOENROLL_TEST_NO_SKIP=1 it fails.
func Start(t *testing.T) *Server {
	t.Helper()
	server, err := launch(context.WithoutCancel(t.Context()))
	check(t, err)
	t.Cleanup(func() { require.NoError(t, server.stop()) })
	return server
}

// Shared is one PostgreSQL for all tests of a package. It starts with the first
// test that needs it.
type Shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Run runs the tests of a package, stops the server and returns the exit code,
// for TestMain.
func (s *Shared) Run(m *testing.M) int {
	code := m.Run()
	if s.server == nil {
		return code
	}
	if err := s.server.stop(); err != nil && code == 0 {
		return 1
	}
	return code
}

// Database makes an empty database and returns its URL. The test is skipped
// when PostgreSQL is not installed; with BIOENROLL_TEST_NO_SKIP=1 it fails.
func (s *Shared) Database(t *testing.T) string {
	t.Helper()
	s.once.Do(func() { s.server, s.err = launch(context.WithoutCancel(t.Context())) })
	check(t, s.err)
	return s.server.Database(t)
}

// check skips or fails a test whose server did not start.
func check(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, errMissing) {
		testserver.Missing(t, err.Error())
	}
	require.NoError(t, err)
}

// launch starts a server with an empty cluster and waits until it answers.
func launch(ctx context.Context) (*Server, error) {
	programs, found := find()
	if !found {
		return nil, errMissing
	}
	user, err := serverUser()
	if err != nil {
		return nil, err
	}
	// Other users cannot enter a test's own folder, and its name can be too long
	// for a socket.
	folder, err := os.MkdirTemp("/tmp", "bioenroll-postgres-")
	if err != nil {
		return nil, err
	}
	server := &Server{folder: folder}
	if err := server.start(ctx, programs, user); err != nil {
		return nil, errors.Join(err, server.stop())
	}
	return server, nil
}

// start makes the cluster in the server's folder and runs it.
func (s *Server) start(ctx context.Context, programs string, user *syscall.Credential) error {
	if user != nil {
		if err := os.Chown(s.folder, int(user.Uid), int(user.Gid)); err != nil {
			return err
		}
	}
	data := filepath.Join(s.folder, "data")
	prepare := command(ctx, s.folder, user, filepath.Join(programs, "initdb"), "--pgdata", data, "--username", "test", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
	if output, err := prepare.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, output)
	}
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the server has its own
	s.process = command(ctx, s.folder, user, filepath.Join(programs, "postgres"), "-D", data, "-k", s.folder,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200")
	s.process.Stdout, s.process.Stderr = log, log
	s.ended = testserver.Supervise(s.process)
	return s.await(ctx)
}

// await returns when the server takes connections.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for s.ping(ctx) != nil {
		select {
		case <-again.C:
		case <-s.ended:
			output, err := os.ReadFile(filepath.Join(s.folder, "log"))
			return errors.Join(fmt.Errorf("PostgreSQL ended: %s", output), err)
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", ctx.Err())
		}
	}
	return nil
}

// stop ends the server and removes its folder.
func (s *Server) stop() error {
	if s.process != nil && s.process.Process != nil {
		// SIGINT is PostgreSQL's fast shutdown: connections are cut.
		_ = s.process.Process.Signal(syscall.SIGINT)
		<-s.ended
	}
	return os.RemoveAll(s.folder)
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
