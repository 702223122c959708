package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/bioenroll/bioenroll/internal/reveal"
)

// print writes a value for whoever asked: one line of JSON for programs, a
// sheet for people.
func (p *program) print(value any, describe func(*sheet)) error {
	if p.json {
		return writeJSON(p.stdout, value)
	}
	s := sheet{}
	describe(&s)
	return s.write(p.stdout)
}

// writeJSON writes one value on one line. It is for the caller's own program,
// which has to learn the secrets of a hand-over.
func writeJSON(w io.Writer, value any) error {
	line, err := reveal.Marshal(value)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// sheet is aligned output for people.
type sheet struct{ lines []string }

// row adds a line of cells, aligned with those of its neighbours. Some hold
// what a frontend or a provider sent, which must not steer a terminal.
func (s *sheet) row(cells ...string) {
	printable := make([]string, len(cells))
	for i, cell := range cells {
		printable[i] = strings.Map(blankControl, cell)
	}
	s.lines = append(s.lines, strings.Join(printable, "\t"))
}

func blankControl(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// fact adds a named value; an empty one is left out.
func (s *sheet) fact(name, value string) {
	if value != "" {
		s.row(name, value)
	}
}

// number is fact for numbers; zero is left out.
func (s *sheet) number(name string, value int) {
	if value != 0 {
		s.fact(name, strconv.Itoa(value))
	}
}

// text adds a line of prose.
func (s *sheet) text(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func (s *sheet) write(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range s.lines {
		if _, err := fmt.Fprintln(table, line); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// stamp writes a time for people; the zero time is nothing.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// yes writes a truth that matters only when it is one.
func yes(truth bool) string {
	if truth {
		return "yes"
	}
	return ""
}

// orDash fills an empty cell of a table.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
