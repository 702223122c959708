package demo

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteTable prints the rows for people.
func WriteTable(w io.Writer, rows []Row) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines := []string{"JOURNEY\tOUTCOME\tREASON\tSECONDS\tHISTORY EVENTS\tPROVIDER CALLS\t"}
	for _, r := range rows {
		mark := ""
		if !r.AsExpected() {
			mark = fmt.Sprintf("expected %s %s", r.Expected, r.Error)
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%.2f\t%d\t%d\t%s",
			r.Journey, cmp.Or(string(r.Outcome), "none"), cmp.Or(string(r.Reason), "-"), r.Seconds, r.Events, r.Calls, mark))
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

// AllAsExpected reports whether there are rows and each ended as it should.
func AllAsExpected(rows []Row) bool {
	for _, r := range rows {
		if !r.AsExpected() {
			return false
		}
	}
	return len(rows) > 0
}
