package config

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Variable is an environment variable that a program reads.
type Variable struct {
	// Name is the variable's name.
	Name string
	// Help says in one phrase what it is for.
	Help string
	// Default is the text of the value used when it is not set.
	Default string
	// Required reports that the program refuses to start without it.
	Required bool
	// Secret reports that the value is a secret, which may also come from the
	// file named by NAME_FILE.
	Secret bool
}

// Names lists the names under which the variable is read: its own, and for a
// secret the one of its file.
func (v Variable) Names() []string {
	if v.Secret {
		return []string{v.Name, v.Name + fileSuffix}
	}
	return []string{v.Name}
}

// Note records a variable without reading it. The reading methods do this by
// themselves; it is for variables that a library reads, such as the
// TEMPORAL_ ones. A name noted twice is listed once.
func (s *Source) Note(v Variable) {
	same := func(known Variable) bool { return known.Name == v.Name }
	if !slices.ContainsFunc(s.variables, same) {
		s.variables = append(s.variables, v)
	}
}

// Known lists every variable asked for so far, in the order of the questions.
func (s *Source) Known() []Variable { return slices.Clone(s.variables) }

// WriteHelp writes one line for each variable, for --help and documents.
func WriteHelp(w io.Writer, variables []Variable) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range variables {
		if _, err := fmt.Fprintf(table, "  %s\t%s\n", strings.Join(v.Names(), " or "), v.helpLine()); err != nil {
			return fmt.Errorf("config: write help: %w", err)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("config: write help: %w", err)
	}
	return nil
}

func (v Variable) helpLine() string {
	switch {
	case v.Required:
		return v.Help + " (required)"
	case v.Default != "":
		return v.Help + " (default " + v.Default + ")"
	default:
		return v.Help
	}
}
