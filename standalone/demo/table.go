package demo

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteTable prints the rows for people. A row that is not as expected says so
// at its end; what is not known is a dash.
func WriteTable(w io.Writer, rows []Row) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines := []string{"JOURNEY\tOUTCOME\tREASON\tSECONDS\tHISTORY EVENTS\tPROVIDER CALLS"}
	for _, r := range rows {
		line := strings.Join([]string{
			string(r.Journey), cmp.Or(string(r.Outcome), "none"), cmp.Or(string(r.Reason), unknown),
			known(r.Outcome != "", "%.2f", r.Seconds), known(r.Events > 0, "%d", r.Events), known(r.Calls > 0, "%d", r.Calls),
		}, "\t")
		if !r.AsExpected() {
			line += strings.TrimRight(fmt.Sprintf("\texpected %s %s", r.Expected, r.Error), " ")
		}
		lines = append(lines, line)
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(table, line); err != nil {
			return fmt.Errorf("print the table: %w", err)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	return nil
}

// unknown stands for what is not known.
const unknown = "-"

// known prints a number that is known.
func known(is bool, format string, number any) string {
	if !is {
		return unknown
	}
	return fmt.Sprintf(format, number)
}

// AllAsExpected reports whether there are rows and each ended as it should.
func AllAsExpected(rows []Row) bool {
	for _, r := range rows {
		if !r.AsExpected() {
			return false
		}
	}
	return len(rows) > 0
}
