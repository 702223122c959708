package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
)

// completing starts what the real client accepts, once it has filled in what may
// be left out.
type completing struct{ accepting }

func (c completing) StartOrRepeat(ctx context.Context, key string, request client.Request) (client.Started, bool, error) {
	filled := reflect.New(reflect.TypeOf(request))
	filled.Elem().Set(reflect.ValueOf(request))
	if request, ok := reflect.TypeAssert[interface{ Normalize() }](filled); ok {
		request.Normalize()
	}
	return c.accepting.StartOrRepeat(ctx, key, filled.Elem().Interface().(client.Request)) //nolint:forcetypeassert,errcheck // it is a copy of one
}

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

func TestBody_with_an_empty_reference(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T, reference string) *http.Response {
		t.Helper()
		return askOf(t, completing{}, &doorkeeper{}, access.Backend, http.MethodPost, "/v1/journeys",
			`{"journey":"authid.enroll","input":{"account_number":"customer-42","reference":`+reference+`}}`, "Idempotency-Key", "k")
	}
	t.Run("is_refused_as_a_filter_with_one_is", func(t *testing.T) {
		t.Parallel()
		body := requireProblem(t, start(t, `""`), http.StatusUnprocessableEntity, api.InputRefused)
		require.Equal(t, []any{map[string]any{
			"field": "reference", "given": "an empty text", "allowed": "1 to 200 characters of UTF-8 text without control characters",
		}}, body["fields"])
	})
	t.Run("has_none_when_it_is_null", func(t *testing.T) {
		t.Parallel()
		told(t, start(t, `null`), http.StatusCreated)
	})
}

// TestBody_that_is_an_example sends what the description shows.
func TestBody_that_is_an_example(t *testing.T) {
	t.Parallel()
	examples, _ := published().object("/paths/~1v1~1journeys/post/requestBody/content/application~1json/examples")
	for name := range examples {
		t.Run("of_"+name+"_is_accepted", func(t *testing.T) {
			t.Parallel()
			example, _ := published().object("/paths/~1v1~1journeys/post/requestBody/content/application~1json/examples/" + name)
			body, err := json.Marshal(example["value"])
			require.NoError(t, err)
			told(t, askOf(t, completing{}, &doorkeeper{}, access.Backend, http.MethodPost, "/v1/journeys", string(body), "Idempotency-Key", "k"), http.StatusCreated)
		})
	}
}
