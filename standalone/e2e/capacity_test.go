package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/providerset"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/worker/host"
)

// patience bounds what a busy machine may take to bring a crowd under way.
const patience = 10 * time.Minute

// status is the endpoint that a confirm at authID asks.
const status = "authid.status"

// TestPriority lets backup polls pile up at a provider that answers one at a
// time, and then lets some people finish.
func TestPriority_serves_those_who_finished_before_backup_polls(t *testing.T) {
	t.Parallel()
	const waiting, finishing = 60, 5
	s := workerless(t, func(pace *enroll.Pace) { pace.HoldOff, pace.PollFirst, pace.PollFactor = time.Second, time.Second, 1 })
	stop := s.host(t, nil)
	accounts, started := s.waiting(t, waiting+finishing)
	stop()

	// The stories go on; nobody serves authID, so whatever is due there queues.
	s.host(t, variables{providerset.Chosen: string(enroll.SmartID)})
	s.requireBacklog(t, waiting+finishing)
	for _, one := range started[waiting:] {
		s.complete(t, one)
	}
	s.requireBacklog(t, waiting+2*finishing)
	before := s.newest(t)

	s.strike(t, simulator.Fault{Match: simulator.FaultMatch{Endpoint: status}, Kind: "delay", DelayMS: 200, Times: -1})
	s.host(t, variables{providerset.Chosen: string(enroll.AuthID), host.SlotsSetting(enroll.AuthID): "1"})
	for _, one := range started[waiting:] {
		require.Equal(t, enroll.Enrolled, s.outcome(t, one).Outcome)
	}

	unserved := set(accounts[waiting:])
	overtaken := 0
	for _, e := range s.calls(t, status, before) {
		if delete(unserved, e.Subject); len(unserved) == 0 {
			break
		}
		if !set(accounts[waiting:])[e.Subject] {
			overtaken++
		}
	}
	require.Empty(t, unserved)
	t.Logf("%d polls of %d went before the last of %d confirms", overtaken, waiting, finishing)
	require.LessOrEqual(t, overtaken, waiting/3, "the partitions of a queue learn of each other's backlogs with a delay, no more")
}

// workerless brings up a stack without a worker, with a pace of its own.
func workerless(t *testing.T, set func(*enroll.Pace)) *system {
	t.Helper()
	o := options(t.TempDir())
	o.NoWorker, o.Pace = true, enroll.DefaultPace()
	set(&o.Pace)
	s, err := startWith(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })
	return s
}

// host runs a worker in this process, with some variables changed, until it
// is stopped or the test ends.
func (s *system) host(t *testing.T, changed variables) (stop func()) {
	t.Helper()
	src := config.NewSource(config.Map(s.with(changed)))
	settings := host.Load(src)
	require.NoError(t, src.Err())
	running, err := host.Start(t.Context(), s.Temporal(), settings, zap.NewNop())
	require.NoError(t, err)
	t.Cleanup(running.Stop)
	return running.Stop
}

// waiting starts so many enrollments at authID and returns when all wait for
// their person.
func (s *system) waiting(t *testing.T, count int) (accounts []string, started []client.Started) {
	t.Helper()
	accounts, started = make([]string, count), make([]client.Started, count)
	for i := range accounts {
		accounts[i] = s.account(t)
	}
	s.each(t, count, func(i int) (err error) {
		started[i], err = s.Client().Start(t.Context(), "key", enrollment(accounts[i]))
		if err == nil && started[i].HandOver == nil {
			err = fmt.Errorf("no hand-over: %+v", started[i].Result)
		}
		return err
	})
	return accounts, started
}

// each does something for every index, a few at a time.
func (s *system) each(t *testing.T, count int, do func(i int) error) {
	t.Helper()
	errs := make([]error, count)
	var group sync.WaitGroup
	slots := make(chan struct{}, 20)
	for i := range count {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = do(i)
		})
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// requireBacklog waits until so many steps at authID wait for a worker.
func (s *system) requireBacklog(t *testing.T, atLeast int) {
	t.Helper()
	require.Eventually(t, func() bool {
		described, err := s.Temporal().WorkflowService().DescribeTaskQueue(t.Context(), &workflowservice.DescribeTaskQueueRequest{
			Namespace: sdk.DefaultNamespace, TaskQueue: &taskqueuepb.TaskQueue{Name: enroll.AuthID.TaskQueue()},
			TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY, ReportStats: true,
		})
		return err == nil && described.GetStats().GetApproximateBacklogCount() >= int64(atLeast)
	}, patience, 100*time.Millisecond, "a backlog of %d", atLeast)
}

// calls reads what an endpoint was asked after an entry of the ledger.
func (s *system) calls(t *testing.T, endpoint string, since uint64) []simulator.Entry {
	t.Helper()
	var entries []simulator.Entry
	s.simulated(t, http.MethodGet, fmt.Sprintf("/_sim/ledger?endpoint=%s&since=%d", endpoint, since), "", &entries)
	return entries
}

// newest is the number of the ledger's last entry.
func (s *system) newest(t *testing.T) uint64 {
	t.Helper()
	seq, err := s.user.Now(t.Context())
	require.NoError(t, err)
	return seq
}

func set(names []string) map[string]bool {
	members := make(map[string]bool, len(names))
	for _, name := range names {
		members[name] = true
	}
	return members
}
