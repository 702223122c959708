package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
)

// TestBody_with_numbers writes one number in every way that JSON has.
func TestBody_with_numbers(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T, s *starting, seconds string) *http.Response {
		t.Helper()
		body := fmt.Sprintf(`{"journey":"authid.enroll","input":{"account_number":"customer-42","timeout_seconds":%s}}`, seconds)
		return askOf(t, s, &doorkeeper{}, access.Backend, http.MethodPost, "/v1/journeys", body, "Idempotency-Key", "k")
	}
	for _, seconds := range []string{"600", "600.0", "600.000", "6e2", "6E+2", "0.6e3", "60000e-2", "6.00e002"} {
		t.Run("takes_"+seconds, func(t *testing.T) {
			t.Parallel()
			s := &starting{started: waits()}
			require.Equal(t, http.StatusCreated, start(t, s, seconds).StatusCode)
			require.Equal(t, 600, s.request.(enroll.AuthIDEnrollment).TimeoutSeconds) //nolint:forcetypeassert,errcheck // it was made of that journey
		})
	}
	for _, seconds := range []string{"600.5", "6e-1", "1e400", "1e999999999", "1e-999999999", "9223372036854775808", "600." + strings.Repeat("0", 60) + "1", `"600"`, "true"} {
		t.Run("refuses_"+seconds, func(t *testing.T) {
			t.Parallel()
			requireFields(t, start(t, &starting{}, seconds), "timeout_seconds")
		})
	}
	t.Run("takes_samples_of_a_hint", func(t *testing.T) {
		t.Parallel()
		s := &scripted{}
		told(t, s.ask(t, access.Backend, http.MethodPost, journey+"/hints", `{"name":"samples-uploaded","samples":1e2}`), http.StatusAccepted)
		require.Equal(t, 100, s.hint.Samples)
	})
	for _, zero := range []string{"0", "0.0", "0e5", "-0"} {
		t.Run("knows_that_"+zero+"_was_given", func(t *testing.T) {
			t.Parallel()
			answer := askOf(t, &checking{}, &doorkeeper{}, access.Backend, http.MethodPost, "/v1/journeys",
				`{"journey":"authid.enroll","input":{"account_number":"customer-42","timeout_seconds":`+zero+`}}`, "Idempotency-Key", "k")
			requireFields(t, answer, "timeout_seconds")
		})
	}
}

func TestBody_that_is_encoded(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"application/json", "multipart/form-data; boundary=b"} {
		t.Run("is_refused_as_"+kind[:strings.IndexAny(kind, "/")], func(t *testing.T) {
			t.Parallel()
			for _, coding := range []string{"gzip", "identity, br"} {
				answer := (&scripted{}).ask(t, access.Backend, http.MethodPost, "/v1/journeys", "\x1f\x8b", "Content-Type", kind, "Content-Encoding", coding, "Idempotency-Key", "k")
				require.Equal(t, "identity", answer.Header.Get("Accept-Encoding"))
				requireProblem(t, answer, http.StatusUnsupportedMediaType, api.UnsupportedMediaType)
			}
		})
	}
	t.Run("as_nothing_is_taken", func(t *testing.T) {
		t.Parallel()
		told(t, (&scripted{}).ask(t, access.Backend, http.MethodPost, journey+"/hints", `{"name":"final-page"}`, "Content-Encoding", "Identity"), http.StatusAccepted)
	})
}

func TestBody_that_is_left_out(t *testing.T) {
	t.Parallel()
	t.Run("leaves_an_operators_reason_out", func(t *testing.T) {
		t.Parallel()
		s := &scripted{}
		requireFields(t, s.ask(t, access.Operator, http.MethodPost, journey+"/cancel", ""), "why")
		require.Empty(t, s.by)
	})
}

// TestBody_that_settles_nothing resolves a journey of which nothing is unknown:
// what is wrong with the body is told first.
func TestBody_that_settles_nothing(t *testing.T) {
	t.Parallel()
	for body, fields := range map[string][]string{
		`{}`:                                     {"why", "outcome"},
		`{"outcome":"enrolled"}`:                 {"why"},
		`{"why":"seen in the portal"}`:           {"outcome"},
		`{"outcome":"perhaps","why":"a"}`:        {"outcome"},
		`{"outcome":"enrolled","why":"a\u0000"}`: {"why"},
	} {
		s := &scripted{shown: waiting()}
		requireFields(t, s.ask(t, access.Operator, http.MethodPost, journey+"/resolve", body), fields...)
		require.Empty(t, s.resolved)
	}
}
