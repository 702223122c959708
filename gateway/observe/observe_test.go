package observe_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/bioenroll/bioenroll/gateway/observe"
	"github.com/bioenroll/bioenroll/internal/telemetry"
)

// caller is the trace that the caller is in.
const caller = "0af7651916cd43dd8448eb211c80319c"

// Two journeys.
const (
	first  = "authid-cdc05b763d62dccba33c1db5bead9b54.01a1fc5e-9d66-718a-b85c-92b970dff0ec"
	second = "iproov-7f9a563d080bf24478c6e3e1479dec91.01a1fc68-181e-7233-926f-2f43822a29b8"
)

// api answers as the gateway does.
func api(t *testing.T) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/journeys/{id}", func(w http.ResponseWriter, r *http.Request) {
		if trace.SpanContextFromContext(r.Context()).TraceID().String() != caller {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "here")
	})
	mux.HandleFunc("POST /v1/journeys", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/v1/journeys/"+second)
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			w.WriteHeader(http.StatusNotImplemented)
		}
	})
	mux.HandleFunc("GET /crash", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	return mux
}

// ask sends one request with a query and headers that nobody may be told.
func ask(t *testing.T, handler http.Handler, method, path string, headers map[string]string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path+"?token=hunter2", nil)
	r.Header.Set("Authorization", "Bearer hunter2")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Code
}

func TestHandler(t *testing.T) {
	t.Parallel()
	reader, spans := sdkmetric.NewManualReader(), tracetest.NewInMemoryExporter()
	core, entries := observer.New(zap.InfoLevel)
	handler, err := observe.Handler(api(t), telemetry.Instruments{
		Meters: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), Tracers: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)),
	}, zap.New(core))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, ask(t, handler, http.MethodGet, "/v1/journeys/"+first, map[string]string{"Traceparent": "00-" + caller + "-b7ad6b7169203331-01"}))
	require.Equal(t, http.StatusServiceUnavailable, ask(t, handler, http.MethodGet, "/v1/journeys/"+first, nil))
	require.Equal(t, http.StatusServiceUnavailable, ask(t, handler, http.MethodGet, "/v1/journeys/jane.doe@example.com", nil))
	require.Equal(t, http.StatusNotFound, ask(t, handler, "PROBE", "/wp-admin", nil))
	require.Equal(t, http.StatusOK, ask(t, handler, http.MethodGet, "/events", nil), "what the writer beneath can do is not lost")
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { ask(t, handler, http.MethodGet, "/crash", nil) })
	require.Equal(t, http.StatusCreated, ask(t, handler, http.MethodPost, "/v1/journeys", nil))
	routes := []string{"GET /v1/journeys/{id}", "GET /v1/journeys/{id}", "GET /v1/journeys/{id}", "none", "GET /events", "GET /crash", "POST /v1/journeys"}

	t.Run("logs_route_status_journey_and_trace", func(t *testing.T) {
		t.Parallel()
		var logged []string
		for _, entry := range entries.All() {
			route, ok := entry.ContextMap()["route"].(string)
			require.True(t, ok)
			logged = append(logged, route)
		}
		require.Equal(t, routes, logged)
		told := entries.All()[0].ContextMap()
		delete(told, "took")
		require.Equal(t, map[string]any{"route": routes[0], "status": int64(200), "bytes": int64(4), "id": first, "trace_id": caller}, told)
		require.Equal(t, second, entries.All()[6].ContextMap()["id"], "what a request made is known by its answer")
		require.NotContains(t, entries.All()[2].ContextMap(), "id", "what is no ID of ours may be anything")
	})

	t.Run("makes_a_span_in_the_trace_of_the_caller", func(t *testing.T) {
		t.Parallel()
		made := spans.GetSpans()
		require.Len(t, made, len(routes))
		require.Equal(t, routes[0], made[0].Name)
		require.Equal(t, caller, made[0].SpanContext.TraceID().String())
		require.Equal(t, requested(routes[0], "200"), attribute.NewSet(made[0].Attributes...))
		require.Equal(t, codes.Error, made[1].Status.Code)
		require.NotEqual(t, caller, made[1].SpanContext.TraceID().String())
	})

	t.Run("measures_as_many_routes_as_there_are", func(t *testing.T) {
		t.Parallel()
		var measured metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &measured))
		took, ok := measured.ScopeMetrics[0].Metrics[0].Data.(metricdata.Histogram[float64])
		require.True(t, ok)
		counted := map[attribute.Set]uint64{}
		for _, point := range took.DataPoints {
			counted[point.Attributes] = point.Count
		}
		require.Equal(t, map[attribute.Set]uint64{
			requested(routes[0], "200"): 1, requested(routes[0], "503"): 2, requested("none", "404"): 1,
			requested("GET /events", "200"): 1, requested("GET /crash", "500"): 1, requested("POST /v1/journeys", "201"): 1,
		}, counted)
	})
}

func TestHandler_of_a_caller_who_hung_up(t *testing.T) {
	t.Parallel()
	core, entries := observer.New(zap.InfoLevel)
	spans := tracetest.NewInMemoryExporter()
	handler, err := observe.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		w.WriteHeader(http.StatusServiceUnavailable)
	}), telemetry.Instruments{Tracers: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))}, zap.New(core))
	require.NoError(t, err)
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodGet, "/", nil))
	require.Equal(t, int64(499), entries.All()[0].ContextMap()["status"], "it is no failure of ours")
	require.Equal(t, codes.Unset, spans.GetSpans()[0].Status.Code)
}

func TestHandler_without_instruments(t *testing.T) {
	t.Parallel()
	core, entries := observer.New(zap.InfoLevel)
	handler, err := observe.Handler(api(t), telemetry.Instruments{}, zap.New(core))
	require.NoError(t, err)
	outer := http.NewServeMux()
	outer.Handle("/", handler)
	require.Equal(t, http.StatusNotFound, ask(t, outer, http.MethodGet, "/nowhere", nil))
	require.Equal(t, 1, entries.Len())
	require.Equal(t, "none", entries.All()[0].ContextMap()["route"])
	require.NotContains(t, entries.All()[0].ContextMap(), "trace_id")
}

// requested is everything that is measured of a request.
func requested(route, status string) attribute.Set {
	return attribute.NewSet(attribute.String("route", route), attribute.String("status", status))
}
