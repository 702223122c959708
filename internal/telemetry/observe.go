package telemetry

import (
	"fmt"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.uber.org/zap"
)

// scope names who measures and traces.
const scope = "github.com/bioenroll/bioenroll"

// Instruments measure and trace. Either may be nil: nothing is measured, or
// traced.
type Instruments struct {
	// Meters take measurements.
	Meters metric.MeterProvider
	// Tracers make spans.
	Tracers trace.TracerProvider
}

// Observe adds to the options of a connection to Temporal what measures and
// traces it, and with it every worker on it. Without instruments the options
// stay as they are.
//
// A trace's identifier travels in the headers of workflows and steps, which
// adds no event to a history and decides nothing in a story: a replay with and
// one without it are the same. Queries are not traced: they are looks, and many.
func (i Instruments) Observe(options sdk.Options, log *zap.Logger) (sdk.Options, error) {
	if i.Meters != nil {
		options.MetricsHandler = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
			Meter: i.Meters.Meter(scope), UseMonotonicCounters: true,
			OnError: func(err error) { log.Warn("a metric cannot be kept", zap.Error(err)) }, // The default is to panic.
		})
	}
	if i.Tracers != nil {
		tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
			Tracer: i.Tracers.Tracer(scope), TextMapPropagator: Propagator(),
			DisableBaggage: true, DisableQueryTracing: true, AllowInvalidParentSpans: true,
		})
		if err != nil {
			return sdk.Options{}, fmt.Errorf("telemetry: trace: %w", err)
		}
		options.Interceptors = append(options.Interceptors, tracing)
	}
	return options, nil
}
