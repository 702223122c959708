package config

import (
	"errors"
	"fmt"
	"strings"
)

// nothing describes a variable that is not set.
const nothing = "nothing"

// errOutside says that a number is outside its bounds; callers describe them.
var errOutside = errors.New("outside the bounds")

// Problem is one setting that is not acceptable.
type Problem struct {
	// Name is the variable's name.
	Name string
	// Given describes the value; a secret is described, never repeated.
	Given string
	// Allowed says what would have been accepted.
	Allowed string
}

// Error lists every setting that is not acceptable.
type Error struct {
	// Problems holds one entry for each, in the order of the questions.
	Problems []Problem
}

// Error names each variable on a line of its own, with what was given and
// what is allowed.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString("the configuration cannot be used; set these environment variables right:")
	for _, p := range e.Problems {
		fmt.Fprintf(&text, "\n  %s: given %s, allowed: %s", p.Name, p.Given, p.Allowed)
	}
	return text.String()
}

// describe quotes a short value and only measures a long one.
func describe(value string) string {
	if len(value) > 80 {
		return fmt.Sprintf("%d bytes", len(value))
	}
	return fmt.Sprintf("%q", value)
}

// describeAddress is describe without repeating what may be a login or a
// token in an address.
func describeAddress(given string) string {
	if strings.ContainsAny(given, "@?#") {
		return "an address with a login, query or fragment"
	}
	return describe(given)
}

// inside returns the parser's error, or one when the value is out of bounds.
func inside(err error, ok bool) error {
	if err == nil && !ok {
		return errOutside
	}
	return err
}

// list joins words for a message.
func list(words []string) string { return strings.Join(words, ", ") }
