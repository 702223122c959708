package demo_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/demo"
)

func rows() []demo.Row {
	return []demo.Row{
		{Journey: enroll.AuthIDEnroll, Outcome: enroll.Enrolled, Expected: enroll.Enrolled, Seconds: 1.234, Events: 32, Calls: 3},
		{Journey: enroll.SmartIDEnroll, Outcome: enroll.Rejected, Reason: enroll.ReasonLivenessFailed, Expected: enroll.Enrolled, Seconds: 0.1, Events: 20, Calls: 1},
		{Journey: enroll.BioIDEnroll, Expected: enroll.Enrolled, Error: "no answer in time"},
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, demo.WriteTable(&out, rows()))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, lines, 4)

	t.Run("ends_no_line_with_blanks", func(t *testing.T) {
		t.Parallel()
		for _, line := range lines {
			require.Equal(t, strings.TrimRight(line, " "), line)
		}
	})
	t.Run("marks_what_was_not_expected_and_nothing_else", func(t *testing.T) {
		t.Parallel()
		require.Regexp(t, `^authid\.enroll +enrolled +- +1\.23 +32 +3$`, lines[1])
		require.Regexp(t, `^smartid\.enroll +rejected +liveness_failed +0\.10 +20 +1 +expected enrolled$`, lines[2])
	})
	t.Run("prints_a_dash_for_what_is_not_known", func(t *testing.T) {
		t.Parallel()
		require.Regexp(t, `^bioid\.enroll +none +- +- +- +- +expected enrolled no answer in time$`, lines[3])
	})
}

func TestAllAsExpected(t *testing.T) {
	t.Parallel()
	require.True(t, demo.AllAsExpected(rows()[:1]))
	require.False(t, demo.AllAsExpected(rows()))
	require.False(t, demo.AllAsExpected(nil), "nothing was played")
}
