package enroll

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what operators write into the audit trail, in characters.
const (
	MaxWho = 200
	MaxWhy = 1000
)

// CheckReason returns what is wrong with the name of an operator and with the
// reason that they give, or nothing. Both are required and bounded by MaxWho and
// MaxWhy, and neither has control characters, which could rewrite the terminal
// on which somebody reads them. What was given is not repeated.
func CheckReason(who, why string) []FieldError {
	var wrong []FieldError
	for _, field := range []struct {
		name, text string
		limit      int
	}{{"who", who, MaxWho}, {"why", why, MaxWhy}} {
		if given := wrongReason(field.text, field.limit); given != "" {
			wrong = append(wrong, FieldError{Field: field.name, Given: given, Allowed: fmt.Sprintf("1 to %d characters, none of them a control character", field.limit)})
		}
	}
	return wrong
}

// wrongReason describes a text that is not acceptable.
func wrongReason(text string, limit int) string {
	switch length := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return "nothing"
	case length > limit:
		return strconv.Itoa(length) + " characters"
	case !utf8.ValidString(text):
		return "what is not UTF-8"
	case strings.ContainsFunc(text, unicode.IsControl):
		return "a control character"
	}
	return ""
}
