package api_test

import (
	"bytes"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
)

// outcomeBody is where the description says what receivers are sent.
const outcomeBody = "/webhooks/outcome/post/requestBody/content/application~1json"

// opened is a journey that has begun at authID.
func opened(id string) records.Opening {
	return records.Opening{
		Record: enroll.RecordID(id), Journey: enroll.AuthIDEnroll, WorkflowID: "authid-" + id, RunID: runID,
		SubjectHash: "hash-" + id, Digest: "digest-" + id, Subject: "anna@example.com", At: noon,
	}
}

// concluded is its end.
func concluded(outcome enroll.Outcome) enroll.Result {
	return enroll.Result{
		Journey: enroll.AuthIDEnroll, RunID: runID, ConcludedAt: noon.Add(time.Minute),
		Verdict: enroll.Verdict{Outcome: outcome, Reason: enroll.ReasonDeclined, ProviderCode: "7", Message: "Anna declined", CanRetry: true},
	}
}

// outcomeEvents records an event of each outcome and of each type, and returns
// the bodies as receivers are sent them.
func outcomeEvents(t *testing.T) [][]byte {
	t.Helper()
	key, err := keys.LoadOrCreate(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	store, err := records.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "records.db"), key)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	_, err = store.AddReceiver(t.Context(), records.NewReceiver{Name: "shop", URL: "https://shop.example"}, "olga", "test")
	require.NoError(t, err)
	for _, outcome := range enroll.Outcomes() {
		_, err := store.Conclude(t.Context(), records.Conclusion{Opening: opened(string(outcome)), Result: concluded(outcome)})
		require.NoError(t, err)
	}
	require.NoError(t, store.Resolve(t.Context(), enroll.RecordID(enroll.Unknown), enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "asked", At: noon.Add(time.Hour)}))
	for record, found := range map[enroll.Outcome]enroll.Watched{
		enroll.Canceled: {Completed: true, Removed: true},
		enroll.Expired:  {Completed: true, Kept: enroll.KeptForNewer},
		enroll.Unknown:  {Reason: enroll.ReasonProviderUnavailable},
	} {
		found.EndedRun = runID
		require.NoError(t, store.Watched(t.Context(), enroll.RecordID(record), found))
	}
	claimed, _, err := store.ClaimDeliveries(t.Context(), records.Claimer{ID: "worker", Lease: time.Hour}, 100, nil)
	require.NoError(t, err)
	bodies := make([][]byte, len(claimed))
	for i, delivery := range claimed {
		bodies[i] = delivery.Body
	}
	return bodies
}

func TestOutcomeEvents(t *testing.T) {
	t.Parallel()
	c := published()

	t.Run("are_sent_as_they_are_described", func(t *testing.T) {
		t.Parallel()
		bodies := outcomeEvents(t)
		require.Len(t, bodies, len(enroll.Outcomes())+1+3)
		for _, body := range bodies {
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
			require.NoError(t, err)
			require.NoError(t, c.check(outcomeBody+"/schema", value), "%s", body)
			require.Empty(t, c.undescribed(outcomeBody+"/schema", value), "%s", body)
		}
	})

	t.Run("are_described_as_they_are_sent", func(t *testing.T) {
		t.Parallel()
		of := func(schema string) []string {
			var names []string
			for name := range c.properties("/components/schemas/" + schema) {
				names = append(names, name)
			}
			return names
		}
		for _, schema := range []string{"ConcludedEvent", "ResolvedEvent", "WatchedEvent"} {
			require.ElementsMatch(t, fieldsOf(reflect.TypeFor[enroll.OutcomeEvent]()), of(schema))
		}
		// What a watch found is in its own event alone.
		data := slices.DeleteFunc(fieldsOf(reflect.TypeFor[enroll.OutcomeData]()), func(name string) bool { return name == "found" })
		require.ElementsMatch(t, data, of("OutcomeData"))
		require.ElementsMatch(t, fieldsOf(reflect.TypeFor[enroll.FoundLate]()), of("FoundLate"))
		require.ElementsMatch(t, fieldsOf(reflect.TypeFor[enroll.ResolvedOutcome]()), of("SettledOutcome"))
		for _, kept := range []enroll.KeptBecause{enroll.KeptBySetting, enroll.KeptForNewer, enroll.KeptNothing} {
			require.NoError(t, c.check("/components/schemas/FoundLate/properties/kept", string(kept)))
		}
	})

	t.Run("have_an_example_of_each_type_and_outcome", func(t *testing.T) {
		t.Parallel()
		told := map[string]bool{}
		examples, _ := c.object(outcomeBody + "/examples")
		for name := range examples {
			example, _ := c.object(outcomeBody + "/examples/" + name)
			require.NoError(t, c.check(outcomeBody+"/schema", example["value"]), name)
			require.Empty(t, c.undescribed(outcomeBody+"/schema", example["value"]), name)
			event, _ := example["value"].(map[string]any)
			kind, _ := event["type"].(string)
			outcome, _ := within(t, event, "data", "outcome").(string)
			told[kind], told[outcome] = true, true
		}
		for _, outcome := range enroll.Outcomes() {
			require.True(t, told[string(outcome)], "an example of %s", outcome)
		}
		for _, kind := range []enroll.EventType{enroll.EventConcluded, enroll.EventResolved, enroll.EventWatched} {
			require.True(t, told[string(kind)], "an example of %s", kind)
		}
	})

	t.Run("are_no_events_of_another_type", func(t *testing.T) {
		t.Parallel()
		example, _ := c.object(outcomeBody + "/examples/resolved/value")
		for _, kind := range []enroll.EventType{enroll.EventWatched, "journey.started"} {
			require.Error(t, c.check(outcomeBody+"/schema", map[string]any{"type": string(kind), "timestamp": example["timestamp"], "data": example["data"]}))
		}
	})
}
