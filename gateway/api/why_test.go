package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

// TestWhy_is_described_as_it_is_taken holds the description of every reason
// against what the audit trail takes.
func TestWhy_is_described_as_it_is_taken(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{
		"Cancellation", "ResolveRequest", "ErasureRequest", "AddReceiverRequest", "ChangeSecretRequest", "WhyRequest", "RedeliverRequest",
	} {
		for name, why := range map[string]string{
			"a word":                     "x",
			"as much as is taken":        strings.Repeat("ß", enroll.MaxWhy),
			"one character more":         strings.Repeat("ß", enroll.MaxWhy+1),
			"a nul":                      "ticket\x00",
			"a line break":               "ticket\n4711",
			"delete":                     "ticket\x7f",
			"a control code of latin 1":  "ticket\u009b2J",
			"what comes after the codes": "ticket\u00a04711",
		} {
			taken := len(enroll.CheckReason("olga", why)) == 0
			err := published().check("/components/schemas/"+schema+"/properties/why", why)
			require.Equal(t, taken, err == nil, "%s with %s: %v", schema, name, err)
		}
	}
	for _, schema := range []string{"Resolution", "ErasureStatement"} {
		for name, text := range map[string]string{"who": strings.Repeat("ö", enroll.MaxWho), "why": strings.Repeat("ß", enroll.MaxWhy)} {
			pointer := "/components/schemas/" + schema + "/properties/" + name
			require.NoError(t, published().check(pointer, text), "%s of %s", name, schema)
			require.Error(t, published().check(pointer, text+"x"), "%s of %s", name, schema)
		}
	}
}
