package webhook_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/gateway/webhook"
)

const field = "OperationId"

func TestOperations(t *testing.T) {
	t.Parallel()
	const id = "5b6f2f1e-6a2b-4c5d-8e9f-000000000001"
	quoted := func(text string) string {
		wrapped, err := json.Marshal(text)
		require.NoError(t, err)
		return string(wrapped)
	}
	nested := func(levels int) string {
		return strings.Repeat(`{"a":[`, levels) + `{"OperationId":"` + id + `"}` + strings.Repeat(`]}`, levels)
	}
	var many []string
	for i := range 3 * webhook.MaxOperations {
		many = append(many, fmt.Sprintf("op-%d", i))
	}
	for promise, row := range map[string]struct {
		body string
		want []string
	}{
		"finds_it_at_the_top":                  {`{"EventType":1,"OperationId":"` + id + `","Status":1}`, []string{id}},
		"finds_it_at_any_depth":                {nested(webhook.MaxDepth/2 - 1), []string{id}},
		"follows_no_deeper":                    {nested(webhook.MaxDepth), nil},
		"finds_it_in_any_case":                 {`{"operationid":"a","OPERATIONID":"b"}`, []string{"a", "b"}},
		"finds_it_behind_other_values":         {`[{"x":null,"y":[1,2,{"z":true}],"OperationId":"a"},{"OperationId":"b"}]`, []string{"a", "b"}},
		"finds_a_list_of_them":                 {`{"OperationId":["a","b",["c"]]}`, []string{"a", "b", "c"}},
		"finds_a_number":                       {`{"OperationId":12345678901234567890}`, []string{"12345678901234567890"}},
		"finds_it_in_json_in_a_text":           {`{"Body":` + quoted(`{"OperationId":"`+id+`"}`) + `}`, []string{id}},
		"finds_it_in_a_form":                   {"Status=1&operationId=" + id, []string{id}},
		"finds_it_in_json_in_a_form":           {"payload=" + url.QueryEscape(`{"OperationId":"`+id+`"}`), []string{id}},
		"finds_it_before_the_text_breaks_off":  {`{"OperationId":"a","Status":`, []string{"a"}},
		"finds_it_behind_a_byte_order_mark":    {"\ufeff" + ` {"OperationId":"a"}`, []string{"a"}},
		"tells_each_of_them_once":              {`[{"OperationId":"a"},{"OperationId":"a"}]`, []string{"a"}},
		"tells_as_many_as_may_be":              {`{"OperationId":["` + strings.Join(many, `","`) + `"]}`, many[:webhook.MaxOperations]},
		"tells_as_many_of_a_form":              {"OperationId=" + strings.Join(many, "&OperationId="), many[:webhook.MaxOperations]},
		"takes_no_value_for_a_name":            {`{"x":"OperationId","y":"a"}`, nil},
		"takes_no_field_of_an_object_in_it":    {`{"OperationId":{"x":"a"}}`, nil},
		"takes_no_text_that_is_too_long":       {`{"OperationId":"` + strings.Repeat("a", webhook.MaxName+1) + `"}`, nil},
		"takes_no_empty_text":                  {`{"OperationId":"","operationId":null}`, nil},
		"takes_nothing_from_another_field":     {`{"TransactionId":"a"}`, nil},
		"takes_nothing_from_nothing":           {"", nil},
		"takes_nothing_from_a_text":            {`"OperationId"`, nil},
		"takes_nothing_from_anything_else":     {"\x00\xff%zz;<OperationId>a</OperationId>", nil},
		"takes_nothing_from_json_that_is_none": {`{OperationId:"a"}`, nil},
	} {
		t.Run(promise, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, webhook.Operations(row.body, field))
		})
	}
	t.Run("looks_for_another_field_when_told", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, []string{"a"}, webhook.Operations(`{"OperationId":"b","data":{"op":"a"}}`, "Op"))
	})
}

func FuzzOperations(f *testing.F) {
	for _, seed := range []string{
		`{"OperationId":"a"}`, `[[[{"OperationId":["a",1]}]]]`, "OperationId=a&x=y", `{"a":"{\"OperationId\":\"b\"}"}`, "%", `{"OperationId"`,
		strings.Repeat("[", 4000), strings.Repeat(`{"a":`, 2000), `{"OperationId":1e999}`, "\ufeff{}", "OperationId=%7B%22OperationId%22%3A%22c%22%7D",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > webhook.MaxBody {
			return
		}
		found := webhook.Operations(body, field)
		require.LessOrEqual(t, len(found), webhook.MaxOperations)
		for i, operation := range found {
			require.NotEmpty(t, operation)
			require.LessOrEqual(t, len(operation), webhook.MaxName)
			require.NotContains(t, found[:i], operation)
		}
		require.Equal(t, found, webhook.Operations(body, field), "the same body tells the same")
		// Whatever else is in a body does not hide what stands before it.
		rest, err := json.Marshal(body)
		require.NoError(t, err)
		wrapped := webhook.Operations(`{"OperationId":"first","rest":`+string(rest)+`}`, field)
		require.True(t, slices.Contains(wrapped, "first"), "%q", wrapped)
	})
}
