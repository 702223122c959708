package webhook_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/gateway/webhook"
)

func TestMemory(t *testing.T) {
	t.Parallel()

	t.Run("counts_up_to_its_limit", func(t *testing.T) {
		t.Parallel()
		m := webhook.NewMemory(2, 100, time.Hour)
		require.True(t, m.Add("a"))
		require.True(t, m.Add("a"))
		require.False(t, m.Add("a"))
		require.True(t, m.Add("b"), "each has its own count")
		m.TakeBack("a")
		require.True(t, m.Add("a"))
		require.False(t, m.Add("a"))
	})

	t.Run("remembers_for_a_length_of_time_and_less_than_twice_as_long", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			m := webhook.NewMemory(1, 100, time.Hour)
			time.Sleep(time.Hour - time.Second)
			require.True(t, m.Add("a"))
			time.Sleep(time.Hour)
			require.False(t, m.Add("a"))
			time.Sleep(time.Hour)
			require.True(t, m.Add("a"))
		})
	})

	t.Run("forgets_everything_after_a_long_silence", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			m := webhook.NewMemory(1, 100, time.Hour)
			require.True(t, m.Add("a"))
			time.Sleep(2 * time.Hour)
			require.True(t, m.Add("a"))
		})
	})

	t.Run("has_a_size", func(t *testing.T) {
		t.Parallel()
		m := webhook.NewMemory(1, 100, time.Hour)
		require.True(t, m.Add("first"))
		for i := range 1000 {
			require.True(t, m.Add(strconv.Itoa(i)))
			require.LessOrEqual(t, m.Size(), 200)
		}
		require.False(t, m.Add("999"), "the latest are remembered")
		require.True(t, m.Add("first"), "the first is not")
		m.TakeBack("nobody")
	})
}
