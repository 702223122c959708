package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
)

// TestJourneyID sends a hint by every spelling of one run. A second spelling
// that were let through would be counted as another journey's.
func TestJourneyID(t *testing.T) {
	t.Parallel()
	const run = "0a1b2c3d-aaaa-4bbb-8ccc-ddddeeeeffff"
	hint := func(t *testing.T, s *scripted, id string) *http.Response {
		t.Helper()
		return s.ask(t, access.Backend, http.MethodPost, "/v1/journeys/"+url.PathEscape(id)+"/hints", `{"name":"final-page"}`)
	}

	t.Run("is_what_the_start_answered", func(t *testing.T) {
		t.Parallel()
		s := &scripted{}
		told(t, hint(t, s, journeyID+"."+run), http.StatusAccepted)
		require.Equal(t, []string{run}, s.runs)
	})
	for name, given := range map[string]string{
		"in_upper_case":      strings.ToUpper(run),
		"with_one_capital":   "0A" + run[2:],
		"without_hyphens":    strings.ReplaceAll(run, "-", ""),
		"as_a_urn":           "urn:uuid:" + run,
		"in_braces":          "{" + run + "}",
		"with_a_space":       run + " ",
		"with_another_point": run + ".",
		"as_a_word":          "latest",
		"that_is_empty":      "",
	} {
		t.Run("has_no_run_"+name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{}
			requireProblem(t, hint(t, s, journeyID+"."+given), http.StatusNotFound, api.NotFound)
			require.Empty(t, s.runs)
		})
	}
}
