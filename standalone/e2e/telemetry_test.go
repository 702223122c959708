package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/telemetry"
)

// TestTelemetry follows one journey from the program that starts it, through a
// worker process, to the provider.
func TestTelemetry(t *testing.T) {
	alone := options(t.TempDir())
	alone.NoWorker = true
	s, err := startWith(t.Context(), alone)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })
	traces := collect(t)
	address := freeAddress(t)
	stop := s.workerWith(t, variables{telemetry.Listen: address, telemetry.Endpoint: traces.url})
	require.Eventually(t, func() bool {
		status, _ := s.page(t, "http://"+address+"/readyz")
		return status == http.StatusOK
	}, time.Minute, 50*time.Millisecond)

	s.receiver(t, "watched")
	tracers := telemetry.NewTracers(tracetest.NewInMemoryExporter(), "backend", zap.NewNop())
	backend, err := client.Dial(t.Context(), client.WithLookup(config.Map(s.Environment())), client.WithTracers(tracers))
	require.NoError(t, err)
	t.Cleanup(backend.Close)
	account := s.account(t)
	ctx, request := tracers.Tracer("test").Start(t.Context(), "request")
	started, err := backend.Start(ctx, "key", enrollment(account))
	require.NoError(t, err)
	s.complete(t, started)
	require.Equal(t, enroll.Enrolled, s.outcome(t, started).Outcome)
	private := []string{account, started.HandOver.AuthID.OneTimeSecret.Reveal(), started.HandOver.AuthID.OperationID}

	t.Run("counts_steps_and_calls_and_names_nobody", func(t *testing.T) {
		var metrics string
		require.Eventually(t, func() bool {
			_, metrics = s.page(t, "http://"+address+"/metrics")
			return strings.Contains(metrics, `workflow_type="AuthIDEnrollment"`) && strings.Contains(metrics, "temporal_workflow_completed_total{") &&
				strings.Contains(metrics, `bioenroll_event_attempt_seconds_count{answer="2xx",outcome="delivered"} 1`)
		}, time.Minute, 50*time.Millisecond)
		require.Contains(t, metrics, `bioenroll_provider_call_seconds_count{answer="2xx",call="authid: create operation",provider="authid"} 1`)
		require.Regexp(t, `bioenroll_journeys_concluded_total\{[^}]*journey="authid.enroll"[^}]*outcome="enrolled"[^}]*\} 1`, metrics)
		require.Regexp(t, `temporal_activity_execution_latency_seconds_count\{activity_type="AuthIDCreateOperation",[^}]*\} 1`, metrics)
		require.Contains(t, metrics, "\nbioenroll_event_oldest_undelivered_seconds 0\n")
		require.Contains(t, metrics, "\nbioenroll_event_attempts_in_flight 0\n")
		for _, documented := range []string{"temporal_worker_task_slots_available{", "temporal_activity_schedule_to_start_latency_seconds_bucket{"} {
			require.Contains(t, metrics, documented)
		}
		for _, value := range append(private, started.ID, started.RunID, "token=e2e", "watched") {
			require.NotContains(t, metrics, value)
		}
	})

	t.Run("costs_no_event_and_leaves_only_the_trace's_identifier_in_the_history", func(t *testing.T) {
		events, identified := 0, 0
		history := s.Temporal().GetWorkflowHistory(t.Context(), started.ID, started.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for ; history.HasNext(); events++ {
			event, err := history.Next()
			require.NoError(t, err)
			for _, header := range []*commonpb.Header{
				event.GetWorkflowExecutionStartedEventAttributes().GetHeader(), event.GetActivityTaskScheduledEventAttributes().GetHeader(),
				event.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest().GetInput().GetHeader(),
			} {
				for name, payload := range header.GetFields() {
					require.Equal(t, "_tracer-data", name)
					var carried map[string]string
					require.NoError(t, json.Unmarshal(payload.GetData(), &carried))
					require.Len(t, carried, 1)
					require.Contains(t, carried["traceparent"], request.SpanContext().TraceID().String())
					identified++
				}
			}
		}
		require.NotZero(t, identified)
		require.LessOrEqual(t, events, 36)
	})

	stop(t) // The worker sends its last spans.
	t.Run("is_one_trace_from_client_to_provider", func(t *testing.T) {
		id := request.SpanContext().TraceID()
		names := traces.of(t, id[:])
		for _, name := range []string{"RunWorkflow:AuthIDEnrollment", "StartActivity:AuthIDCreateOperation", "RunActivity:AuthIDCreateOperation", "authid: create operation"} {
			require.Contains(t, names, name)
		}
		for _, value := range private {
			require.NotContains(t, traces.raw(), value)
		}
	})
}

// freeAddress is one on loopback that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// page reads one page, or nothing when nobody serves it yet.
func (s *system) page(t *testing.T, url string) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := s.user.HTTP.Do(request)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close() //nolint:errcheck // the answer has been read
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(raw)
}

// collected is what a collector of traces was sent.
type collected struct {
	url  string
	mu   sync.Mutex
	sent [][]byte
}

// collect serves a collector.
func collect(t *testing.T) *collected {
	t.Helper()
	c := &collected{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.sent = append(c.sent, raw)
		}
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// raw is everything sent.
func (c *collected) raw() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(bytes.Join(c.sent, nil))
}

// of names the spans of a trace.
func (c *collected) of(t *testing.T, trace []byte) []string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, raw := range c.sent {
		var batch collector.ExportTraceServiceRequest
		require.NoError(t, proto.Unmarshal(raw, &batch))
		for _, resource := range batch.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, span := range scope.GetSpans() {
					if bytes.Equal(span.GetTraceId(), trace) {
						names = append(names, span.GetName())
					}
				}
			}
		}
	}
	return names
}
