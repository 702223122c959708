package delivery_test

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/bioenroll/bioenroll/internal/delivery"
)

func TestSchedule(t *testing.T) {
	t.Parallel()

	t.Run("goes_on_for_more_than_three_days_and_less_than_five", func(t *testing.T) {
		t.Parallel()
		span := func(random float64) (total time.Duration) {
			s := delivery.DefaultSchedule()
			for attempt := 1; ; attempt++ {
				pause, more := s.Pause(attempt, random)
				if !more {
					require.Equal(t, len(s)+1, attempt)
					return total
				}
				total += pause
			}
		}
		require.Greater(t, span(0.5), 72*time.Hour)
		require.Greater(t, span(0), 60*time.Hour)
		require.Less(t, span(math.Nextafter(1, 0)), 120*time.Hour)
	})

	t.Run("begins_with_seconds_and_grows", func(t *testing.T) {
		t.Parallel()
		s := delivery.DefaultSchedule()
		require.Equal(t, 5*time.Second, s[0])
		require.IsIncreasing(t, s)
	})

	t.Run("spreads_every_pause_by_a_fifth", func(t *testing.T) {
		t.Parallel()
		s := delivery.DefaultSchedule()
		rapid.Check(t, func(t *rapid.T) {
			attempt := rapid.IntRange(1, len(s)).Draw(t, "attempt")
			random := rapid.Float64Range(0, math.Nextafter(1, 0)).Draw(t, "random")
			pause, more := s.Pause(attempt, random)
			require.True(t, more)
			usual := s[attempt-1]
			require.GreaterOrEqual(t, pause, usual*4/5)
			require.LessOrEqual(t, pause, usual*6/5)
		})
		least, _ := s.Pause(3, 0)
		most, _ := s.Pause(3, math.Nextafter(1, 0))
		require.InDelta(t, s[2]*4/5, least, 1)
		require.InDelta(t, s[2]*6/5, most, 2)
	})

	t.Run("ends", func(t *testing.T) {
		t.Parallel()
		s := delivery.DefaultSchedule()
		for _, attempt := range []int{-1, 0, len(s) + 1, math.MaxInt} {
			pause, more := s.Pause(attempt, 0.5)
			require.False(t, more)
			require.Zero(t, pause)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		header string
		want   time.Duration
	}{
		"takes_seconds":                    {"120", 2 * time.Minute},
		"takes_seconds_with_space_around":  {"  7 ", 7 * time.Second},
		"takes_a_date":                     {now.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
		"takes_the_old_forms_of_a_date":    {now.Add(time.Hour).Format("Monday, 02-Jan-06 15:04:05 GMT"), time.Hour},
		"waits_for_no_date_in_the_past":    {now.Add(-time.Hour).Format(http.TimeFormat), 0},
		"waits_a_day_at_most_for_a_date":   {now.AddDate(3, 0, 0).Format(http.TimeFormat), 24 * time.Hour},
		"waits_a_day_at_most":              {"86401", 24 * time.Hour},
		"waits_a_day_for_what_overflows":   {"99999999999999999999999999", 24 * time.Hour},
		"waits_a_day_for_what_would_wrap":  {"9223372037", 24 * time.Hour},
		"takes_zero":                       {"0", 0},
		"ignores_nothing":                  {"", 0},
		"ignores_words":                    {"soon", 0},
		"ignores_negative_seconds":         {"-5", 0},
		"ignores_a_sign":                   {"+5", 0},
		"ignores_fractions":                {"1.5", 0},
		"ignores_other_digits":             {"٣", 0},
		"ignores_a_date_without_a_weekday": {"21 Nov 2026 07:00:00 GMT", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, delivery.RetryAfter(row.header, now))
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)
	for _, seed := range []string{"", "5", "-1", "86400", "99999999999999999999", "Sat, 21 Nov 2026 07:00:00 GMT", "Sat Nov 21 07:00:00 2026", " 1 ", "1e3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := delivery.RetryAfter(header, now)
		if got < 0 || got > 24*time.Hour {
			t.Fatalf("%q asks for %s", header, got)
		}
	})
}
