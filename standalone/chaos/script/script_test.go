package script_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

func options(seed uint64) script.Options {
	return script.Options{
		Seed: seed, Journeys: 600, Duration: 2 * time.Minute, Workers: 3, Kills: true, Network: true, Faults: true, Resets: true, Events: true,
	}
}

func TestNew_draws_the_same_from_the_same_seed(t *testing.T) {
	first, second := script.New(options(1)), script.New(options(1))
	require.Equal(t, first, second)
	require.NotEqual(t, script.New(options(1)), script.New(options(2)))
}

func TestNew_keeps_journeys_when_others_join(t *testing.T) {
	few, many := options(1), options(1)
	few.Journeys = 10
	require.Equal(t, script.New(few).Journeys, script.New(many).Journeys[:10])
}

func TestNew_has_everything_in_a_usual_campaign(t *testing.T) {
	s := script.New(options(1))
	for _, spec := range enroll.Catalogue() {
		of := slices.DeleteFunc(slices.Clone(s.Journeys), func(j script.Journey) bool { return j.Kind != spec.Journey })
		require.Len(t, of, 100)
		for _, person := range people() {
			acts := slices.ContainsFunc(of, func(j script.Journey) bool { return j.Person == person })
			require.Equal(t, spec.Waits(), acts, "%s: %s", spec.Journey, person)
		}
	}
	for _, kind := range []script.TroubleKind{script.KillWorker, script.KillServer, script.Weather, script.Outage, script.BadReceiver, script.RestartReceiver} {
		require.True(t, slices.ContainsFunc(s.Troubles, func(x script.Trouble) bool { return x.Kind == kind }), kind)
	}
	for _, at := range []script.ResetAt{script.ResetLive, script.ResetClosed} {
		require.True(t, slices.ContainsFunc(s.Journeys, func(j script.Journey) bool { return j.ResetAt == at }), at)
	}
	require.True(t, slices.ContainsFunc(s.Journeys, func(j script.Journey) bool { return len(j.Faults) > 1 }))
	require.True(t, slices.IsSortedFunc(s.Troubles, func(a, b script.Trouble) int { return int(a.At - b.At) }))
}

func TestNew_draws_the_rest_without_a_bad_receiver(t *testing.T) {
	well := options(1)
	well.Events = false
	with := slices.DeleteFunc(script.New(options(1)).Troubles, func(x script.Trouble) bool {
		return x.Kind == script.BadReceiver || x.Kind == script.RestartReceiver
	})
	require.Equal(t, script.New(well).Troubles, with)
}

func people() []script.Person {
	return []script.Person{
		script.Completes, script.CompletesUnseen, script.Fails, script.FailsThenCompletes, script.WalksAway,
		script.Pretends, script.Renews, script.Cancels, script.CompletesAfterCancel,
	}
}

func TestNew_stays_within_the_time(t *testing.T) {
	s := script.New(options(1))
	for _, j := range s.Journeys {
		require.Less(t, j.At, 2*time.Minute)
	}
	for _, trouble := range s.Troubles {
		require.Less(t, trouble.At, 2*time.Minute)
		require.NotEmpty(t, trouble.String())
	}
}

func TestNew_leaves_out_what_is_switched_off(t *testing.T) {
	s := script.New(script.Options{Seed: 1, Journeys: 100, Duration: time.Minute, Workers: 1})
	require.Empty(t, s.Troubles)
	for _, j := range s.Journeys {
		require.Empty(t, j.Faults)
		require.Equal(t, script.NoReset, j.ResetAt)
	}
}
