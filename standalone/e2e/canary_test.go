package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/proxy"
	querypb "go.temporal.io/api/query/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/canary"
)

// TestCanary plants secrets, people and pictures in journeys of all kinds, lets
// them succeed, be refused, go wrong, be canceled, expire and crash, and then
// searches everything that was written for what was planted.
//
// Not searched is what is meant for the caller, or is the provider's: the
// output of start, hand-over and renew, and the simulators' own state. The key
// file holds keys and nothing of these journeys.
func TestCanary(t *testing.T) {
	s := setStage(t)
	end, door := s.work(t), s.openDoor(t)
	t.Run("journeys", func(t *testing.T) {
		for _, l := range s.lives(t) {
			t.Run(strings.ReplaceAll(l.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				s.lead(t, l)
			})
		}
		for _, l := range s.livesAtDoor(t) {
			t.Run(strings.ReplaceAll(l.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				door.lead(t, l)
			})
		}
	})
	s.startByStarter(t)
	s.operate(t)
	door.operate(t)
	door.refuse(t)
	s.eraseThem(t)
	door.end(syscall.SIGTERM)
	s.openDoor(t).crash(t)
	end(syscall.SIGTERM)
	s.crash(t)

	exported := s.exported(t, nil)
	for _, known := range []string{"IProovEnrolImage", "POST /v1/journeys"} {
		require.Contains(t, s.collector.raw(), known, "traces can be read")
	}
	exported["queries, metrics, and what browsers are told"], exported["traces"] = s.answered, []byte(s.collector.raw())
	t.Run("nothing_is_in_clear", func(t *testing.T) {
		s.requireNowhere(t, exported, s.needles())
	})
	t.Run("operators_are_told_no_secret_and_no_name", func(t *testing.T) {
		p := &s.planted
		s.requireAbsent(t, "what operators are told", s.told, slices.Concat(p.personal, p.content, p.credentials, p.metadata, p.door, s.tap.needles()))
	})
	t.Run("no_content_is_in_a_history_even_for_those_with_keys", func(t *testing.T) {
		s.requireNoContent(t)
	})
	t.Run("those_who_were_erased_are_nowhere_even_for_those_with_keys", func(t *testing.T) {
		s.requireErased(t)
	})
	s.close(t)
	t.Run("nothing_is_left_in_clear_after_the_end", func(t *testing.T) {
		s.requireNowhere(t, nil, append(s.needles(), s.ciphertext...))
	})
	t.Run("the_search_would_have_found_it", func(t *testing.T) {
		s.requireSharp(t)
	})
}

// needles are all planted values and all secrets that the providers gave out.
func (s *stage) needles() []canary.Needle {
	p := &s.planted
	return slices.Concat(p.personal, p.content, p.credentials, p.metadata, p.shown, p.door, s.tap.needles())
}

// startByStarter starts journeys from files, as a shell does. Its output is
// meant for the caller; what else it leaves is searched.
func (s *stage) startByStarter(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{
		{
			"start", "smartid.enroll", "--user", s.personal("user of starter", unique()), "--key", s.personal("key of starter", unique()),
			"--template-file", file(t, s.content("template of starter", unique())), "--pay-load-file", file(t, s.content("payload of starter", unique())),
		},
		{
			"start", "bioid.enroll", "--bcid", s.personal("BCID of starter", plain()+".1.42"), "--wait",
			"--sample", file(t, string(s.png(t, "first sample of starter"))), "--sample", file(t, string(s.jpeg(t, "second sample of starter"))),
		},
		{
			"start", "iproov.photo-enroll", "--user-id", s.personal("user_id of starter", plain()), "--source", "oid", "--timeout-seconds", "5",
			"--image", file(t, string(s.jpeg(t, "photo of starter"))),
		},
	} {
		output, err := s.program(t, "starter", args...).Output()
		require.NoError(t, err, "%s", output)
	}
}

