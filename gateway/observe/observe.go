// Package observe tells how the gateway is used: a line in the access log for
// each request, a measurement, and a span in the trace of whoever asked.
//
// None of the three holds an address as it was asked for, a header or a body. A
// request is told by its route, such as "GET /v1/journeys/{id}", so that there
// are as many routes as the API has, and by the journey's opaque identifier,
// which the log alone has.
package observe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	meters "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	tracers "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/internal/telemetry"
)

const (
	// scope names who measures and traces.
	scope = "github.com/bioenroll/bioenroll/gateway"
	// noRoute stands for every request that the API does not know.
	noRoute = "none"
	// goneStatus is told of a request whose connection ended before its answer
	// began: the caller hung up, or was not served in the time that any request
	// has. It is what nginx tells, and no trouble of the gateway's.
	goneStatus = 499
)

// observer is what requests are told to.
type observer struct {
	next   http.Handler
	tracer trace.Tracer
	took   metric.Float64Histogram
	log    *zap.Logger
}

// Handler tells of each request that the next handler answers: one that finds
// its routes with an http.ServeMux, and hands it the request that it was given.
// Without instruments there is the access log alone.
func Handler(next http.Handler, watched telemetry.Instruments, log *zap.Logger) (http.Handler, error) {
	if watched.Meters == nil {
		watched.Meters = meters.NewMeterProvider()
	}
	if watched.Tracers == nil {
		watched.Tracers = tracers.NewTracerProvider()
	}
	took, err := watched.Meters.Meter(scope).Float64Histogram("bioenroll_http_request",
		metric.WithUnit("s"), metric.WithDescription("How long requests took, by route and status."))
	if err != nil {
		return nil, fmt.Errorf("observe: measure requests: %w", err)
	}
	return &observer{next: next, tracer: watched.Tracers.Tracer(scope), took: took, log: log}, nil
}

// ServeHTTP answers, and tells of it.
func (o *observer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	ctx := telemetry.Propagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := o.tracer.Start(ctx, noRoute, trace.WithSpanKind(trace.SpanKindServer))
	r, answer := r.WithContext(ctx), &answer{ResponseWriter: w, status: http.StatusInternalServerError}
	r.Pattern = ""                                                // An outer mux may have found "/", which is no route.
	defer func() { o.tell(r, span, answer, time.Since(began)) }() // Also of a handler that panics.
	o.next.ServeHTTP(answer, r)
	answer.begin(http.StatusOK)
}

func (o *observer) tell(r *http.Request, span trace.Span, answer *answer, took time.Duration) {
	route := r.Pattern // Found by now, by the mux that answered.
	if route == "" {
		route = noRoute
	}
	if answer.status >= http.StatusInternalServerError && errors.Is(r.Context().Err(), context.Canceled) {
		answer.status = goneStatus // Nobody was there to read why there is no answer.
	}
	what := []attribute.KeyValue{attribute.String("route", route), attribute.String("status", strconv.Itoa(answer.status))}
	span.SetName(route)
	span.SetAttributes(what...)
	if answer.status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
	o.took.Record(r.Context(), took.Seconds(), metric.WithAttributes(what...))
	fields := []zap.Field{zap.String("route", route), zap.Int("status", answer.status), zap.Int64("bytes", answer.bytes), zap.Duration("took", took)}
	if id := idOf(r, answer.Header()); identifier.MatchString(id) {
		fields = append(fields, zap.String("id", id))
	}
	if id := span.SpanContext(); id.HasTraceID() {
		fields = append(fields, zap.Stringer("trace_id", id.TraceID()))
	}
	o.log.Info("answered", fields...)
}

// identifier is what those of journeys and erasures look like. Whatever else
// stands in their place was made up by the caller, and may name a person.
var identifier = regexp.MustCompile(`^[a-z]+-[0-9a-f]{32}(\.[0-9a-f-]{36})?$`)

// idOf is the identifier that a request is about: the one it was asked with, or
// the one that it made.
func idOf(r *http.Request, answered http.Header) string {
	id, made := r.PathValue("id"), answered.Get("Location")
	if id == "" && made != "" {
		id = path.Base(made)
	}
	return id
}

// answer remembers what was answered. What else the writer can do is found
// through Unwrap, by http.ResponseController.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
	begun  bool
}

// begin remembers the status, which is the first that counts. Those of the 100s
// announce another.
func (a *answer) begin(status int) {
	if !a.begun && status >= http.StatusOK {
		a.status, a.begun = status, true
	}
}

// WriteHeader sends the status.
func (a *answer) WriteHeader(status int) {
	a.begin(status)
	a.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (a *answer) Write(p []byte) (int, error) {
	a.begin(http.StatusOK)
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// Unwrap returns the writer beneath.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
