package page_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/standalone/page"
)

// toldOf are the steps of a recorded journey, each as kind, name and detail.
func toldOf(t *testing.T, recorded string) []string {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "workflows", "testdata", "replay", recorded+".json"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	history, err := client.HistoryFromJSON(file, client.HistoryJSONOptions{})
	require.NoError(t, err)
	var told []string
	for _, step := range page.StepsOf(history.GetEvents()) {
		require.False(t, step.At.IsZero())
		told = append(told, strings.TrimSpace(strings.Join([]string{step.Kind, step.Name, step.Detail}, " ")))
	}
	return told
}

func TestSteps(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ recorded, want string }{
		"begin_with_the_story":                {"authid-enroll-by-hint", "begin AuthIDEnrollment"},
		"name_the_update_that_hands_over":     {"authid-enroll-by-hint", "update begin"},
		"name_hints":                          {"authid-enroll-by-hint", "hint final-page"},
		"tell_what_a_step_came_to":            {"authid-enroll-by-hint", "step AuthIDReadAccount answered"},
		"end_with_the_story":                  {"authid-enroll-by-hint", "end"},
		"tell_that_somebody_canceled":         {"authid-enroll-canceled", "cancel"},
		"tell_that_a_timer_is_over":           {"authid-enroll-expired", "timer"},
		"name_the_renewal":                    {"iproov-photo-enroll-renewed", "update renew"},
		"tell_that_the_outcome_was_recorded":  {"authid-enroll-by-hint", "record"},
		"tell_a_kind_of_failure_and_no_words": {"authid-enroll-provider-down", "failed: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, strings.Join(toldOf(t, row.recorded), "\n"), row.want)
		})
	}
	t.Run("leave_out_what_only_temporal_cares_for", func(t *testing.T) {
		t.Parallel()
		for _, line := range toldOf(t, "authid-enroll-by-hint") {
			require.NotContains(t, line, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED.String())
			require.NotEqual(t, "step", line, "every step has a name")
		}
	})
}