// operate is what operators look at, with keys and without.
func (s *stage) operate(t *testing.T) {
	t.Helper()
	listed, err := s.Client().List(t.Context(), client.Filter{Limit: 1000})
	require.NoError(t, err)
	require.NotEmpty(t, listed)
	for _, journey := range listed {
		s.tell(t, "show", journey.ID)
		s.tell(t, "record", journey.ID, "--json")
		s.query(t, journey)
	}
	s.answered = append(s.answered, s.metrics(t, s.measured, "temporal_")...)
	for _, args := range [][]string{{"list", "--limit", "100"}, {"list", "--json"}, {"records"}, {"records", "--json"}, {"check"}, {"environment"}, {"holds"}} {
		s.tell(t, args...)
	}
}

// query asks a journey what the web UI asks it.
func (s *stage) query(t *testing.T, journey client.Shown) {
	t.Helper()
	for _, query := range []string{"__stack_trace", "__temporal_workflow_metadata", enroll.StateQuery, enroll.HandOverQuery} {
		answer, err := s.Temporal().WorkflowService().QueryWorkflow(t.Context(), &workflowservice.QueryWorkflowRequest{
			Namespace: sdk.DefaultNamespace, Execution: &commonpb.WorkflowExecution{WorkflowId: journey.ID, RunId: journey.RunID},
			Query: &querypb.WorkflowQuery{QueryType: query},
		})
		require.NoError(t, err, query)
		encoded, err := proto.Marshal(answer)
		require.NoError(t, err)
		s.answered = append(s.answered, encoded...)
	}
}

// crash kills a worker in the middle of calls, twice: once without a word, once
// with all that a Go program tells when it dies.
func (s *stage) crash(t *testing.T) {
	t.Helper()
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGABRT} {
		name := "dies of " + signal.String()
		template := enroll.SmartIDEnrollment{
			User:     s.personal("user: "+name, unique()),
			Template: enroll.Secret(s.content("template: "+name, unique())), PayLoad: enroll.Secret(s.content("payload: "+name, unique())),
		}
		picture := photo(s.personal("user_id: "+name, plain()))
		picture.Image, picture.TimeoutSeconds = enroll.Bytes(s.png(t, name)), 5
		end := s.work(t)
		begun := make(chan error, 2)
		for endpoint, request := range map[string]client.Request{"smartid.enroll": template, "iproov.enrol_image": picture} {
			s.strike(t, simulator.Fault{Match: simulator.FaultMatch{Endpoint: endpoint, Subject: request.SubjectName()}, Kind: "no_answer"})
			go func() {
				started, err := s.Client().Start(t.Context(), s.personal("key: "+name, unique()), request)
				if err == nil {
					_, err = s.Client().Wait(t.Context(), started.ID, started.RunID)
				}
				begun <- err
			}()
			require.Eventually(t, func() bool { return s.count(t, request.SubjectName(), endpoint) == 1 }, time.Minute, 20*time.Millisecond)
		}
		end(signal)
		end = s.work(t)
		require.NoError(t, <-begun)
		require.NoError(t, <-begun)
		end(syscall.SIGTERM)
	}
	said, err := os.ReadFile(filepath.Join(s.root, "logs", "worker.log"))
	require.NoError(t, err)
	require.Contains(t, string(said), "SIGABRT")
	require.Contains(t, string(said), "goroutine ", "the stacks of the crash are there to be searched")
}

// exported is what anybody who reaches the server can ask it: lists, histories,
// descriptions and metrics. With a change the payloads are changed first.
func (s *stage) exported(t *testing.T, change func(proto.Message)) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"the metrics": s.metrics(t, s.server.MetricsAddress(), "service_requests")}
	add := func(where string, message proto.Message) {
		if change != nil {
			change(message)
		}
		var err error
		all[where], err = proto.Marshal(message)
		require.NoError(t, err)
		all[where+" as JSON"], err = protojson.Marshal(message)
		require.NoError(t, err)
	}
	listed := s.executions(t)
	add("the list of workflows", &workflowservice.ListWorkflowExecutionsResponse{Executions: listed})
	for _, execution := range listed {
		run := execution.GetExecution()
		name := execution.GetType().GetName() + " " + run.GetWorkflowId()
		described, err := s.Temporal().WorkflowService().DescribeWorkflowExecution(t.Context(), &workflowservice.DescribeWorkflowExecutionRequest{Namespace: sdk.DefaultNamespace, Execution: run})
		require.NoError(t, err)
		add("the description of "+name, described)
		history := s.Temporal().GetWorkflowHistory(t.Context(), run.GetWorkflowId(), run.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			event, err := history.Next()
			require.NoError(t, err)
			add(fmt.Sprintf("event %d of %s", event.GetEventId(), name), event)
		}
	}
	return all
}

