package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/providerset"
)

// catalogued is one journey of the catalogue as programs read it.
type catalogued struct {
	Journey  enroll.Journey  `json:"journey"`
	Provider enroll.Provider `json:"provider"`
	Workflow string          `json:"workflow"`
	About    string          `json:"about"`
	// Hints are those that anybody may send.
	Hints []enroll.HintName `json:"hints"`
	// ProviderHints also wake the journey, but come only from the provider.
	ProviderHints []enroll.HintName `json:"provider_hints"`
	Inputs        []cataloguedInput `json:"inputs"`
}

// cataloguedInput is one input of a journey.
type cataloguedInput struct {
	Name string `json:"name"`
	Flag string `json:"flag"`
	// File is the field that names a file instead, where there is one.
	File string `json:"file,omitempty"`
	Help string `json:"help"`
}

func (p *program) journeysCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "journeys",
		Short: "List the kinds of journeys with their hints and inputs",
		Long: `Lists the kinds of journeys: what each does, the hints that wake it, and its inputs as the
fields of a JSON document, each with its flag. No connection is needed.

  starter journeys --json`,
		Args: arguments(),
		RunE: func(*cobra.Command, []string) error {
			var all []catalogued
			for _, spec := range enroll.Catalogue() {
				all = append(all, catalogue(spec))
			}
			return p.print(all, func(s *sheet) {
				for _, c := range all {
					describeCatalogued(s, c)
				}
			})
		},
	}
}

func catalogue(spec enroll.Spec) catalogued {
	c := catalogued{
		Journey: spec.Journey, Provider: spec.Provider, Workflow: spec.Workflow, About: spec.About,
		Hints: []enroll.HintName{}, ProviderHints: []enroll.HintName{}, Inputs: []cataloguedInput{},
	}
	for _, name := range spec.Hints {
		if slices.Contains(enroll.HintNames(), name) {
			c.Hints = append(c.Hints, name)
		} else {
			c.ProviderHints = append(c.ProviderHints, name)
		}
	}
	for _, in := range inputsOf(spec.Journey) {
		listed := cataloguedInput{Name: in.name, Flag: "--" + in.flag(), Help: strings.ReplaceAll(in.help, "`", "")}
		if in.fromFile() {
			listed.File = in.name + fileSuffix
		}
		c.Inputs = append(c.Inputs, listed)
	}
	return c
}

func describeCatalogued(s *sheet, c catalogued) {
	s.text("%s: %s", c.Journey, c.About)
	for _, in := range c.Inputs {
		name := in.Name
		if in.File != "" {
			name += " or " + in.File
		}
		s.row("  "+name, in.Flag, in.Help)
	}
	if hints := wakers(c); len(hints) > 0 {
		s.text("  woken by %s", strings.Join(hints, ", "))
	}
	s.text("")
}

// wakers lists every hint that wakes the journey, and marks those that nobody
// but the provider sends.
func wakers(c catalogued) []string {
	var list []string
	for _, name := range c.Hints {
		list = append(list, string(name))
	}
	for _, name := range c.ProviderHints {
		list = append(list, string(name)+" (the provider's own)")
	}
	return list
}

func (p *program) environmentCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "environment",
		Short: "List the environment variables",
		Long: `Lists every environment variable that is read: to connect and to start journeys, and the
providers' for 'check'. A secret may come from the file that NAME_FILE names.`,
		Args: arguments(),
		RunE: func(*cobra.Command, []string) error {
			if p.json {
				return writeJSON(p.stdout, append(variables(client.Variables()), variables(providerset.Variables())...))
			}
			return p.describeEnvironment()
		},
	}
}

func (p *program) describeEnvironment() error {
	for _, block := range []struct {
		title string
		known []config.Variable
	}{
		{"To connect and to start journeys, the same values as the worker's:", client.Variables()},
		{"For 'check', the worker's variables of the providers:", providerset.Variables()},
	} {
		if _, err := fmt.Fprintln(p.stdout, block.title); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		if err := config.WriteHelp(p.stdout, block.known); err != nil {
			return err
		}
	}
	return nil
}

// variable is an environment variable as programs read it.
type variable struct {
	Names    []string `json:"names"`
	Help     string   `json:"help"`
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required,omitempty"`
}

func variables(known []config.Variable) []variable {
	var list []variable
	for _, v := range known {
		list = append(list, variable{Names: v.Names(), Help: v.Help, Default: v.Default, Required: v.Required})
	}
	return list
}
