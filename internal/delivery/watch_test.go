package delivery_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/bioenroll/bioenroll/internal/delivery"
	"github.com/bioenroll/bioenroll/internal/records"
)

func TestDispatcher_tells(t *testing.T) {
	t.Parallel()

	t.Run("once_that_the_store_is_away_and_once_that_it_is_back", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			log, lines := observer.New(zapcore.InfoLevel)
			store.breaks(errStore, nil)
			dispatch(t, store, receivers, func(o *delivery.Options) { o.Log = zap.New(log) })
			store.put("backend", 1)
			pass(time.Hour)
			require.Equal(t, 1, lines.FilterLevelExact(zapcore.ErrorLevel).Len())
			store.breaks(nil, nil)
			pass(2 * time.Second)
			require.Equal(t, 1, store.is("delivered", "backend"))
			require.Equal(t, 2, lines.Len())
		})
	})

	t.Run("once_that_a_receiver_cannot_be_decrypted", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			log, lines := observer.New(zapcore.ErrorLevel)
			store.unreadable = map[string]error{"shop": records.ErrOtherKey}
			receivers.set("shop", func(context.Context) delivery.Answer { return delivery.Answer{Trouble: delivery.Unsendable} })
			dispatch(t, store, receivers, func(o *delivery.Options) { o.Log = zap.New(log) })
			store.put("shop", 20)
			store.put("bank", 20)
			pass(time.Hour)
			require.Equal(t, 20, store.is("delivered", "bank"))
			require.Equal(t, 1, lines.Len())
			require.Equal(t, "shop", lines.All()[0].ContextMap()["receiver"])
		})
	})

	t.Run("what_went_wrong_and_neither_address_nor_secret_nor_body", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store, receivers := newShelf(), newField()
			log, lines := observer.New(zapcore.DebugLevel)
			dispatch(t, store, receivers, seldom, func(o *delivery.Options) { o.Log = zap.New(log) })
			receivers.set("dead", always(500))
			receivers.set("away", always(410))
			for _, name := range []string{"dead", "away", "well"} {
				store.put(name, 1)
			}
			pass(5 * 24 * time.Hour)
			var words []string
			for _, line := range lines.All() {
				written, err := json.Marshal(line.ContextMap())
				require.NoError(t, err)
				require.NotContains(t, string(written), "hunter2")
				require.NotContains(t, string(written), "receiver.example")
				require.NotContains(t, string(written), first.Reveal())
				words = append(words, line.Message)
			}
			for _, want := range []string{
				"an outcome event was sent", "an outcome event was not taken", "an outcome event is given up; it can be redelivered",
				"a receiver wants no outcome events any more (410); it can be resumed", "a receiver fails again and again, and is left alone for a while",
			} {
				require.Contains(t, words, want)
			}
		})
	})
}

func TestDispatcher_measures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, receivers := newShelf(), newField()
		reader := sdk.NewManualReader()
		meters := sdk.NewMeterProvider(sdk.WithReader(reader))
		receivers.set("slow", hangs)
		receivers.set("dead", always(503))
		store.put("slow", 1)
		store.put("dead", 1)
		store.put("well", 3)
		dispatch(t, store, receivers, func(o *delivery.Options) { o.Meters = meters })
		pass(2 * time.Second)
		require.Equal(t, map[string]float64{
			delivery.AttemptSeconds + " 5xx postponed": 1, delivery.AttemptSeconds + " 2xx delivered": 3,
			delivery.InFlight + "  ": 1, delivery.OldestSeconds + "  ": 2,
		}, measured(t, reader))
	})
}

// measured returns what the reader collects: counts and values, by name and
// labels.
func measured(t *testing.T, reader *sdk.ManualReader) map[string]float64 {
	t.Helper()
	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	found := map[string]float64{}
	for _, m := range collected.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				answer, _ := p.Attributes.Value("answer")
				outcome, _ := p.Attributes.Value("outcome")
				found[m.Name+" "+answer.AsString()+" "+outcome.AsString()] = float64(p.Count)
			}
		case metricdata.Sum[int64]:
			found[m.Name+"  "] = float64(data.DataPoints[0].Value)
		case metricdata.Gauge[float64]:
			found[m.Name+"  "] = data.DataPoints[0].Value
		}
	}
	return found
}
