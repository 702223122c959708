package telemetry_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/telemetry"
)

// secret is what must never leave.
const secret = "canary@example.com"

func TestSettings(t *testing.T) {
	t.Parallel()
	read := func(values map[string]string) (telemetry.Settings, error) {
		src := config.NewSource(config.Map(values))
		return telemetry.Read(src, "worker"), src.Err()
	}

	t.Run("ask_for_nothing_by_default", func(t *testing.T) {
		t.Parallel()
		settings, err := read(nil)
		require.NoError(t, err)
		require.Equal(t, telemetry.Settings{Service: "bioenroll-worker"}, settings)
	})

	t.Run("follow_the_environment", func(t *testing.T) {
		t.Parallel()
		settings, err := read(map[string]string{
			telemetry.Listen: ":9464", telemetry.Endpoint: "http://collector:4318/", telemetry.ServiceName: "enroll",
		})
		require.NoError(t, err)
		require.Equal(t, telemetry.Settings{Listen: ":9464", Endpoint: "http://collector:4318", Service: "enroll"}, settings)
	})

	t.Run("refuse_what_is_no_address", func(t *testing.T) {
		t.Parallel()
		for name, values := range map[string][]string{
			telemetry.Listen:   {"9464", "127.0.0.1"},
			telemetry.Endpoint: {"collector:4318", "grpc://collector", "http://me:hunter2@collector", "https://collector?key=hunter2"},
		} {
			for _, value := range values {
				_, err := read(map[string]string{name: value})
				require.ErrorContains(t, err, "\n  "+name+": given ", value)
				require.NotContains(t, err.Error(), "hunter2")
			}
		}
	})
}

// running returns telemetry that is stopped with the test.
func running(t *testing.T, settings telemetry.Settings) *telemetry.Telemetry {
	t.Helper()
	made, err := telemetry.New(t.Context(), settings, zap.NewNop())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, made.Stop(t.Context())) })
	return made
}

// free is an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// get reads a page.
func get(t *testing.T, url string) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := (&http.Client{}).Do(request)
	require.NoError(t, err)
	defer answer.Body.Close() //nolint:errcheck // the answer has been read
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(raw)
}

func TestOff(t *testing.T) {
	t.Parallel()
	off := running(t, telemetry.Settings{})
	options, err := off.Observe(sdk.Options{}, zap.NewNop())
	require.NoError(t, err)
	require.Equal(t, sdk.Options{}, options)
	require.Nil(t, off.Metrics)
	require.NoError(t, off.Serve(t.Context()))
}

func TestServe(t *testing.T) {
	t.Parallel()

	t.Run("shows_metrics_and_health", func(t *testing.T) {
		t.Parallel()
		address := free(t)
		watched := running(t, telemetry.Settings{Listen: address})
		var down atomic.Bool
		require.NoError(t, watched.Serve(t.Context(),
			telemetry.Check{Name: "keys", Try: func(context.Context) error { return nil }},
			telemetry.Check{Name: "records", Try: func(context.Context) error {
				if down.Load() {
					return errors.New("no database for " + secret)
				}
				return nil
			}},
		))
		status, _ := get(t, "http://"+address+"/metrics")
		require.Equal(t, http.StatusOK, status)
		status, said := get(t, "http://"+address+"/readyz")
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "keys: ok\nrecords: ok\n", said)

		down.Store(true)
		status, said = get(t, "http://"+address+"/readyz")
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Equal(t, "keys: ok\nrecords: failed\n", said, "anybody may ask, so the reason is in the log")
		status, _ = get(t, "http://"+address+"/livez")
		require.Equal(t, http.StatusOK, status, "starting it anew would not bring the database back")
	})

	t.Run("asks_once_for_all_who_ask_at_once", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var asked atomic.Int32
			answer := make(chan error)
			ready := telemetry.Ready(zap.NewNop(), telemetry.Check{Name: "records", Try: func(context.Context) error { asked.Add(1); return <-answer }})
			var answered atomic.Int32
			for range 10 {
				go func() {
					w := httptest.NewRecorder()
					ready.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
					if w.Code == http.StatusOK {
						answered.Add(1)
					}
				}()
			}
			synctest.Wait()
			require.EqualValues(t, 1, asked.Load())
			close(answer)
			synctest.Wait()
			require.EqualValues(t, 10, answered.Load())
		})
	})

	t.Run("names_what_does_not_answer_and_nothing_else", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ready := telemetry.Ready(zap.NewNop(),
				telemetry.Check{Name: "temporal", Try: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
				telemetry.Check{Name: "records", Try: func(ctx context.Context) error { return ctx.Err() }})
			w := httptest.NewRecorder()
			ready.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
			require.Equal(t, "temporal: failed\nrecords: ok\n", w.Body.String())
		})
	})

	t.Run("names_the_setting_when_the_address_is_taken", func(t *testing.T) {
		t.Parallel()
		taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer taken.Close() //nolint:errcheck // nothing was written
		err = running(t, telemetry.Settings{Listen: taken.Addr().String()}).Serve(t.Context())
		require.ErrorContains(t, err, telemetry.Listen)
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	watched := running(t, telemetry.Settings{Listen: "unused:0"})
	meter := watched.Meters.Meter("test")
	counter, err := meter.Int64Counter("calls")
	require.NoError(t, err)
	for _, subject := range []string{secret, "other-" + secret} {
		counter.Add(t.Context(), 1, metric.WithAttributes(attribute.String("call", "authid: read account"), attribute.String("subject", subject)))
	}
	timer, err := meter.Float64Histogram("waited", metric.WithUnit("s"))
	require.NoError(t, err)
	timer.Record(t.Context(), .02)
	page := httptest.NewRecorder()
	watched.Metrics.ServeHTTP(page, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))

	t.Run("keep_labels_of_few_values_only", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, page.Body.String(), `calls_total{call="authid: read account"} 2`)
		require.NotContains(t, page.Body.String(), secret)
	})
	t.Run("have_buckets_in_seconds", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, page.Body.String(), `waited_seconds_bucket{le="0.025"} 1`)
	})
	t.Run("tell_how_the_process_does", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, page.Body.String(), "go_goroutines")
	})
}

