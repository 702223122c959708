package workflows_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

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

// recorded reads one of them.
func recorded(t *testing.T, file string) *historypb.History {
	t.Helper()
	encoded, err := os.Open(file)
	require.NoError(t, err)
	defer encoded.Close() //nolint:errcheck // it was only read
	history, err := client.HistoryFromJSON(encoded, client.HistoryJSONOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, history.GetEvents())
	return history
}

// TestReplay shows that the stories still take every recorded path.
func TestReplay(t *testing.T) {
	for _, file := range fixtures(t) {
		t.Run(fixtureName(file), func(t *testing.T) {
			replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableRegistrationAliasing: true})
			require.NoError(t, err)
			workflows.Register(replayer)
			history := recorded(t, file)
			began := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
			require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{
				OriginalExecution: workflow.Execution{ID: began.GetWorkflowId(), RunID: began.GetOriginalExecutionRunId()},
			}))
		})
	}
}

// anyPath is the most events of a path without a budget of its own.
const anyPath = 80

// historyBudgets are the most events of a path. A step costs six, a question
// asked again by the server none, a renewal a dozen and more.
func historyBudgets() map[string]int {
	return map[string]int{
		"authid-enroll-by-hint":              36,
		"authid-enroll-by-poll":              36,
		"authid-enroll-early-hint":           36,
		"authid-enroll-rejected":             36,
		"authid-enroll-expired":              44,
		"authid-enroll-hint-after-polls":     44,
		"authid-enroll-never-reached":        44,
		"authid-enroll-unknown-status":       44,
		"authid-enroll-canceled":             40, // starting a watch is part of it
		"authid-enroll-renewed-old-accepted": 36 + 12,
		"authid-enroll-renewed-new-accepted": 44 + 18, // both operations have their poll
		"authid-live-selfie":                 36,
		"authid-live-selfie-attached":        36 + 6, // attaching is a step of its own
		"bioid-enroll-by-hint":               36,
		"bioid-enroll-by-browser":            36,
		"bioid-enroll-by-poll":               36,
		"bioid-enroll-canceled":              40,
		"bioid-enroll-second-attempt":        36 + 16,
		"bioid-enroll-renewed":               36 + 18, // the result is read once more
		"bioid-enroll-our-samples":           36 + 6,  // uploading is a step of its own
		"smartid-enroll":                     22,
		"smartid-unenroll":                   22,
		"smartid-enroll-reset":               22 + 6,
		"smartid-enroll-repeated":            22 + 12,
		"iproov-photo-enroll-by-hint":        48,
		"iproov-photo-enroll-by-backup":      48,
		"iproov-photo-enroll-face-refused":   51, // removing the user is part of it
		"iproov-photo-enroll-canceled":       60, // and so is its token
		"iproov-photo-enroll-expired":        60,
		"iproov-photo-enroll-renewed":        48 + 24, // validate, another token, the old one made useless
		"watch-authid-removed":               36,      // look, look for a newer journey, remove, record
		"watch-bioid-removed":                36,
		"housekeeping":                       29, // four steps
		"housekeeping-incomplete":            29,
		// A lost answer costs the question that settles it.
		"bioid-enroll-lost-answer":                    36 + 6,
		"smartid-enroll-lost-answer":                  22 + 6,
		"smartid-enroll-never-answered-again":         22 + 18, // asked twice more
		"iproov-photo-enroll-image-lost":              36,
		"iproov-photo-enroll-image-lost-nobody-there": 36,
		"iproov-photo-enroll-image-lost-user-there":   48,
		// A worker that died costs another attempt, and what it found a question.
		"authid-enroll-worker-died":                   36,
		"bioid-enroll-worker-died":                    36 + 12,
		"smartid-enroll-worker-died":                  22 + 6,
		"iproov-photo-enroll-worker-died-with-image":  48,
		"iproov-photo-enroll-worker-died-in-validate": 51 + 6,
		// A run that finds the journey concluded asks nobody and takes nothing back.
		"authid-enroll-concluded-before":              16,
		"bioid-enroll-concluded-before":               16,
		"smartid-enroll-concluded-before":             16,
		"iproov-photo-enroll-concluded-before":        16,
		"iproov-photo-enroll-concluded-while-waiting": 42,
		"iproov-photo-enroll-another-outcome":         30,
	}
}

// TestHistoryBudget holds the recorded paths to the number of events that the
// design allows them.
func TestHistoryBudget(t *testing.T) {
	budgets := historyBudgets()
	for _, file := range fixtures(t) {
		name := fixtureName(file)
		most, ok := budgets[name]
		if !ok {
			most = anyPath
		}
		delete(budgets, name)
		t.Run(name, func(t *testing.T) {
			events := len(recorded(t, file).GetEvents())
			t.Logf("%d events", events)
			require.LessOrEqual(t, events, most)
		})
	}
	require.Empty(t, budgets, "each budget belongs to a recorded path")
}
