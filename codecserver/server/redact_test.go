package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/codecserver/server"
)

func TestRedact(t *testing.T) {
	for _, row := range []struct{ name, given, want string }{
		{"hides_subjects", `{"account_number":"jane","outcome":"enrolled"}`, `{"account_number":"[redacted]","outcome":"enrolled"}`},
		{"hides_fields_nobody_thought_of", `{"passport":"X1"}`, `{"passport":"[redacted]"}`},
		{"hides_at_any_depth", `{"hand_over":{"authid":{"one_time_secret":"s","operation_id":"o"}}}`, `{"hand_over":{"authid":{"one_time_secret":"[redacted]","operation_id":"o"}}}`},
		{"hides_in_lists", `[{"token":"t"},{"token":"u"}]`, `[{"token":"[redacted]"},{"token":"[redacted]"}]`},
		{"hides_whole_objects_and_lists", `{"references":{"token":"t"},"user":["a","b"]}`, `{"references":"[redacted]","user":"[redacted]"}`},
		{"hides_numbers_and_truth", `{"user":7,"subject":true}`, `{"user":"[redacted]","subject":"[redacted]"}`},
		{"tells_that_there_is_nothing", `{"codeword":"","subject":null}`, `{"codeword":"","subject":null}`},
		{"knows_names_in_one_spelling_only", `{"Outcome":"x","outcome ":"y"}`, `{"Outcome":"[redacted]","outcome ":"[redacted]"}`},
		{"is_not_fooled_by_escapes", `{"\u0074oken":"t","outcom\u0065":"enrolled"}`, `{"token":"[redacted]","outcome":"enrolled"}`},
		{"keeps_order_and_digits", `{"since":1,"at":12345678901234567890,"asked":1.50}`, `{"since":1,"at":12345678901234567890,"asked":1.50}`},
		{"shows_summaries", `"backup poll"`, `"backup poll"`},
		{"shows_markdown_as_it_is", `"**waiting** <for> & \"person\""`, `"**waiting** <for> & \"person\""`},
		{"shows_what_a_failure_says", `{"message":"authid: status 500","stack_trace":"x.go:1"}`, `{"message":"authid: status 500","stack_trace":"x.go:1"}`},
		{"shows_current_details", `{"definition":{"type":"AuthIDEnrollment"},"currentDetails":"waits"}`, `{"definition":{"type":"AuthIDEnrollment"},"currentDetails":"waits"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := server.Redact([]byte(row.given))
			require.NoError(t, err)
			require.Equal(t, row.want, string(got))
		})
	}
	t.Run("refuses_what_is_not_one_JSON_value", func(t *testing.T) {
		for _, given := range []string{"", "{", `{"token":"t"`, `{"outcome":"a"} {"token":"t"}`, `{"outcome":"a","outcome":"b"}`, "\x00", strings.Repeat("[", 20_000)} {
			got, err := server.Redact([]byte(given))
			require.Error(t, err, "%.20q", given)
			require.Nil(t, got)
		}
	})
}

// FuzzRedact plants a secret in fields of every name: unless the name is on the
// list, it must not come out.
func FuzzRedact(f *testing.F) {
	f.Add("token", "canary", `{"outcome":"enrolled"}`)
	f.Add("outcome", "x", `[1]`)
	f.Add("\u0000", "", `null`)
	f.Fuzz(func(t *testing.T, name, beside, value string) {
		const canary = "c4n4ry-5e92"
		if server.IsShown(name) || strings.Contains(name+beside+value, canary) {
			return
		}
		if !json.Valid([]byte(value)) {
			value = "null"
		}
		given, err := json.Marshal(map[string]any{name: []any{canary, beside}, "outcome": json.RawMessage(value)})
		require.NoError(t, err)
		got, err := server.Redact(given)
		if err != nil { // Such as a name that occurs twice in the value.
			require.Nil(t, got)
			return
		}
		require.NotContains(t, string(got), canary)
		require.True(t, json.Valid(got))
	})
}
