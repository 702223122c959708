package e2e_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/dial"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/standalone/bench/measure"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/standalone/skip"
	"github.com/bioenroll/bioenroll/standalone/stack"
)

// cost is what one journey costs.
type cost struct {
	calls   int // to its provider about its subject, those for access tokens left out
	events  int // of its history
	actions int // billable, as the server counts them
}

// accounts is a stack of its own, on which one journey runs at a time, so that
// whatever the server counts belongs to it.
type accounts struct {
	*system
	metrics string
	usual   *client.Client // the pace of the design
	hasty   *client.Client // polls after a second
	skips   *client.Client // the pace of the design, in a time that is not waited for
	last    string         // the subject of the journey under way
}

// openAccounts brings the stack up on a server that counts, and that skips the
// time of the journeys that ask for it.
func openAccounts(t *testing.T) *accounts {
	t.Helper()
	server, err := embedded.Start(t.Context(), embedded.Options{
		UIPort: embedded.Off, TimeSkipping: true, SearchAttributes: stack.SearchAttributes(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	at := sdk.Options{HostPort: server.FrontendAddress(), Namespace: sdk.DefaultNamespace}
	chosen := options(t.TempDir())
	chosen.External = &stack.External{Options: at}
	s, err := startWith(t.Context(), chosen)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })

	s.pauseHousekeeping(t)

	hasty := enroll.DefaultPace()
	hasty.HoldOff, hasty.PollFirst = time.Second, time.Second
	a := &accounts{system: s, metrics: "http://" + server.MetricsAddress() + "/metrics"}
	a.usual = a.client(t, at, enroll.DefaultPace())
	a.hasty = a.client(t, at, hasty)
	at.ConnectionOptions.DialOptions = []grpc.DialOption{skip.Waiting()}
	a.skips = a.client(t, at, enroll.DefaultPace())
	return a
}

// pauseHousekeeping keeps what the server does at the full hour out of the bill.
func (s *system) pauseHousekeeping(t *testing.T) {
	t.Helper()
	schedule := s.Temporal().ScheduleClient().GetHandle(t.Context(), enroll.HousekeepingSchedule)
	require.Eventually(t, func() bool { return schedule.Pause(t.Context(), sdk.SchedulePauseOptions{Note: "budgets"}) == nil }, time.Minute, 20*time.Millisecond)
}

// client starts journeys over a connection of its own.
func (a *accounts) client(t *testing.T, at sdk.Options, pace enroll.Pace) *client.Client {
	t.Helper()
	shared, err := keys.LoadOrCreate(a.KeyFile())
	require.NoError(t, err)
	temporal, err := dial.Dial(t.Context(), at, shared, zap.NewNop())
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	limits := enroll.DefaultLimits()
	limits.AuthIDTimeoutMin = 1
	c, err := client.New(client.Options{Temporal: temporal, Keys: shared, Sealed: a.Sealed(), Records: a.Records(), Pace: pace, Limits: limits})
	require.NoError(t, err)
	return c
}

// actions reads the server's counter once it stands still: an action is
// counted when it has been answered.
func (a *accounts) actions(t *testing.T) measure.Actions {
	t.Helper()
	read := func() measure.Actions {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.metrics, nil)
		require.NoError(t, err)
		answer, err := a.user.HTTP.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close() //nolint:errcheck // the answer has been read
		actions, err := measure.ReadActions(answer.Body, sdk.DefaultNamespace)
		require.NoError(t, err)
		return actions
	}
	last := read()
	require.Eventually(t, func() bool {
		before := last
		last = read()
		return maps.Equal(before, last)
	}, time.Minute, 50*time.Millisecond)
	return last
}

// events counts those of a history. The ones that tell of skipped time would
// not be there had it passed.
func (a *accounts) events(t *testing.T, started client.Started) int {
	t.Helper()
	n := 0
	history := a.Temporal().GetWorkflowHistory(t.Context(), started.ID, started.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(t, err)
		if event.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED {
			n++
		}
	}
	return n
}

// asked waits until authID was asked so often for the status.
func (a *accounts) asked(t *testing.T, times int) {
	t.Helper()
	require.Eventually(t, func() bool { return a.count(t, a.last, "authid.status") >= times }, time.Minute, 20*time.Millisecond)
}

