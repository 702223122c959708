package telemetry

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
)

// labels are the labels that a metric keeps. Each has few values, so that the
// number of time series is bounded, and none can hold a person.
func labels() attribute.Filter {
	return attribute.NewAllowKeysFilter(
		// Of the Temporal SDK.
		"namespace", "task_queue", "worker_type", "poller_type", "workflow_type", "activity_type", "operation",
		"failure_reason", "status_code", "cause",
		// Of this project.
		"provider", "call", "answer", "journey", "outcome", "reason", "route", "status", "result",
	)
}

// bounds are the upper ends of the buckets of a duration, in seconds: from a
// cached workflow task to a journey that nobody completes.
func bounds() []float64 {
	return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600}
}

// newMetrics returns what takes measurements, and the page that shows them.
func newMetrics() (*metric.MeterProvider, http.Handler, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	page, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo())
	if err != nil {
		return nil, nil, fmt.Errorf("telemetry: prepare metrics: %w", err)
	}
	meters := metric.NewMeterProvider(metric.WithReader(page), metric.WithView(view))
	return meters, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), nil
}

// view bounds the labels of every instrument, and gives durations their
// buckets.
func view(i metric.Instrument) (metric.Stream, bool) {
	stream := metric.Stream{Name: i.Name, Description: i.Description, Unit: i.Unit, AttributeFilter: labels()}
	if i.Kind == metric.InstrumentKindHistogram && i.Unit == "s" {
		stream.Aggregation = metric.AggregationExplicitBucketHistogram{Boundaries: bounds()}
	}
	return stream, true
}
