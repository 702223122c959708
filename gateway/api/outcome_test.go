package api_test

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/delivery"
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

// posted is what a receiver is sent.
type posted struct {
	header http.Header
	body   []byte
}

// receive answers 204 to whatever is sent, and passes it on.
func receive(t *testing.T) (enroll.Secret, <-chan posted) {
	t.Helper()
	got := make(chan posted, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && r.Method == http.MethodPost {
			got <- posted{r.Header, body}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(receiver.Close)
	return enroll.Secret(receiver.URL), got
}

// outcomeEvents records an event of each outcome and of each type, and returns
// what a receiver is sent, once it has been sent everything.
func outcomeEvents(t *testing.T) []posted {
	t.Helper()
	key, err := keys.LoadOrCreate(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	store, err := records.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "records.db"), key)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	url, got := receive(t)
	_, err = store.AddReceiver(t.Context(), records.NewReceiver{Name: "shop", URL: url, AllowHTTP: true}, "olga", "test")
	require.NoError(t, err)
	recordOutcomes(t, store)

	options := delivery.DefaultOptions()
	options.Transport = delivery.Transport{AllowHTTP: true, AllowInternal: true}
	dispatcher, err := delivery.Start(t.Context(), store, options)
	require.NoError(t, err)
	defer dispatcher.Stop()
	all := make([]posted, len(enroll.Outcomes())+1+3)
	for i := range all {
		all[i] = <-got
	}
	return all
}

// recordOutcomes ends a journey with each outcome; one is resolved, and of three
// it is known what became of the capture.
func recordOutcomes(t *testing.T, store *records.Store) {
	t.Helper()
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
}

func TestOutcomeEvents(t *testing.T) {
	t.Parallel()
	c := published()

	t.Run("are_sent_as_they_are_described", func(t *testing.T) {
		t.Parallel()
		operation, _ := c.object("/webhooks/outcome/post")
		parameters, _ := operation["parameters"].([]any)
		for _, sent := range outcomeEvents(t) {
			kind, _, err := mime.ParseMediaType(sent.header.Get("Content-Type"))
			require.NoError(t, err)
			require.Equal(t, "application/json", kind)
			for i := range parameters {
				pointer := "/webhooks/outcome/post/parameters/" + strconv.Itoa(i)
				parameter, _ := c.object(pointer)
				name, _ := parameter["name"].(string)
				require.NoError(t, c.check(pointer+"/schema", sent.header.Get(name)), name)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(sent.body))
			require.NoError(t, err)
			require.NoError(t, c.check(outcomeBody+"/schema", value), "%s", sent.body)
			require.Empty(t, c.undescribed(outcomeBody+"/schema", value), "%s", sent.body)
		}
	})

	t.Run("come_again_as_often_as_the_description_says", func(t *testing.T) {
		t.Parallel()
		operation, _ := c.object("/webhooks/outcome/post")
		require.Len(t, delivery.DefaultSchedule(), 12-1)
		require.Contains(t, operation["description"], "twelve times in all")
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
