package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/providerset"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/worker/host"
)

// TestHang lets authID take every call and answer none, while hundreds of
// journeys there want to know their outcome.
func TestHang_of_a_provider_holds_up_its_own_journeys_only(t *testing.T) {
	t.Parallel()
	const crowd, others, slots = 200, 20, 10
	s := workerless(t, func(pace *enroll.Pace) { pace.HoldOff, pace.PollFirst = time.Second, time.Second })
	s.host(t, variables{host.SlotsSetting(enroll.AuthID): strconv.Itoa(slots), providerset.HTTPTimeout: "2s"})
	_, started := s.waiting(t, crowd)

	s.strike(t, simulator.Fault{Match: simulator.FaultMatch{Provider: string(enroll.AuthID)}, Kind: "delay", DelayMS: 5000, Times: -1})
	before := s.newest(t)
	s.each(t, crowd, func(i int) error { return s.finish(t.Context(), started[i]) })
	require.Eventually(t, func() bool { return len(s.calls(t, status, before)) >= slots }, time.Minute, 100*time.Millisecond, "all slots hang")

	s.each(t, others, func(int) error { return s.play(t.Context(), enroll.BioIDEnrollment{BCID: class()}) })
	s.each(t, others, func(int) error { return s.play(t.Context(), photo(subject())) })
	s.each(t, others, func(int) error {
		return s.play(t.Context(), enroll.SmartIDEnrollment{User: subject(), Template: "template", PayLoad: "payload"})
	})
	require.Equal(t, crowd, s.running(t, started), "those at authID are under way still")

	s.simulated(t, http.MethodDelete, "/_sim/faults", "", nil)
	s.requireEnrolled(t, started)
}

// TestOutage takes authID away while everybody finishes, and gives it back.
func TestOutage(t *testing.T) {
	t.Parallel()
	const crowd, rate = 40, 8
	for _, row := range []struct {
		name string
		down func(t *testing.T, s *system, door *door) (up func())
	}{
		{"with_503", func(t *testing.T, s *system, _ *door) (up func()) {
			t.Helper()
			s.strike(t, simulator.Fault{Match: simulator.FaultMatch{Provider: string(enroll.AuthID)}, Kind: "status", Status: 503, Times: -1})
			return func() { s.simulated(t, http.MethodDelete, "/_sim/faults", "", nil) }
		}},
		{"with_refused_connections", func(t *testing.T, _ *system, door *door) (up func()) {
			t.Helper()
			door.shut(t)
			return func() { door.open(t) }
		}},
	} {
		t.Run(row.name+"_is_waited_out_and_ends_at_a_bounded_rate", func(t *testing.T) {
			t.Parallel()
			s := workerless(t, func(pace *enroll.Pace) { pace.HoldOff, pace.PollFirst, pace.PollFactor = time.Second, time.Second, 1 })
			door := newDoor(t, s.SimulatorURL())
			at := variables{"AUTHID_BASE_URL": door.url()}
			stop := s.host(t, at)
			_, started := s.waiting(t, crowd)
			up := row.down(t, s, door)
			stop()
			at[host.RateSetting(enroll.AuthID)] = strconv.Itoa(rate)
			s.host(t, at)

			s.each(t, crowd, func(i int) error { return s.finish(t.Context(), started[i]) })
			s.requireTried(t, started)
			require.Equal(t, crowd, s.running(t, started), "nobody's journey ends because authID is away")
			before := s.newest(t)
			up()
			s.requireEnrolled(t, started)

			// The server lets a second's worth go at once, and then the rate.
			busiest := busiestSecond(s.calls(t, status, before))
			t.Logf("%d calls in the busiest second at %d a second", busiest, rate)
			require.LessOrEqual(t, busiest, 2*rate)
		})
	}
}

