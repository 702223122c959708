package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

// TestMain makes this test program a part when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "part" {
		os.Exit(playPart(os.Args[2]))
	}
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	for name, args := range map[string][]string{
		"refuses_an_unknown_scale":   {"--scale", "huge"},
		"refuses_an_unknown_flag":    {"--sideways"},
		"refuses_an_argument_beside": {"now"},
		"refuses_an_unknown_section": {"--only", "everything"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			require.Equal(t, exitBadFlag, run(t.Context(), args, &bytes.Buffer{}, &stderr))
			require.Contains(t, stderr.String(), "--scale default|full|quick")
		})
	}
}

func TestScaleOf(t *testing.T) {
	for _, name := range []string{"default", "full", "quick"} {
		t.Run(name+"_can_be_measured", func(t *testing.T) {
			s, err := scaleOf(name)
			require.NoError(t, err)
			require.IsIncreasing(t, s.waiting)
			require.Zero(t, time.Hour%s.hour, "an hour is a whole number of scaled ones")
			require.NoError(t, authIDAbandoned(int(s.hour.Seconds())).request(1).Check(enroll.DefaultLimits()))
			require.Positive(t, s.rounds)
			require.Positive(t, s.otherRounds)
			require.Positive(t, s.blocks)
			require.Positive(t, s.gate.window)
			require.Positive(t, s.gate.blocks)
			require.Positive(t, s.gate.rounds)
			require.Positive(t, s.gate.otherRounds)
			require.Positive(t, s.forms.window)
			require.Positive(t, s.forms.rounds)
			require.Positive(t, s.forms.photos)
			require.Positive(t, s.forms.crowd)
		})
	}
}

func TestKinds(t *testing.T) {
	for _, k := range kinds() {
		t.Run("can_be_started_"+k.name, func(t *testing.T) {
			require.NotEqual(t, k.request(1).SubjectName(), k.request(2).SubjectName())
			if k.preload != nil {
				require.NotEmpty(t, k.preload(1, 2))
			}
		})
	}
}

func TestPollsUntil(t *testing.T) {
	t.Run("an_hour_at_the_default_pace_is_within_the_promise", func(t *testing.T) {
		polls := pollsUntil(enroll.DefaultPace(), time.Hour)
		require.LessOrEqual(t, polls+3, 80, "account, create and the last confirm come on top")
		require.Greater(t, polls, 60)
	})
	t.Run("there_is_none_before_the_hold_off", func(t *testing.T) {
		require.Zero(t, pollsUntil(enroll.DefaultPace(), 5*time.Second))
		require.Equal(t, 1, pollsUntil(enroll.DefaultPace(), 6*time.Second))
	})
}

func TestPeople(t *testing.T) {
	p := people{ready: []int{4, 5}}
	first, err := p.next()
	require.NoError(t, err)
	second, err := p.next()
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	_, err = p.next()
	require.ErrorContains(t, err, "more journeys were started")
}

func TestCPUTimes(t *testing.T) {
	var c cpuTimes
	c.add(map[string]time.Duration{"server": time.Second}, 10)
	c.add(map[string]time.Duration{"server": time.Second}, 30)
	require.InDelta(t, 50, c.each()["server"], 1e-9)
}
