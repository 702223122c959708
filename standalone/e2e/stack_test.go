package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/demo"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/standalone/stack"
)

// shared is the stack that most tests use; TestMain starts it.
var shared *system

// system is a running stack with a simulated user.
type system struct {
	*stack.Stack
	user *demo.User
}

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "bioenroll-e2e")
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	binaries = filepath.Join(dir, "bin")
	impatient := options(filepath.Join(dir, "data"))
	impatient.Pace = enroll.DefaultPace()
	impatient.Pace.PollCap = 10 * time.Second // An answer that never comes is given up after half a minute.
	// The journey enrolls in the last quarter of a magic token's life: long
	// enough for a busy machine.
	impatient.Simulator.Lifetimes.BioIDMagicToken = 40 * time.Second
	if shared, err = startWith(context.Background(), impatient); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := shared.Stop(context.Background()); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// start brings up a stack on free ports.
func start(ctx context.Context, dir string) (*system, error) {
	return startWith(ctx, options(dir))
}

// options of a stack on free ports.
func options(dir string) stack.Options {
	return stack.Options{
		DataDir: dir, UIPort: embedded.Off, MetricsPort: embedded.Off, PagePort: embedded.Off, Log: zap.NewNop(),
		Simulator: simulator.Options{AutoUserDelay: 300 * time.Millisecond},
	}
}

func startWith(ctx context.Context, options stack.Options) (*system, error) {
	running, err := stack.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	return &system{Stack: running, user: demo.NewUser(running.SimulatorURL())}, nil
}

// own brings up a stack that belongs to one test.
func own(t *testing.T, dir string) *system {
	t.Helper()
	s, err := start(t.Context(), dir)
	require.NoError(t, err)
	return s
}

var subjects atomic.Int64

// subject is a name that no other test uses.
func subject() string { return fmt.Sprintf("e2e-%d", subjects.Add(1)) }

// account is an authID account that exists.
func (s *system) account(t *testing.T) string {
	t.Helper()
	number := subject()
	require.NoError(t, s.user.CreateAccount(t.Context(), number))
	return number
}

// begin starts a journey that hands over.
func (s *system) begin(t *testing.T, key string, request client.Request) client.Started {
	t.Helper()
	started, err := s.Client().Start(t.Context(), key, request)
	require.NoError(t, err)
	require.NotNil(t, started.HandOver, "%+v", started.Result)
	return started
}

// outcome waits for the end of a journey.
func (s *system) outcome(t *testing.T, started client.Started) enroll.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	result, err := s.Client().Wait(ctx, started.ID, started.RunID)
	require.NoError(t, err)
	return result
}

// complete is the person who finishes and the frontend that relays it.
func (s *system) complete(t *testing.T, started client.Started) {
	t.Helper()
	hint, body, err := s.user.Complete(t.Context(), started.HandOver)
	require.NoError(t, err)
	_, err = s.Client().Hint(t.Context(), started.ID, started.RunID, hint, body)
	require.NoError(t, err)
}

// entry is a line of the simulators' ledger.
type entry struct {
	Endpoint string   `json:"endpoint"`
	Subject  string   `json:"subject"`
	Effects  []string `json:"effects"`
	Fault    string   `json:"fault"`
}

// ledger reads what the providers saw of a subject.
func (s *system) ledger(t *testing.T, subject string) []entry {
	t.Helper()
	var entries []entry
	s.simulated(t, http.MethodGet, "/_sim/ledger?subject="+url.QueryEscape(subject), "", &entries)
	return entries
}

// count counts the calls of an endpoint for a subject.
func (s *system) count(t *testing.T, subject, endpoint string) int {
	t.Helper()
	n := 0
	for _, e := range s.ledger(t, subject) {
		if e.Endpoint == endpoint {
			n++
		}
	}
	return n
}

// simulated asks the simulators' control interface.
func (s *system) simulated(t *testing.T, method, path, body string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.user.Simulator+path, strings.NewReader(body))
	require.NoError(t, err)
	answer, err := s.user.HTTP.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close() //nolint:errcheck // the answer has been read
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", raw)
	if into != nil {
		require.NoError(t, json.Unmarshal(raw, into))
	}
}

func selfie(account string) enroll.AuthIDLiveSelfie {
	return enroll.AuthIDLiveSelfie{AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: account}}
}

func enrollment(account string) enroll.AuthIDEnrollment {
	return enroll.AuthIDEnrollment{AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: account}}
}

func photo(userID string) enroll.IProovPhotoEnrollment {
	return enroll.IProovPhotoEnrollment{UserID: userID, Image: enroll.Bytes(simulator.SampleImage(simulator.SampleLive)), Source: enroll.SourceEID}
}
