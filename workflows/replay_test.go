package workflows_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/workflows"
)

// fixtures lists the recorded histories.
func fixtures(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/replay/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func fixtureName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".json") }

// TestReplay shows that the stories still take every recorded path.
func TestReplay(t *testing.T) {
	for _, file := range fixtures(t) {
		t.Run(fixtureName(file), func(t *testing.T) {
			replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableRegistrationAliasing: true})
			require.NoError(t, err)
			workflows.Register(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
		})
	}
}

// TestHistoryBudget holds the recorded paths to the number of events that the
// design allows them.
func TestHistoryBudget(t *testing.T) {
	for name, most := range map[string]int{
		"authid-enroll-by-hint":            36,
		"authid-live-selfie-attached":      36 + 6, // attaching is a step of its own
		"bioid-enroll-by-hint":             36,
		"bioid-enroll-by-browser":          36,
		"smartid-enroll":                   22,
		"smartid-unenroll":                 22,
		"authid-enroll-expired":            44,
		"authid-enroll-hint-after-polls":   44,
		"iproov-photo-enroll-face-refused": 51, // removing the user and its token is part of it
		"iproov-photo-enroll-by-hint":      48,
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := os.ReadFile(filepath.Join("testdata", "replay", name+".json"))
			require.NoError(t, err)
			var history struct {
				Events []json.RawMessage `json:"events"`
			}
			require.NoError(t, json.Unmarshal(encoded, &history))
			require.NotEmpty(t, history.Events)
			t.Logf("%d events", len(history.Events))
			require.LessOrEqual(t, len(history.Events), most)
		})
	}
}
