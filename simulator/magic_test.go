package simulator_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

var update = flag.Bool("update", false, "write the table of magic subjects into docs/simulators.md")

const (
	tableBegin = "<!-- magic subjects: begin, written by go test ./simulator -run TestMagicTable -update -->\n"
	tableEnd   = "<!-- magic subjects: end -->\n"
)

func TestMagicTable(t *testing.T) {
	page := filepath.Join("..", "docs", "simulators.md")
	raw, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(raw), tableBegin)
	require.True(t, found, "docs/simulators.md has lost the mark before the table")
	table, after, found := strings.Cut(rest, tableEnd)
	require.True(t, found, "docs/simulators.md has lost the mark behind the table")
	want := magicMarkdown(simulator.MagicSubjects())
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+tableBegin+want+tableEnd+after), 0o600))
		return
	}
	require.Equal(t, want, table, "run go test ./simulator -run TestMagicTable -update")
}

func magicMarkdown(rows []simulator.Magic) string {
	var b strings.Builder
	journey := ""
	for _, row := range rows {
		if row.Journey != journey {
			journey = row.Journey
			fmt.Fprintf(&b, "\n### %s\n\n| subject | what it forces | inputs | outcome | reason | can retry | notes |\n|---|---|---|---|---|---|---|\n", journey)
		}
		retry := "no"
		if row.CanRetry {
			retry = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n",
			row.Subject, row.Forces, inputsMarkdown(row.Inputs), row.Outcome, row.Reason, retry, row.Notes)
	}
	b.WriteString("\n")
	return b.String()
}

func inputsMarkdown(inputs map[string]any) string {
	var parts []string
	for name, value := range inputs {
		if list, ok := value.([]map[string]any); ok {
			value = fmt.Sprintf("(%d pictures)", len(list))
		}
		parts = append(parts, fmt.Sprintf("`%s=%v`", name, value))
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

func TestMagicRowsAreWellFormed(t *testing.T) {
	outcomes := []string{"enrolled", "captured", "removed", "already_enrolled", "rejected", "expired", "canceled", "failed", "unknown"}
	successes := outcomes[:3]
	seen := map[string]bool{}
	for _, row := range simulator.MagicSubjects() {
		require.NotEmpty(t, row.Forces, row.Subject)
		require.True(t, strings.HasPrefix(row.Journey, row.Provider+"."), "%s: journey %s of provider %s", row.Subject, row.Journey, row.Provider)
		require.Contains(t, outcomes, row.Outcome, row.Subject)
		require.Regexp(t, `^[a-z_]*$`, row.Reason, row.Subject)
		require.NotContains(t, row.Forces+row.Notes, "|", row.Subject)
		if !slices.Contains(successes, row.Outcome) {
			require.NotEmpty(t, row.Reason, "%s needs a reason", row.Subject)
		}
		require.False(t, seen[row.Provider+row.Subject], "%s is there twice", row.Subject)
		seen[row.Provider+row.Subject] = true
	}
}
