package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
)

// TestQuery asks everything that takes parameters with a query that says
// something else than it seems to. Nothing may be listed, or done, by a part of it.
func TestQuery(t *testing.T) {
	t.Parallel()
	ask := func(t *testing.T, method, path, query string) *http.Response {
		t.Helper()
		// Whatever gets past the parameters is told apart by its own error.
		return askOf(t, &telling{scripted: scripted{err: client.ErrHeld}}, &doorkeeper{}, access.Operator, method, path+"?"+query, "")
	}
	for path, name := range map[string]string{
		"/v1/erasures":                  "limit",
		"/v1/receivers/shop/deliveries": "limit",
		"/v1/receivers/shop":            "why",
		journey:                         "wait",
	} {
		method := http.MethodGet
		if name == "why" {
			method = http.MethodDelete
		}
		t.Run("of_"+strings.ReplaceAll(strings.TrimPrefix(path, "/v1/"), "/", "_"), func(t *testing.T) {
			t.Parallel()
			for _, query := range []string{
				name + "=%zz", name + "=1%", "%zz=1", name + "=1;", name + "=1;other=2", name + "=0&%", // cannot be read
				name + "=1&" + name + "=2", name + "=1&" + name, // more than once
				"x=1", "=1", "other", strings.ToUpper(name) + "=1", name + "[]=1", name + "=1&x=", // do not exist
			} {
				requireProblem(t, ask(t, method, path, query), http.StatusBadRequest, api.InvalidRequest)
			}
		})
	}
	t.Run("of_journeys", func(t *testing.T) {
		t.Parallel()
		for _, query := range []string{"reference=%zz", "reference=order%", "outcome=enrolled;", "limit=5;provider=authid", "Provider=authid", "cursor=a&cursor=b"} {
			s := &starting{}
			requireProblem(t, askOf(t, s, &doorkeeper{}, access.Backend, http.MethodGet, "/v1/journeys?"+query, ""), http.StatusBadRequest, api.InvalidRequest)
			require.Zero(t, s.filter.Limit, "nothing is listed")
		}
	})
	t.Run("that_is_written_as_it_should_be_is_read", func(t *testing.T) {
		t.Parallel()
		s := &starting{}
		told(t, askOf(t, s, &doorkeeper{}, access.Backend, http.MethodGet, "/v1/journeys?reference=50%25+off%3B+a%26b", ""), http.StatusOK)
		require.Equal(t, "50% off; a&b", s.chosen.Reference.Reveal())
	})
	t.Run("repeats_nothing_of_what_it_cannot_read", func(t *testing.T) {
		t.Parallel()
		body := requireProblem(t, ask(t, http.MethodGet, "/v1/erasures", "limit=%zzsecret"), http.StatusBadRequest, api.InvalidRequest)
		require.NotContains(t, body["detail"], "zz")
	})
}
