package measure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/standalone/bench/measure"
)

func TestQuantile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = 100 - i
	}
	for name, row := range map[string]struct {
		values []int
		q      float64
		want   int
	}{
		"none_has_no_value":               {nil, 0.5, 0},
		"one_is_every_quantile":           {[]int{7}, 0.99, 7},
		"half_of_an_even_number":          {[]int{4, 1, 3, 2}, 0.5, 2},
		"half_of_an_odd_number":           {[]int{5, 1, 3}, 0.5, 3},
		"p99_of_a_hundred_is_not_the_max": {hundred, 0.99, 99},
		"p99_of_ten_is_the_max":           {hundred[:10], 0.99, 100},
		"zero_is_the_least":               {hundred, 0, 1},
		"one_is_the_most":                 {hundred, 1, 100},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, row.want, measure.Quantile(row.values, row.q))
		})
	}
	t.Run("leaves_the_values_in_their_order", func(t *testing.T) {
		values := []int{3, 1, 2}
		measure.Quantile(values, 0.5)
		require.Equal(t, []int{3, 1, 2}, values)
	})
}

func TestMedian(t *testing.T) {
	require.Zero(t, measure.Median(nil))
	require.InDelta(t, 2, measure.Median([]float64{9, 1, 2}), 0)
	require.InDelta(t, 2.5, measure.Median([]float64{4, 1, 2, 3}), 0)
}

func TestRatio(t *testing.T) {
	require.InDelta(t, 0.5, measure.Ratio(1, 2), 0)
	require.Zero(t, measure.Ratio(1, 0))
}

func TestLine(t *testing.T) {
	t.Run("tells_an_hour_of_polls_from_two_short_runs", func(t *testing.T) {
		line := measure.Through(3, 5+11*3, 9, 5+11*9)
		require.InDelta(t, 11, line.Each, 1e-9)
		require.InDelta(t, 7925, line.At(720), 1e-9)
	})
	t.Run("is_flat_through_one_point", func(t *testing.T) {
		require.InDelta(t, 4, measure.Through(1, 4, 1, 4).At(100), 0)
	})
}

func TestMilliseconds(t *testing.T) {
	require.InDelta(t, 1.5, measure.Milliseconds(1500*time.Microsecond), 0)
}
