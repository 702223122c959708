// Package s3test runs a real S3-compatible server for the time of a test.
//
// It is versitygw, which keeps buckets as folders. `make bin/versitygw` builds
// it from the Go module proxy. The server listens on a free port of this
// machine, keeps everything in a folder of its own, and ends with the test, also
// when the test is killed.
package s3test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/testserver"
)

// The credentials of every server.
const (
	AccessKey = "test-access-key"
	SecretKey = "test-secret-key"
)

// program is the server's name, in bin of the checkout or on the search path.
const program = "versitygw"

// patience is how long the server may take to start.
const patience = 30 * time.Second

// errMissing says that there is no server to run, and how to get one.
var errMissing = errors.New("versitygw is not there; make bin/versitygw")

// Server is a running S3-compatible server.
type Server struct {
	// Endpoint is its address.
	Endpoint string

	folder  string
	cancel  context.CancelFunc
	ended   <-chan struct{}
	buckets atomic.Int64
}

// Start runs a server until the test ends. The test is skipped when the server
// has not been built; with BIOENROLL_TEST_NO_SKIP=1 it fails.
func Start(tb testing.TB) *Server {
	tb.Helper()
	server, err := launch()
	check(tb, err)
	tb.Cleanup(server.stop)
	return server
}

// Bucket makes an empty bucket and returns its name.
func (s *Server) Bucket(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("bucket%d", s.buckets.Add(1))
	// A folder beside the others is a bucket.
	require.NoError(tb, os.Mkdir(filepath.Join(s.folder, "buckets", name), 0o700))
	return name
}

// Shared is one server for all tests of a package. It starts with the first
// test that needs it.
type Shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Run runs the tests of a package, stops the server and returns the exit code,
// for TestMain.
func (s *Shared) Run(m *testing.M) int {
	defer func() {
		if s.server != nil {
			s.server.stop()
		}
	}()
	return m.Run()
}

// Bucket makes an empty bucket and returns the server and the bucket's name.
// The test is skipped or fails as with Start.
func (s *Shared) Bucket(tb testing.TB) (*Server, string) {
	tb.Helper()
	s.once.Do(func() { s.server, s.err = launch() })
	check(tb, s.err)
	return s.server, s.server.Bucket(tb)
}

// check skips or fails a test whose server did not start.
func check(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, errMissing) {
		testserver.Missing(tb, err.Error())
	}
	require.NoError(tb, err)
}

// launch starts a server and waits until it answers.
func launch() (*Server, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "bioenroll-s3-")
	if err != nil {
		return nil, err
	}
	server := &Server{folder: folder}
	if err := server.start(path); err != nil {
		server.stop()
		return nil, err
	}
	return server, nil
}

func (s *Server) start(path string) error {
	buckets := filepath.Join(s.folder, "buckets")
	if err := os.Mkdir(buckets, 0o700); err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return err
	}
	defer log.Close()                                       //nolint:errcheck // the server has its own
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // the server outlives the test that needs it first
	s.cancel, s.Endpoint = cancel, "http://"+address
	command := exec.CommandContext(ctx, path, "--port", address, "--quiet", "posix", buckets) //nolint:gosec // the program that find found
	command.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+AccessKey, "ROOT_SECRET_ACCESS_KEY="+SecretKey)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = attributes()
	s.ended = testserver.Supervise(command)
	return s.await(ctx)
}

// await returns when the server answers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for s.ask(ctx) != nil {
		select {
		case <-again.C:
		case <-s.ended:
			output, err := os.ReadFile(filepath.Join(s.folder, "log"))
			return errors.Join(fmt.Errorf("versitygw ended: %s", output), err)
		case <-ctx.Done():
			return fmt.Errorf("versitygw does not answer: %w", ctx.Err())
		}
	}
	return nil
}

// ask reports whether the server answers at all.
func (s *Server) ask(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint, http.NoBody)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// stop ends the server and removes its folder.
func (s *Server) stop() {
	if s.ended != nil {
		s.cancel()
		<-s.ended
	}
	_ = os.RemoveAll(s.folder)
}

// find returns the server's program.
func find() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for range strings.Count(folder, string(filepath.Separator)) {
		built := filepath.Join(folder, "bin", program)
		if _, err := os.Stat(built); err == nil {
			return built, nil
		}
		folder = filepath.Dir(folder)
	}
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	return "", errMissing
}

// freeAddress returns an address on this machine that nobody listens on.
func freeAddress() (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0") //nolint:forbidigo // it does not wait
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
