package telemetry

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// NewTracers returns what makes spans and sends them with the exporter, in
// batches and only what is known to be harmless. Whoever calls it shuts it
// down.
func NewTracers(exporter sdktrace.SpanExporter, service string, log *zap.Logger) *sdktrace.TracerProvider {
	return sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&guard{SpanExporter: exporter, log: log}),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", service))),
	)
}

// newExporter returns the exporter to the collector of the settings. It does
// not wait for the collector to be there.
func newExporter(ctx context.Context, settings Settings) (sdktrace.SpanExporter, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(settings.Endpoint+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("telemetry: prepare the export of traces to %s: %w", settings.Endpoint, err)
	}
	return exporter, nil
}

// guard lets nothing leave in a span but what is known to be harmless. A
// collector that cannot be reached is told once, and again when it is back:
// traces are worth no flood in the log.
type guard struct {
	sdktrace.SpanExporter
	log  *zap.Logger
	lost atomic.Bool
}

// ExportSpans sends the spans, without what may hold a person or a secret.
func (g *guard) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	harmless := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, span := range spans {
		harmless[i] = guarded{span}
	}
	err := g.SpanExporter.ExportSpans(ctx, harmless)
	switch was := g.lost.Swap(err != nil); {
	case err != nil && !was:
		g.log.Warn("traces cannot be sent and are dropped", zap.Error(err))
	case err == nil && was:
		g.log.Info("traces are sent again")
	}
	return nil // Told above; OpenTelemetry's own way would be the process's standard error.
}

// guarded is a span without what may hold a person or a secret.
type guarded struct{ sdktrace.ReadOnlySpan }

// Attributes returns those of the list.
func (g guarded) Attributes() []attribute.KeyValue {
	var kept []attribute.KeyValue
	for _, pair := range g.ReadOnlySpan.Attributes() {
		if harmless(pair.Key) {
			kept = append(kept, pair)
		}
	}
	return kept
}

// Events returns none: the only ones are errors with their text.
func (g guarded) Events() []sdktrace.Event { return nil }

// Status returns whether the span failed, without saying why: the text of an
// error may quote a provider.
func (g guarded) Status() sdktrace.Status {
	return sdktrace.Status{Code: g.ReadOnlySpan.Status().Code}
}

// harmless reports whether values of an attribute may leave.
func harmless(key attribute.Key) bool {
	switch key {
	case "temporalWorkflowID", "temporalRunID", "temporalActivityID", "temporalUpdateID", // As in Temporal's UI.
		"provider", "call", "answer", "route", "status":
		return true
	}
	return false
}

// Propagator writes and reads the identifier of a trace, as the W3C's
// traceparent, and nothing else.
func Propagator() propagation.TextMapPropagator { return parentOnly{} }

// parentOnly is the W3C's propagator without the part that callers may fill.
type parentOnly struct{ propagation.TraceContext }

// Inject writes the identifier of the context's span.
func (p parentOnly) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	p.TraceContext.Inject(trace.ContextWithSpanContext(ctx, plain(trace.SpanContextFromContext(ctx))), carrier)
}

// Extract reads the identifier of the caller's span.
func (p parentOnly) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	found := trace.SpanContextFromContext(p.TraceContext.Extract(ctx, carrier))
	if !found.IsRemote() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, plain(found))
}

// Fields names what the propagator writes.
func (p parentOnly) Fields() []string { return []string{"traceparent"} }

// plain is a span's identifier alone.
func plain(id trace.SpanContext) trace.SpanContext { return id.WithTraceState(trace.TraceState{}) }