// collector is an exporter that may be unreachable.
type collector struct {
	*tracetest.InMemoryExporter
	down atomic.Bool
}

func (c *collector) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if c.down.Load() {
		return errors.New("connection refused")
	}
	return c.InMemoryExporter.ExportSpans(ctx, spans)
}

func TestTraces(t *testing.T) {
	t.Parallel()
	core, entries := observer.New(zap.InfoLevel)
	reached := &collector{InMemoryExporter: tracetest.NewInMemoryExporter()}
	tracers := telemetry.NewTracers(reached, "test", zap.New(core))
	span := func() {
		_, made := tracers.Tracer("test").Start(t.Context(), "RunActivity:ConfirmOperation")
		made.SetAttributes(attribute.String("temporalRunID", "run"), attribute.String("subject", secret))
		made.RecordError(errors.New("unknown account " + secret))
		made.SetStatus(codes.Error, "unknown account "+secret)
		made.End()
		require.NoError(t, tracers.ForceFlush(t.Context()))
	}
	span()
	sent := reached.GetSpans()
	require.Len(t, sent, 1)
	require.Equal(t, "RunActivity:ConfirmOperation", sent[0].Name)
	require.Equal(t, []attribute.KeyValue{attribute.String("temporalRunID", "run")}, sent[0].Attributes)
	require.Equal(t, sdktrace.Status{Code: codes.Error}, sent[0].Status, "that it failed, and not why")
	require.Empty(t, sent[0].Events)

	reached.down.Store(true)
	span()
	span()
	require.Len(t, entries.TakeAll(), 1, "a collector that is down is told once")
	reached.down.Store(false)
	span()
	require.Equal(t, "traces are sent again", entries.All()[0].Message)
	require.NoError(t, tracers.Shutdown(t.Context()))
}

func TestPropagator(t *testing.T) {
	t.Parallel()
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	caller := propagation.MapCarrier{"traceparent": parent, "tracestate": "vendor=" + secret, "baggage": "user=" + secret}
	ctx := telemetry.Propagator().Extract(t.Context(), caller)
	require.Equal(t, "0af7651916cd43dd8448eb211c80319c", trace.SpanContextFromContext(ctx).TraceID().String())
	everything := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})

	t.Run("takes_nothing_but_the_identifier", func(t *testing.T) {
		t.Parallel()
		found := propagation.MapCarrier{}
		everything.Inject(ctx, found)
		require.Equal(t, propagation.MapCarrier{"traceparent": parent}, found)
	})
	t.Run("gives_nothing_but_the_identifier", func(t *testing.T) {
		t.Parallel()
		given := propagation.MapCarrier{}
		telemetry.Propagator().Inject(everything.Extract(t.Context(), caller), given)
		require.Equal(t, propagation.MapCarrier{"traceparent": parent}, given)
		require.Equal(t, []string{"traceparent"}, telemetry.Propagator().Fields())
	})
	t.Run("leaves_a_context_alone_when_there_is_none", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, t.Context(), telemetry.Propagator().Extract(t.Context(), propagation.MapCarrier{}))
	})
}

func TestExport(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		got <- r.URL.Path + " " + string(raw)
	}))
	defer server.Close()
	traced, err := telemetry.New(t.Context(), telemetry.Settings{Endpoint: server.URL, Service: "enroll"}, zap.NewNop())
	require.NoError(t, err)
	_, span := traced.Tracers.Tracer("test").Start(t.Context(), "a step")
	span.End()
	require.NoError(t, traced.Stop(t.Context()))
	sent := <-got
	require.True(t, strings.HasPrefix(sent, "/v1/traces "))
	require.Contains(t, sent, "a step")
	require.Contains(t, sent, "enroll")
}
