package rest_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

func TestObservation(t *testing.T) {
	t.Parallel()
	reader := metric.NewManualReader()
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusOK)
			return
		}
		panic(http.ErrAbortHandler) // The connection ends before an answer.
	}, rest.WithMeters(metric.NewMeterProvider(metric.WithReader(reader))))
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	ctx, step := tracers.Tracer("test").Start(t.Context(), "step")
	request := rest.Request{
		Op: "bioid: ask", Method: http.MethodGet, Path: "/things/{id}", Params: map[string]string{"id": "subject-42"},
		Query: url.Values{"access_token": {"tok-in-query"}}, Auth: rest.Basic("app-user", "s3cr&t+value"),
	}
	_, err := client.Do(ctx, request)
	require.NoError(t, err)
	request.Method, request.Once = http.MethodPost, true
	_, err = client.Do(ctx, request)
	require.Equal(t, enroll.KindLost, failureOf(t, err).Kind)

	t.Run("is_a_span_in_the_trace_of_the_step_that_says_what_was_asked_and_how_it_ended", func(t *testing.T) {
		t.Parallel()
		made := spans.GetSpans()
		require.Len(t, made, 2)
		for i, answer := range []string{"2xx", string(enroll.KindLost)} {
			require.Equal(t, "bioid: ask", made[i].Name)
			require.Equal(t, step.SpanContext().SpanID(), made[i].Parent.SpanID())
			require.Equal(t, trace.SpanKindClient, made[i].SpanKind)
			require.Equal(t, called(answer), attribute.NewSet(made[i].Attributes...), "and nothing of address, query or subject")
			require.Empty(t, made[i].Events)
		}
		require.Equal(t, sdktrace.Status{Code: codes.Unset}, made[0].Status)
		require.Equal(t, sdktrace.Status{Code: codes.Error}, made[1].Status)
	})

	t.Run("is_measured_by_call_and_end", func(t *testing.T) {
		t.Parallel()
		var measured metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &measured))
		calls, ok := measured.ScopeMetrics[0].Metrics[0].Data.(metricdata.Histogram[float64])
		require.True(t, ok)
		counted := map[attribute.Set]uint64{}
		for _, point := range calls.DataPoints {
			counted[point.Attributes] = point.Count
		}
		require.Equal(t, map[attribute.Set]uint64{called("2xx"): 1, called(string(enroll.KindLost)): 1}, counted)
	})

	t.Run("makes_no_span_outside_of_a_trace", func(t *testing.T) {
		t.Parallel()
		request := request
		request.Method, request.Once = http.MethodGet, false
		_, err := setup(t, func(http.ResponseWriter, *http.Request) {}).Do(t.Context(), request)
		require.NoError(t, err)
	})
}

// called is everything that is told of a call.
func called(answer string) attribute.Set {
	return attribute.NewSet(attribute.String("provider", "bioid"), attribute.String("call", "bioid: ask"), attribute.String("answer", answer))
}
