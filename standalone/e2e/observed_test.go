package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/internal/telemetry"
)

// observed is a gateway process that is measured and traced.
type observed struct {
	storefront

	metrics string
	command *exec.Cmd
	log     bytes.Buffer // To be read when the process has ended.
}

// observe starts one whose spans go to the collector, with some variables
// changed, and returns when it is ready.
func (s *system) observe(t *testing.T, traces *collected, changed variables) *observed {
	t.Helper()
	file := access.KeyFile(filepath.Join(t.TempDir(), "keys"))
	key, _, err := file.Put("shop", access.Backend)
	require.NoError(t, err)
	address := freeAddress(t)
	o := &observed{storefront: storefront{s, "http://" + address, key.Reveal()}, metrics: freeAddress(t)}
	environment := s.with(variables{
		"BIOENROLL_GATEWAY_LISTEN": address, "BIOENROLL_GATEWAY_KEYS": string(file), "BIOENROLL_LOG_FORMAT": "json",
		telemetry.Listen: o.metrics, telemetry.Endpoint: traces.url,
	})
	maps.Copy(environment, changed)
	o.command = program(t, "gateway", environment)
	o.command.Stderr = &o.log
	require.NoError(t, o.command.Start())
	t.Cleanup(func() { _ = o.command.Process.Kill() })
	require.Eventually(t, func() bool {
		status, _ := s.page(t, o.address+"/readyz")
		return status == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
	return o
}

// measured reads one value of the gateway's metrics, 0 when it is not there.
func (o *observed) measured(t *testing.T, series string) int {
	t.Helper()
	_, text := o.page(t, "http://"+o.metrics+"/metrics")
	found := regexp.MustCompile(`(?m)^` + series + ` (\d+)$`).FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	value, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	return value
}

// answered is a line of the access log.
type answered struct {
	Message string `json:"msg"`
	Route   string `json:"route"`
	Status  int    `json:"status"`
	ID      string `json:"id"`
	TraceID string `json:"trace_id"`
}

// requests are the lines of the access log of one trace.
func (o *observed) requests(t *testing.T, id string) []answered {
	t.Helper()
	var found []answered
	for line := range strings.Lines(o.log.String()) {
		var one answered
		require.NoError(t, json.Unmarshal([]byte(line), &one), "%s", line)
		if one.TraceID == id {
			found = append(found, one)
		}
	}
	return found
}

// traced is what a backend that traces sends with its requests.
func traced(id byte) (traceID trace.TraceID, header string) {
	traceID = trace.TraceID{15: id}
	return traceID, "00-" + traceID.String() + "-00000000000000ff-01"
}

// TestTelemetry_of_the_gateway follows one journey from a backend's request
// through three programs, and then stops the first of them while somebody waits.
func TestTelemetry_of_the_gateway(t *testing.T) {
	alone := options(t.TempDir())
	alone.NoWorker = true
	s, err := startWith(t.Context(), alone)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })
	traces := collect(t)
	stopWorker := s.workerWith(t, variables{telemetry.Endpoint: traces.url})
	o := s.observe(t, traces, nil)

	account := s.account(t)
	id, header := traced(1)
	var started startedOverHTTP
	o.read(t, http.StatusCreated, o.key, http.MethodPost, "/v1/journeys", `{"journey":"authid.enroll","input":{"account_number":"`+account+`"}}`,
		&started, "Idempotency-Key", "key", "Traceparent", header)
	s.simulated(t, http.MethodPost, "/_sim/capture", `{"provider":"authid","subject":"`+account+`","result":"complete"}`, nil)
	o.read(t, http.StatusAccepted, started.RelayToken, http.MethodPost, started.Links.Self+"/hints", `{"name":"final-page"}`, nil, "Traceparent", header)
	var ended struct {
		Outcome enroll.Outcome `json:"outcome"`
	}
	o.read(t, http.StatusOK, o.key, http.MethodGet, started.Links.Self+"?wait=50", "", &ended)
	require.Equal(t, enroll.Enrolled, ended.Outcome)
	private := []string{account, o.key, started.RelayToken, started.HandOver.AuthID.OneTimeSecret.Reveal(), started.HandOver.AuthID.OperationID}
	require.NotContains(t, private, "")

	t.Run("lives_is_ready_and_counts_requests_by_route", func(t *testing.T) {
		for _, address := range []string{o.address, "http://" + o.metrics} {
			for _, page := range []string{"/livez", "/readyz"} {
				status, text := s.page(t, address+page)
				require.Equal(t, http.StatusOK, status, text)
			}
		}
		status, _ := s.page(t, o.address+"/metrics")
		require.Equal(t, http.StatusNotFound, status, "callers are not told how busy the gateway is")
		_, metrics := s.page(t, "http://"+o.metrics+"/metrics")
		require.Contains(t, metrics, `bioenroll_http_request_seconds_count{route="POST /v1/journeys",status="201"} 1`)
		require.Contains(t, metrics, `bioenroll_http_request_seconds_count{route="POST /v1/journeys/{id}/hints",status="202"} 1`)
		require.Contains(t, metrics, "temporal_request_latency_seconds_bucket{")
		for _, value := range append(private, started.ID) {
			require.NotContains(t, metrics, value)
		}
	})

	t.Run("answers_who_waits_when_it_is_told_to_stop_and_ends_well", func(t *testing.T) {
		waiting := o.enroll(t, s.account(t), "another")
		const polls = `temporal_long_request_total\{.*operation="GetWorkflowExecutionHistory".*\}`
		before := o.measured(t, polls)
		answer := make(chan string, 1)
		go func() { answer <- o.waitFor(t, waiting.Links.Self+"?wait=50") }()
		require.Eventually(t, func() bool { return o.measured(t, polls) > before }, time.Minute, 50*time.Millisecond)
		require.NoError(t, o.command.Process.Signal(syscall.SIGTERM))
		require.NoError(t, o.command.Wait(), "%s", &o.log)
		require.Contains(t, <-answer, `"phase":"waiting"`)
	})

	stopWorker(t) // It sends its last spans.
	t.Run("tells_journey_and_trace_of_each_request_and_nothing_of_the_person", func(t *testing.T) {
		require.Equal(t, []answered{
			{"answered", "POST /v1/journeys", http.StatusCreated, started.ID, id.String()},
			{"answered", "POST /v1/journeys/{id}/hints", http.StatusAccepted, started.ID, id.String()},
		}, o.requests(t, id.String()))
		for _, value := range private {
			require.NotContains(t, o.log.String(), value)
		}
	})

	t.Run("is_one_trace_from_the_backend_to_the_provider", func(t *testing.T) {
		names := traces.of(t, id[:])
		for _, name := range []string{
			"POST /v1/journeys", "RunWorkflow:AuthIDEnrollment", "RunActivity:AuthIDCreateOperation", "authid: create operation", "POST /v1/journeys/{id}/hints",
		} {
			require.Contains(t, names, name)
		}
		for _, value := range private {
			require.NotContains(t, traces.raw(), value)
		}
	})
}

// startedOverHTTP is what a start answers, hand-over included.
type startedOverHTTP struct {
	opened

	ID       string          `json:"id"`
	HandOver enroll.HandOver `json:"hand_over"`
}

// waitFor reads an answer that comes late, in a goroutine of its own.
func (o *observed) waitFor(t *testing.T, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.address+path, nil)
	if err != nil {
		return err.Error()
	}
	request.Header.Set("Authorization", "Bearer "+o.key)
	answer, err := (&http.Client{}).Do(request)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close() //nolint:errcheck // the answer has been read
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return answer.Status + " " + string(raw)
}
