package rest

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/bioenroll/bioenroll/enroll"
)

// The bounds of a provider's own text.
const (
	maxMessageRunes = 200
	maxCodeRunes    = 64
	// shortest is how many bytes a value has that is hidden inside words too.
	shortest = 4
	// maxSecretBytes bounds the values to look for. A longer one does not fit
	// into a message; callers that send such a value should not keep the
	// provider's message at all.
	maxSecretBytes = 4 << 10
)

// redactor hides values in texts of a provider, however the provider spelled
// them: case is ignored and the escaped forms of addresses are found too.
type redactor struct{ pattern *regexp.Regexp }

func newRedactor(values []string) *redactor {
	var forms []string
	for _, value := range values {
		// Texts are made valid before they are searched, and so are these.
		value = strings.ToValidUTF8(value, "")
		if value != "" && len(value) <= maxSecretBytes {
			forms = append(forms, value, url.QueryEscape(value), url.PathEscape(value))
		}
	}
	if len(forms) == 0 {
		return &redactor{}
	}
	// The longest comes first, so that a value that contains another one is
	// hidden whole.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	forms = slices.Compact(forms)
	for i, form := range forms {
		forms[i] = literal(form)
	}
	return &redactor{regexp.MustCompile("(?i)" + strings.Join(forms, "|"))}
}

// literal is the pattern for a value. A very short one counts only as a word of
// its own, or it would be found inside every other word.
func literal(form string) string {
	quoted := regexp.QuoteMeta(form)
	if len(form) < shortest && !strings.ContainsFunc(form, func(c rune) bool { return !isWord(c) }) {
		return `\b` + quoted + `\b`
	}
	return quoted
}

// isWord reports what \b of a pattern takes as part of a word.
func isWord(c rune) bool {
	return c == '_' || c < unicode.MaxASCII && (unicode.IsLetter(c) || unicode.IsDigit(c))
}

// clean hides the values, strips control characters and bounds the length.
func (r *redactor) clean(text string) string { return r.bounded(text, maxMessageRunes) }

func (r *redactor) bounded(text string, limit int) string {
	text = strings.ToValidUTF8(text, "")
	if r.pattern != nil {
		text = r.pattern.ReplaceAllLiteralString(text, enroll.Redacted)
	}
	text = strings.Join(strings.FieldsFunc(text, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsPrint(c) }), " ")
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return text
}