// TestAccessTokens lets a crowd want a token at the same moment: a worker that
// has just started has none.
func TestAccessTokens(t *testing.T) {
	t.Parallel()
	s := workerless(t, func(pace *enroll.Pace) { pace.BeginBudget = patience })
	s.host(t, variables{providerset.Chosen: string(enroll.SmartID)})

	t.Run("of_authID_is_asked_for_once_for_a_thousand_journeys", func(t *testing.T) {
		t.Parallel()
		const crowd = 1000
		patient, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		ended := make(chan error, crowd)
		for range crowd {
			go func() {
				started, err := s.Client().Start(patient, "key", enrollment(subject())) // Nobody that authID knows.
				if err == nil && (started.Result == nil || started.Result.Reason != enroll.ReasonAccountNotFound) {
					err = fmt.Errorf("started as %+v", started)
				}
				ended <- err
			}()
		}
		s.requireBacklog(t, crowd)
		before := s.newest(t)
		s.host(t, variables{
			providerset.Chosen: string(enroll.AuthID), host.SlotsSetting(enroll.AuthID): strconv.Itoa(crowd), host.RateSetting(enroll.AuthID): "10000",
		})
		for range crowd {
			require.NoError(t, <-ended)
		}
		require.Len(t, s.calls(t, "authid.read_account", before), crowd)
		require.Len(t, s.calls(t, "authid.token", before), 1)
	})

	t.Run("of_iProov_is_asked_for_as_often_as_its_fifty_calls_are_used_up", func(t *testing.T) {
		t.Parallel()
		const crowd, callsOfOneToken = 60, 50
		stop := s.host(t, variables{providerset.Chosen: string(enroll.IProov)})
		started := make([]client.Started, crowd)
		s.each(t, crowd, func(i int) (err error) {
			started[i], err = s.Client().Start(t.Context(), "key", photo(subject()))
			return err
		})
		stop()
		before := s.newest(t)
		s.each(t, crowd, func(i int) error { return s.Client().Cancel(t.Context(), started[i].ID, started[i].RunID) })
		s.host(t, variables{providerset.Chosen: string(enroll.IProov)})
		for _, one := range started {
			require.Equal(t, enroll.Canceled, s.outcome(t, one).Outcome)
		}
		require.Len(t, s.calls(t, "iproov.delete_user", before), crowd)
		require.Len(t, s.calls(t, "iproov.access_token", before), (crowd+callsOfOneToken-1)/callsOfOneToken)
	})
}

// finish is the person who finishes and the frontend that relays it.
func (s *system) finish(ctx context.Context, started client.Started) error {
	hint, body, err := s.user.Complete(ctx, started.HandOver)
	if err != nil {
		return err
	}
	_, err = s.Client().Hint(ctx, started.ID, started.RunID, hint, body)
	return err
}

// play runs a journey that must succeed.
func (s *system) play(ctx context.Context, request client.Request) error {
	started, err := s.Client().Start(ctx, "key", request)
	if err != nil {
		return err
	}
	if started.HandOver != nil {
		if err := s.finish(ctx, started); err != nil {
			return err
		}
	}
	result, err := s.Client().Wait(ctx, started.ID, started.RunID)
	if err == nil && !result.Outcome.Success() {
		err = fmt.Errorf("%s ended as %+v", request.Journey(), result)
	}
	return err
}

// running counts the journeys that have not ended.
func (s *system) running(t *testing.T, started []client.Started) int {
	t.Helper()
	count := 0
	for _, one := range started {
		described, err := s.Temporal().DescribeWorkflowExecution(t.Context(), one.ID, one.RunID)
		require.NoError(t, err)
		if described.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			count++
		}
	}
	return count
}

// requireTried waits until every journey has asked in vain.
func (s *system) requireTried(t *testing.T, started []client.Started) {
	t.Helper()
	for _, one := range started {
		require.Eventually(t, func() bool {
			described, err := s.Temporal().DescribeWorkflowExecution(t.Context(), one.ID, one.RunID)
			require.NoError(t, err)
			for _, pending := range described.GetPendingActivities() {
				if pending.GetLastFailure().GetApplicationFailureInfo().GetType() == string(enroll.KindUnavailable) {
					return true
				}
			}
			return false
		}, 2*time.Minute, 50*time.Millisecond)
	}
}

func (s *system) requireEnrolled(t *testing.T, started []client.Started) {
	t.Helper()
	for _, one := range started {
		require.Equal(t, enroll.Enrolled, s.outcome(t, one).Outcome)
	}
}

// busiestSecond is the most calls in any one second.
func busiestSecond(calls []simulator.Entry) int {
	most, first := 0, 0
	for last := range calls {
		for calls[last].Time.Sub(calls[first].Time) >= time.Second {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

// door is an address of the simulators that can be shut: connections are
// refused then.
type door struct {
	address string
	behind  http.Handler
	server  *http.Server
	asked   atomic.Int64 // calls that came through
}

func newDoor(t *testing.T, simulators string) *door {
	t.Helper()
	behind, err := url.Parse(simulators)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(behind)
	d := &door{address: "127.0.0.1:0"}
	d.behind = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.asked.Add(1)
		proxy.ServeHTTP(w, r)
	})
	d.open(t)
	t.Cleanup(func() { _ = d.server.Close() })
	return d
}

func (d *door) url() string { return "http://" + d.address }

func (d *door) open(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", d.address)
	require.NoError(t, err)
	d.address = listener.Addr().String()
	d.server = &http.Server{Handler: d.behind, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = d.server.Serve(listener) }() // It ends when the door is shut.
}

func (d *door) shut(t *testing.T) {
	t.Helper()
	require.NoError(t, d.server.Close())
}
