package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
)

func TestReference(t *testing.T) {
	t.Parallel()
	const start = `{"journey": "smartid.unenroll", "input": {"user": "customer-42", "reference": "order-17"}}`

	t.Run("of_a_start_is_passed_on_and_answered", func(t *testing.T) {
		t.Parallel()
		for _, repeated := range []bool{false, true} {
			s := &starting{started: waits(), repeated: repeated, scripted: scripted{shown: waiting()}}
			answer := s.startJSON(t, start)
			body := told(t, answer, map[bool]int{false: http.StatusCreated, true: http.StatusOK}[repeated])
			require.Equal(t, "order-17", body["reference"])
			require.Equal(t, "order-17", s.request.CalledBy().Reveal())
		}
	})

	t.Run("of_a_journey_is_told_to_whoever_may_read_it_and_to_no_frontend", func(t *testing.T) {
		t.Parallel()
		shown := waiting()
		shown.Reference = "order-17"
		for role, want := range map[access.Role]any{access.Backend: "order-17", access.Operator: "order-17", access.Relay: nil} {
			body := told(t, (&scripted{shown: shown}).ask(t, role, http.MethodGet, journey, ""), http.StatusOK)
			require.Equal(t, want, body["reference"], role)
		}
	})

	t.Run("finds_journeys_in_the_records", func(t *testing.T) {
		t.Parallel()
		shown := waiting()
		shown.ID, shown.RunID, shown.Reference = journeyID, runID, "Żądanie 17"
		shown.State = &enroll.State{Phase: enroll.Concluded, Result: &enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}, UserID: enroll.Redacted}}
		s := &starting{page: client.ListedPage{Journeys: []client.Shown{shown}, Next: "more"}}
		target := "/v1/journeys?provider=authid&outcome=enrolled&limit=7&cursor=abc&reference=" + url.QueryEscape("Żądanie 17")
		body := told(t, send(t, s.serve(t, ""), http.MethodGet, target, access.Backend, http.NoBody), http.StatusOK)
		require.Equal(t, "more", body["next_cursor"])
		require.Equal(t, client.RecordFilter{Provider: enroll.AuthID, Outcome: enroll.Enrolled, Reference: "Żądanie 17", Limit: 7, After: "abc"}, s.chosen)
		listed, ok := body["journeys"].([]any)
		require.True(t, ok)
		require.Equal(t, "Żądanie 17", within(t, listed[0], "reference"))
		require.Equal(t, journeyID+"."+runID, within(t, listed[0], "id"))
		require.NotContains(t, listed[0], "details", "what is hidden is not told as if it were known")
	})

	for name, query := range map[string]string{
		"cannot_be_nothing":                    "?reference=",
		"does_not_go_with_what_no_record_says": "?reference=order-17&phase=waiting",
		"does_not_go_with_a_deadline":          "?reference=order-17&overdue=true",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireProblem(t, (&scripted{}).ask(t, access.Backend, http.MethodGet, "/v1/journeys"+query, ""), http.StatusBadRequest, api.InvalidRequest)
		})
	}

	t.Run("that_is_none_is_named", func(t *testing.T) {
		t.Parallel()
		s := &starting{}
		s.err = enroll.CheckReference("order\n17")
		require.Error(t, s.err)
		requireFields(t, send(t, s.serve(t, ""), http.MethodGet, "/v1/journeys?reference=order%0A17", access.Backend, http.NoBody), "reference")
	})
}

func TestGet_tells_what_an_unknown_outcome_was(t *testing.T) {
	t.Parallel()
	shown := client.Shown{
		Journey: enroll.SmartIDEnroll, Phase: enroll.Concluded, Outcome: enroll.Unknown, ClosedAt: noon,
		Resolution: &enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "seen", At: noon},
	}
	s := &scripted{shown: shown, result: enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Unknown}}}
	body := told(t, s.ask(t, access.Backend, http.MethodGet, journey, ""), http.StatusOK)
	require.Equal(t, "unknown", body["outcome"], "it never changes")
	require.Equal(t, map[string]any{"outcome": "enrolled", "at": "2026-11-21T12:00:00Z"}, body["resolution"])
	require.NotContains(t, told(t, s.ask(t, access.Relay, http.MethodGet, journey, ""), http.StatusOK), "resolution")
}
