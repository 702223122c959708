package contracttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/contracttest"
)

func TestShape(t *testing.T) {
	for name, row := range map[string]struct{ body, want string }{
		"names_fields_and_hides_values": {`{"Token":"hunter2","Life":600,"Ok":true,"Left":null}`, "{Left: null, Life: number, Ok: true, Token: text}"},
		"shows_codes":                   {`{"error":"invalid_token","Status":4}`, `{Status: 4, error: "invalid_token"}`},
		"looks_into_lists":              {`[{"a":"b"},{"a":"c"}]`, "[2 of {a: text}]"},
		"tells_that_there_is_nothing":   {" \n", "(empty)"},
		"measures_what_is_no_json":      {"<html>", "(6 bytes that are no JSON)"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, row.want, contracttest.Shape([]byte(row.body))) })
	}
}
