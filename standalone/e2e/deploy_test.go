package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/worker/host"
)

// TestStop sends SIGTERM to a worker that is in the middle of every kind of
// call that may be made once. Were one cut off, its journey could only end
// unknown.
func TestStop_lets_once_only_calls_finish_and_report(t *testing.T) {
	t.Parallel()
	s := workerless(t, func(pace *enroll.Pace) { pace.HoldOff = 10 * time.Minute })
	texted, photographed, verified, trained := subject(), subject(), subject(), class()
	s.simulated(t, http.MethodPost, "/_sim/preload",
		fmt.Sprintf(`{"authid": {"accounts": [{"account_number": %q, "phone": "+15550123"}]}}`, texted), nil)
	bySMS := enrollment(texted)
	bySMS.TransportType = enroll.TransportSMS
	rows := []struct {
		subject, endpoint, effect string
		request                   client.Request
	}{
		{texted, "authid.create_operation", "message_sent", bySMS},
		{trained, "bioid.enroll", "class_trained", withSamples(t, trained)},
		{photographed, "iproov.enrol_image", "image_enrolled", photo(photographed)},
		{verified, "iproov.verify_validate", "result_given_out", photo(verified)},
	}
	for _, row := range rows {
		s.strike(t, simulator.Fault{Match: simulator.FaultMatch{Endpoint: row.endpoint, Subject: row.subject}, Kind: "delay", DelayMS: 4000})
	}

	stop := s.worker(t)
	ended := make(chan error, len(rows))
	for _, row := range rows {
		go func() { ended <- s.play(t.Context(), row.request) }()
	}
	for _, row := range rows {
		require.Eventually(t, func() bool { return s.count(t, row.subject, row.endpoint) == 1 }, time.Minute, 20*time.Millisecond, row.endpoint)
	}
	stop(t)

	stop = s.worker(t)
	for range rows {
		require.NoError(t, <-ended)
	}
	for _, row := range rows {
		require.Equal(t, 1, s.count(t, row.subject, row.endpoint), row.endpoint)
		require.Equal(t, 1, s.effects(t, row.subject, row.effect), row.effect)
	}
	stop(t)
}

// TestVersions rolls a release forward and back while journeys wait. The two
// versions ask authID at addresses of their own, so it shows which of them
// made a call.
func TestVersions(t *testing.T) { //nolint:tparallel // its parts build on each other
	t.Parallel()
	s := workerless(t, func(pace *enroll.Pace) { pace.HoldOff = 10 * time.Minute })
	doors := map[string]*door{"1": newDoor(t, s.SimulatorURL()), "2": newDoor(t, s.SimulatorURL())}
	version := func(build string) variables {
		return variables{"AUTHID_BASE_URL": doors[build].url(), host.Deployment: "bioenroll", host.BuildID: build}
	}
	// completed finishes a journey and tells which version did it.
	completed := func(started client.Started) string {
		before := doors["1"].asked.Load()
		s.complete(t, started)
		require.Equal(t, enroll.Enrolled, s.outcome(t, started).Outcome)
		if doors["1"].asked.Load() > before {
			return "1"
		}
		return "2"
	}

	stopUnversioned := s.host(t, nil)
	unversioned := s.begin(t, "key", enrollment(s.account(t)))
	s.host(t, version("1"))
	s.makeCurrent(t, "1")
	first := s.begin(t, "key", enrollment(s.account(t)))
	s.host(t, version("2"))
	s.makeCurrent(t, "2")
	second := s.begin(t, "key", enrollment(s.account(t)))
	s.makeCurrent(t, "1")
	rolledBack := s.begin(t, "key", enrollment(s.account(t)))

	t.Run("end_the_journeys_that_they_began", func(t *testing.T) {
		for started, build := range map[*client.Started]string{&first: "1", &second: "2", &rolledBack: "1"} {
			require.Equal(t, build, s.pinnedTo(t, *started))
			require.Equal(t, build, completed(*started), "its steps run where its story does")
		}
	})
	t.Run("take_over_what_began_before_there_were_versions", func(t *testing.T) {
		stopUnversioned()
		require.Equal(t, "1", completed(unversioned))
	})
	t.Run("are_seen_by_the_health_check", func(t *testing.T) {
		require.Zero(t, finish(t, program(t, "worker", s.with(nil), "healthcheck")).code)
	})
	t.Run("can_be_given_up_again", func(t *testing.T) {
		last := s.begin(t, "key", enrollment(s.account(t)))
		s.host(t, nil)
		s.makeCurrent(t, "")
		after := s.begin(t, "key", enrollment(s.account(t)))
		require.Empty(t, s.pinnedTo(t, after))
		require.Equal(t, "1", completed(last))
		s.complete(t, after)
		require.Equal(t, enroll.Enrolled, s.outcome(t, after).Outcome)
	})
}

// makeCurrent sends new journeys to a version, or with no build ID to workers
// without one. The server refuses until it has seen the version's workers, and
// tells its task queues by and by.
func (s *system) makeCurrent(t *testing.T, build string) {
	t.Helper()
	deployment := s.Temporal().WorkerDeploymentClient().GetHandle("bioenroll")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		_, err := deployment.SetCurrentVersion(t.Context(), sdk.WorkerDeploymentSetCurrentVersionOptions{BuildID: build})
		require.NoError(c, err)
	}, time.Minute, 100*time.Millisecond)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		described, err := s.Temporal().WorkflowService().DescribeWorkerDeployment(t.Context(), &workflowservice.DescribeWorkerDeploymentRequest{
			Namespace: sdk.DefaultNamespace, DeploymentName: "bioenroll",
		})
		require.NoError(c, err)
		require.NotEqual(c, enumspb.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS, described.GetWorkerDeploymentInfo().GetRoutingConfigUpdateState())
	}, time.Minute, 20*time.Millisecond)
}

// pinnedTo tells the version that a journey stays with, if any.
func (s *system) pinnedTo(t *testing.T, started client.Started) string {
	t.Helper()
	described, err := s.Temporal().DescribeWorkflowExecution(t.Context(), started.ID, started.RunID)
	require.NoError(t, err)
	info := described.GetWorkflowExecutionInfo().GetVersioningInfo()
	if info.GetBehavior() != enumspb.VERSIONING_BEHAVIOR_PINNED {
		return ""
	}
	return info.GetDeploymentVersion().GetBuildId()
}
