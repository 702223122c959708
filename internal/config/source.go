package config

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AllowHTTP is the variable that lifts the rule that providers are called
// over https only. It exists for simulators on the same machine.
const AllowHTTP = "BIOENROLL_ALLOW_HTTP"

// Lookup finds a variable by name and tells whether it is set, like
// os.LookupEnv.
type Lookup func(name string) (value string, found bool)

// Source reads settings and collects what is wrong with them. It is made for
// the single goroutine that starts a program.
type Source struct {
	lookup    Lookup
	readFile  func(string) ([]byte, error)
	variables []Variable
	problems  []Problem
}

// NewSource returns a Source over the lookup function; mains pass
// os.LookupEnv.
func NewSource(lookup Lookup) *Source {
	return &Source{lookup: lookup, readFile: os.ReadFile}
}

// Map returns a Lookup over fixed values, for tests and for a program that
// configures others inside its own process.
func Map(values map[string]string) Lookup {
	return func(name string) (string, bool) {
		value, found := values[name]
		return value, found
	}
}

// Err returns an *Error that names every setting found wrong so far, or nil.
func (s *Source) Err() error {
	if len(s.problems) == 0 {
		return nil
	}
	return &Error{Problems: slices.Clone(s.problems)}
}

// Given reports whether the variable, or its _FILE form, is set to anything.
// It records nothing: it is for choices such as "is this provider
// configured at all".
func (s *Source) Given(name string) bool {
	return s.value(name) != "" || s.value(name+fileSuffix) != ""
}

// LookupEnv finds a variable without recording it, for libraries that read the
// environment themselves. An empty one is not found.
func (s *Source) LookupEnv(name string) (value string, found bool) {
	value = s.value(name)
	return value, value != ""
}

// Refuse records a problem that only the caller can see, such as two settings
// that contradict each other.
func (s *Source) Refuse(name, given, allowed string) {
	s.problems = append(s.problems, Problem{Name: name, Given: given, Allowed: allowed})
}

// String returns the text of the variable, or the default.
func (s *Source) String(name, fallback, help string) string {
	s.Note(Variable{Name: name, Help: help, Default: fallback})
	if value := s.value(name); value != "" {
		return value
	}
	return fallback
}

// Required returns the text of a variable that has to be set.
func (s *Source) Required(name, help string) string {
	s.Note(Variable{Name: name, Help: help, Required: true})
	value := s.value(name)
	if value == "" {
		s.Refuse(name, nothing, help)
	}
	return value
}

// OneOf returns the variable's value, which has to be one of the allowed
// ones.
func (s *Source) OneOf(name, fallback, help string, allowed ...string) string {
	s.Note(Variable{Name: name, Help: help, Default: fallback})
	value := s.value(name)
	if value == "" {
		return fallback
	}
	if !slices.Contains(allowed, value) {
		s.Refuse(name, describe(value), list(allowed))
		return fallback
	}
	return value
}

// Bool returns true or false; the variable takes the words of
// strconv.ParseBool.
func (s *Source) Bool(name string, fallback bool, help string) bool {
	return parsed(s, name, fallback, help, "true or false", strconv.ParseBool)
}

// Int returns a whole number between low and high, both included.
func (s *Source) Int(name string, fallback, low, high int, help string) int {
	return parsed(s, name, fallback, help, fmt.Sprintf("a whole number from %d to %d", low, high), func(text string) (int, error) {
		number, err := strconv.Atoi(text)
		return number, inside(err, number >= low && number <= high)
	})
}

// Float returns a number between low and high, both included.
func (s *Source) Float(name string, fallback, low, high float64, help string) float64 {
	return parsed(s, name, fallback, help, fmt.Sprintf("a number from %g to %g", low, high), func(text string) (float64, error) {
		number, err := strconv.ParseFloat(text, 64)
		return number, inside(err, number >= low && number <= high)
	})
}

// Duration returns a length of time between low and high, both included, in
// Go's notation such as "90s" or "1h30m".
func (s *Source) Duration(name string, fallback, low, high time.Duration, help string) time.Duration {
	allowed := fmt.Sprintf("a duration from %v to %v, such as 90s or 1h30m", low, high)
	return parsed(s, name, fallback, help, allowed, func(text string) (time.Duration, error) {
		length, err := time.ParseDuration(text)
		return length, inside(err, length >= low && length <= high)
	})
}

// Period returns a length of time between low and high, both included, in days
// such as "365d" or in Go's notation. A fallback of 0 means that there is none,
// and 0 is returned when the variable is not set.
func (s *Source) Period(name string, fallback, low, high time.Duration, help string) time.Duration {
	v := Variable{Name: name, Help: help}
	if fallback != 0 {
		v.Default = period(fallback)
	}
	s.Note(v)
	text := s.value(name)
	if text == "" {
		return fallback
	}
	length, err := parsePeriod(text)
	if err != nil || length < low || length > high {
		s.Refuse(name, describe(text), fmt.Sprintf("a period from %s to %s, such as 30d or 720h", period(low), period(high)))
		return fallback
	}
	return length
}

const day = 24 * time.Hour

// parsePeriod is time.ParseDuration that also knows whole days.
func parsePeriod(text string) (time.Duration, error) {
	count, inDays := strings.CutSuffix(text, "d")
	if !inDays {
		return time.ParseDuration(text)
	}
	days, err := strconv.ParseUint(count, 10, 16)
	return time.Duration(days) * day, err
}

// period writes a length of time as Period reads it.
func period(length time.Duration) string {
	if length%day == 0 {
		return fmt.Sprintf("%dd", length/day)
	}
	return length.String()
}

// value returns the variable's value, empty when it is not set.
func (s *Source) value(name string) string {
	value, _ := s.lookup(name)
	return value
}

// parsed reads one variable with a parser of its own.
func parsed[T any](s *Source, name string, fallback T, help, allowed string, parse func(string) (T, error)) T {
	s.Note(Variable{Name: name, Help: help, Default: fmt.Sprint(fallback)})
	text := s.value(name)
	if text == "" {
		return fallback
	}
	value, err := parse(text)
	if err != nil {
		s.Refuse(name, describe(text), allowed)
		return fallback
	}
	return value
}
