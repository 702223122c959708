package host_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/host"
	"github.com/bioenroll/bioenroll/gateway/webhook"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/telemetry"
)

// hooked counts the operations that journeys were told of.
type hooked struct {
	host.Journeys // Whatever else is asked is a mistake of the test.

	mu   sync.Mutex
	told []string
}

func (h *hooked) Webhook(_ context.Context, provider enroll.Provider, operation string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, string(provider)+" "+operation)
	return true, nil
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-of-a-webhook-that-is-long-enough"
	journeys := &hooked{}
	core, entries := observer.New(zap.DebugLevel)
	reader, spans := sdkmetric.NewManualReader(), tracetest.NewInMemoryExporter()
	src := config.NewSource(config.Map(map[string]string{
		host.Prefix + "KEYS": filepath.Join(t.TempDir(), "keys"), webhook.Prefix + "AUTHID_SECRET": secret,
	}))
	settings := host.Load(src)
	require.NoError(t, src.Err())
	gateway, err := host.New(host.Options{
		Settings: settings, Journeys: journeys, Signing: keys.New(), Log: zap.New(core),
		Watched: telemetry.Instruments{
			Meters: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), Tracers: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)),
		},
	})
	require.NoError(t, err)
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		gateway.Server().Handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{"OperationId":"operation-4711"}`)))
		return w
	}
	stranger := ask("/webhooks/authid/" + strings.ToUpper(secret))
	called := ask("/webhooks/authid/" + secret)
	gateway.Stop() // What was taken is told first.

	t.Run("tells_the_journey", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, http.StatusAccepted, called.Code)
		require.Equal(t, []string{"authid operation-4711"}, journeys.told)
	})
	t.Run("is_not_there_without_its_secret", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, http.StatusNotFound, stranger.Code)
		require.Equal(t, ask("/nobody/knows"), stranger)
	})
	t.Run("tells_nobody_its_secret_or_its_operation", func(t *testing.T) {
		t.Parallel()
		var measured metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &measured))
		told := fmt.Sprintf("%+v %+v", measured, spans.GetSpans())
		for _, entry := range entries.All() {
			told = fmt.Sprint(told, entry.Message, entry.ContextMap())
		}
		require.Equal(t, 1, entries.FilterField(zap.String("route", webhook.Route)).Len())
		require.Contains(t, told, "bioenroll_webhooks")
		for _, hidden := range []string{secret, strings.ToUpper(secret), "operation-4711"} {
			require.NotContains(t, told, hidden)
		}
	})
}
