package enroll_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

func TestCheckReason(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, who, why string
		wrong          []string
	}{
		{"takes_both", "olga", "ticket 4711", nil},
		{"takes_as_many_characters_as_allowed", strings.Repeat("ö", enroll.MaxWho), strings.Repeat("ß", enroll.MaxWhy), nil},
		{"refuses_one_more", strings.Repeat("ö", enroll.MaxWho+1), strings.Repeat("ß", enroll.MaxWhy+1), []string{"who", "why"}},
		{"refuses_nothing", "", "", []string{"who", "why"}},
		{"refuses_spaces_alone", " ", "\t\n", []string{"who", "why"}},
		{"refuses_a_nul", "ol\x00ga", "ticket\x00", []string{"who", "why"}},
		{"refuses_a_line_break", "olga", "ticket\r\nolga: all is well", []string{"why"}},
		{"refuses_an_escape_of_a_terminal", "olga", "ticket \x1b[2J", []string{"why"}},
		{"refuses_control_characters_of_latin_1", "olga", "ticket \u009b2J", []string{"why"}},
		{"refuses_what_is_not_utf_8", "olga", "ticket \xff", []string{"why"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var wrong []string
			for _, field := range enroll.CheckReason(row.who, row.why) {
				wrong = append(wrong, field.Field)
				require.NotContains(t, field.Given, "ticket", "what was given is not repeated")
				require.NotContains(t, field.Allowed, "ticket")
			}
			require.Equal(t, row.wrong, wrong)
		})
	}
}