// executions lists everything that the server runs and ran.
func (s *stage) executions(t *testing.T) []*workflowpb.WorkflowExecutionInfo {
	t.Helper()
	listed, err := s.Temporal().WorkflowService().ListWorkflowExecutions(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: sdk.DefaultNamespace, PageSize: 1000,
	})
	require.NoError(t, err)
	return listed.GetExecutions()
}

// requireNowhere searches what was exported and all files.
func (s *stage) requireNowhere(t *testing.T, exported map[string][]byte, needles []canary.Needle) {
	t.Helper()
	search, err := canary.For(needles...)
	require.NoError(t, err)
	found, files, err := search.Tree(s.root, nil)
	require.NoError(t, err)
	for where, content := range exported {
		found = append(found, search.Bytes(where, content)...)
	}
	for _, f := range found {
		t.Error(f)
	}
	t.Logf("%d needles are in none of %d files and %d answers of the server", len(needles), files, len(exported))
}

// requireAbsent searches one text.
func (s *stage) requireAbsent(t *testing.T, where string, content []byte, needles []canary.Needle) {
	t.Helper()
	require.NotEmpty(t, content)
	search, err := canary.For(needles...)
	require.NoError(t, err)
	for _, f := range search.Bytes(where, content) {
		t.Error(f)
	}
}

// decrypted is what the server has, for those with keys.
func (s *stage) decrypted(t *testing.T) map[string][]byte {
	t.Helper()
	known, err := keys.Load(s.KeyFile())
	require.NoError(t, err)
	opener, err := codec.New(known)
	require.NoError(t, err)
	opened := 0
	decrypted := s.exported(t, func(message proto.Message) {
		require.NoError(t, proxy.VisitPayloads(t.Context(), message, proxy.VisitPayloadsOptions{
			SkipSearchAttributes: true,
			Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
				opened += len(payloads)
				return opener.Decode(payloads)
			},
		}))
	})
	require.Positive(t, opened)
	return decrypted
}

// requireNoContent decrypts everything that the server has, and searches it
// for what may be in sealed storage only.
func (s *stage) requireNoContent(t *testing.T) {
	t.Helper()
	search, err := canary.For(slices.Concat(s.planted.content, s.planted.credentials, s.planted.metadata, s.planted.door)...)
	require.NoError(t, err)
	people, err := canary.For(s.planted.personal...)
	require.NoError(t, err)
	named := 0
	for where, content := range s.decrypted(t) {
		for _, f := range search.Bytes(where, content) {
			t.Error(f)
		}
		named += len(people.Names(string(content)))
	}
	require.Positive(t, named, "what is decrypted tells who it is about")
}

// requireSharp proves that the search would have found something: what the
// providers received, and what is in clear by design.
func (s *stage) requireSharp(t *testing.T) {
	t.Helper()
	for _, needle := range slices.Concat(s.planted.content, s.planted.credentials) {
		require.NotEmpty(t, s.received(t, []canary.Needle{needle}), "%s reached its provider", needle.Name)
	}
	require.Empty(t, s.received(t, s.planted.metadata), "what a picture tells beside its pixels")
	search, err := canary.For(canary.Needle{Name: "journey", Value: []byte("AuthIDEnrollment")})
	require.NoError(t, err)
	found, _, err := search.Tree(s.root, nil)
	require.NoError(t, err)
	var where []string
	for _, f := range found {
		where = append(where, f.Where)
	}
	for _, file := range []string{"server/temporal.db", "logs/worker.log"} {
		require.Contains(t, where, filepath.FromSlash(file))
	}
	said, err := os.ReadFile(filepath.Join(s.root, "logs", "gateway.log"))
	require.NoError(t, err)
	require.Contains(t, string(said), "POST /v1/journeys")
	require.Contains(t, string(said), "goroutine ", "the stacks of its crash are there to be searched")
}