// spend plays a path and tells what it cost.
func (a *accounts) spend(t *testing.T, p path) cost {
	t.Helper()
	request, with := p.request(t, a), a.usual
	if p.with != nil {
		with = p.with(a)
	}
	a.last = request.SubjectName()
	before := a.actions(t)
	started, err := with.Start(t.Context(), "key", request)
	require.NoError(t, err)
	if p.person != nil {
		require.NotNil(t, started.HandOver, "%+v", started.Result)
		p.person(t, a, started)
	}
	result := a.outcome(t, started)
	require.Equal(t, p.outcome, result.Outcome, "%+v", result)
	spent := a.actions(t).Since(before)
	spec, err := request.Journey().Spec()
	require.NoError(t, err)
	calls, err := a.user.Calls(t.Context(), spec.Provider, request.SubjectName(), 0)
	require.NoError(t, err)
	found := cost{calls: calls, events: a.events(t, started), actions: spent.Total()}
	t.Logf("%d calls, %d events, %d actions: %v", found.calls, found.events, found.actions, spent)
	return found
}

// path is one way through a journey.
type path struct {
	name    string
	request func(t *testing.T, a *accounts) client.Request
	with    func(a *accounts) *client.Client                        // nil is the usual one
	person  func(t *testing.T, a *accounts, started client.Started) // nil when nobody is waited for, or nobody comes
	outcome enroll.Outcome
	least   int // calls without which the path was not walked
}

// TestBudgets holds each path to what it may cost, through the real server and
// over the wire.
func TestBudgets(t *testing.T) {
	a, allowed := openAccounts(t), budgets()
	for _, p := range paths() {
		most, ok := allowed[p.name]
		require.True(t, ok, "%s has no budget", p.name)
		delete(allowed, p.name)
		t.Run(p.name, func(t *testing.T) {
			found := a.spend(t, p)
			require.GreaterOrEqual(t, found.calls, p.least, "provider calls: the wait was not played to its end")
			require.LessOrEqual(t, found.calls, most.calls, "provider calls")
			require.LessOrEqual(t, found.events, most.events, "history events")
			require.LessOrEqual(t, found.actions, most.actions, "billable actions")
		})
	}
	require.Empty(t, allowed, "each budget belongs to a path")
	t.Run("access_tokens_serve_many_journeys", func(t *testing.T) {
		for endpoint, most := range accessTokens() {
			found := a.count(t, "", endpoint)
			t.Logf("%d %s", found, endpoint)
			require.Positive(t, found)
			require.LessOrEqual(t, found, most, endpoint)
		}
	})
}

// completes is a person who finishes, and a frontend that relays it.
func completes(t *testing.T, a *accounts, started client.Started) {
	t.Helper()
	a.complete(t, started)
}

// completesSilently is a person whose frontend does not relay the end.
func completesSilently(t *testing.T, a *accounts, started client.Started) {
	t.Helper()
	_, _, err := a.user.Complete(t.Context(), started.HandOver)
	require.NoError(t, err)
}

// completesAfterRenewal is one who comes too late for the first hand-over.
func completesAfterRenewal(t *testing.T, a *accounts, started client.Started) {
	t.Helper()
	reply, err := a.Client().Renew(t.Context(), started.ID, started.RunID, "again")
	require.NoError(t, err)
	require.NotNil(t, reply.HandOver, "%+v", reply)
	started.HandOver = reply.HandOver
	a.complete(t, started)
}

// cancels is a backend that calls the journey off.
func cancels(t *testing.T, a *accounts, started client.Started) {
	t.Helper()
	require.NoError(t, a.Client().Cancel(t.Context(), started.ID, started.RunID))
}

// floods is a frontend that sends hints from many sides, and again whenever the
// provider has been asked, for a person who never comes.
func floods(t *testing.T, a *accounts, started client.Started) {
	t.Helper()
	const rounds, inRound = 5, 20
	a.hints(t, started, hintsInFlood-rounds*inRound)
	for round := range rounds {
		a.asked(t, round+2)
		a.hints(t, started, inRound)
	}
}

// hints sends so many, ten at a time.
func (a *accounts) hints(t *testing.T, started client.Started, count int) {
	t.Helper()
	const sides = 10
	var senders sync.WaitGroup
	failed := make([]error, sides)
	for side := range sides {
		senders.Go(func() {
			for range count / sides {
				if _, failed[side] = a.Client().Hint(t.Context(), started.ID, started.RunID, enroll.FinalPage, enroll.Hint{}); failed[side] != nil {
					return
				}
			}
		})
	}
	senders.Wait()
	require.NoError(t, errors.Join(failed...))
}
