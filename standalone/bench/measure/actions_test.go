package measure_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/standalone/bench/measure"
)

const metrics = `# HELP action Actions
# TYPE action counter
action{action_type="command_StartTimer",namespace="default",otel_scope_name="temporal",service_name="frontend"} 3
action{action_type="activity_retry",namespace="default",service_name="frontend"} 2 1700000000
action{namespace="baseline",action_type="command_StartTimer"} 40
action_other{action_type="command_StartTimer",namespace="default"} 1000
actions{action_type="command_StartTimer",namespace="default"} 1000
action{action_type="command_StartTimer",namespace="default",service_name="other"} 1
`

func TestReadActions(t *testing.T) {
	t.Run("counts_one_namespace_by_type", func(t *testing.T) {
		actions, err := measure.ReadActions(strings.NewReader(metrics), "default")
		require.NoError(t, err)
		require.Equal(t, measure.Actions{"command_StartTimer": 4, "activity_retry": 2}, actions)
		require.Equal(t, 6, actions.Total())
	})
	t.Run("finds_labels_in_any_order", func(t *testing.T) {
		actions, err := measure.ReadActions(strings.NewReader(metrics), "baseline")
		require.NoError(t, err)
		require.Equal(t, measure.Actions{"command_StartTimer": 40}, actions)
	})
	t.Run("knows_none_before_the_first", func(t *testing.T) {
		actions, err := measure.ReadActions(strings.NewReader(""), "default")
		require.NoError(t, err)
		require.Zero(t, actions.Total())
	})
	t.Run("refuses_what_is_no_number", func(t *testing.T) {
		_, err := measure.ReadActions(strings.NewReader(`action{namespace="default"} many`), "default")
		require.ErrorContains(t, err, `"many" is not a number`)
	})
}

func TestSince(t *testing.T) {
	earlier := measure.Actions{"a": 1, "b": 2}
	later := measure.Actions{"a": 4, "b": 2, "c": 1}
	require.Equal(t, measure.Actions{"a": 3, "c": 1}, later.Since(earlier))
}

func FuzzReadActions(f *testing.F) {
	f.Add(metrics)
	f.Add("action{")
	f.Add(`action{namespace="default} 1`)
	f.Add(`action{namespace="default"}`)
	f.Fuzz(func(t *testing.T, text string) {
		actions, err := measure.ReadActions(strings.NewReader(text), "default")
		if err != nil {
			require.Nil(t, actions)
		}
	})
}
