package rest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/bioenroll/bioenroll/enroll"
)

// scope names who measures and traces.
const scope = "github.com/bioenroll/bioenroll/providers/rest"

// The attributes of a call. None holds an address, a query or a subject: the
// name of the call says what was asked.
const (
	attrProvider = attribute.Key("provider")
	attrCall     = attribute.Key("call")
	attrAnswer   = attribute.Key("answer")
)

// measure returns what takes the times of calls, or nil when nobody asks.
func measure(meters metric.MeterProvider) (metric.Float64Histogram, error) {
	if meters == nil {
		return nil, nil
	}
	calls, err := meters.Meter(scope).Float64Histogram("bioenroll_provider_call",
		metric.WithUnit("s"), metric.WithDescription("How long calls to providers took, by how they ended."))
	if err != nil {
		return nil, fmt.Errorf("measure calls: %w", err)
	}
	return calls, nil
}

// observe opens a span in the trace of the context, if there is one, and
// returns what to do when the call has ended.
func (c *Client) observe(ctx context.Context, call string) (context.Context, func(*Answer, error)) {
	began := c.settings.now()
	what := []attribute.KeyValue{attrProvider.String(string(c.provider)), attrCall.String(call)}
	// The tracer comes with the trace: a call outside of one has no span.
	ctx, span := trace.SpanFromContext(ctx).TracerProvider().Tracer(scope).Start(ctx, call,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(what...))
	return ctx, func(answer *Answer, err error) {
		ending := attrAnswer.String(endingOf(answer, err))
		span.SetAttributes(ending)
		if err != nil || answer.Status >= 500 {
			span.SetStatus(codes.Error, "") // Why is told by the error, which stays within.
		}
		span.End()
		if c.calls != nil {
			c.calls.Record(ctx, c.settings.now().Sub(began).Seconds(), metric.WithAttributes(append(what, ending)...))
		}
	}
}

// endingOf is the class of the answer's status, such as 2xx, or without an
// answer the kind of the failure, such as lost.
func endingOf(answer *Answer, err error) string {
	if failed, ok := errors.AsType[*enroll.Error](err); ok {
		return string(failed.Kind)
	}
	if err != nil {
		return "failed"
	}
	return strconv.Itoa(answer.Status/100) + "xx"
}
