package rest

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/bioenroll/bioenroll/enroll"
)

// The bounds of a provider's own text.
const (
	maxMessageRunes = 200
	// maxWordRunes bounds a word of a message. What is longer is no word of a
	// language but a token, a picture in base64 or an address, and is hidden
	// whatever it is.
	maxWordRunes = 40
	// shortest is how many bytes a value has that is hidden inside words too.
	shortest = 4
	// maxSecretBytes bounds the values to look for. A longer one fits into a
	// message in part only, as a word that is hidden for its length.
	maxSecretBytes = 4 << 10
)

// codeForm is what a provider's code looks like. A code is kept in clear, so
// that outcomes can be searched by it; whatever else a provider puts in its
// place is not kept.
var codeForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:=-]{0,63}$`)

// redactor hides values in texts of a provider, however the provider spelled
// them: case is ignored and characters are found in the escaped forms of
// JSON, addresses and HTML, too. Most answers bring no text, so it is made ready with the first.
type redactor struct {
	// pattern finds the values; it is nil when there are none.
	pattern func() *regexp.Regexp
}

func newRedactor(values []string) *redactor {
	return &redactor{sync.OnceValue(func() *regexp.Regexp { return patternOf(values) })}
}

func patternOf(values []string) *regexp.Regexp {
	var hidden []string
	for _, value := range values {
		// Texts are made valid before they are searched, and so are these.
		value = strings.ToValidUTF8(value, "")
		if value != "" && len(value) <= maxSecretBytes {
			hidden = append(hidden, value)
		}
	}
	if len(hidden) == 0 {
		return nil
	}
	// The longest comes first, so that a value that contains another one is
	// hidden whole.
	slices.SortFunc(hidden, func(a, b string) int { return len(b) - len(a) })
	for i, value := range hidden {
		hidden[i] = spellings(value)
	}
	return regexp.MustCompile("(?i)" + strings.Join(hidden, "|"))
}

// spellings is the pattern for a value. A very short one counts only as a word
// of its own, or it would be found inside every other word.
func spellings(value string) string {
	var pattern strings.Builder
	words := true
	for _, c := range value {
		words = words && isWord(c)
		pattern.WriteString(spelling(c))
	}
	if len(value) < shortest && words {
		return `\b` + pattern.String() + `\b`
	}
	return pattern.String()
}

// spelling is the pattern for a character: as it is, and as JSON, addresses and
// HTML escape it, once or more than once.
func spelling(c rune) string {
	plain := regexp.QuoteMeta(string(c))
	if isWord(c) || c == '-' || c == '.' {
		return plain
	}
	ways := []string{plain}
	if c == ' ' {
		ways = append(ways, `\+`)
	}
	ways = append(ways, regexp.QuoteMeta(html.EscapeString(string(c))))
	var units, percents strings.Builder
	for _, unit := range utf16.Encode([]rune{c}) {
		fmt.Fprintf(&units, `\\+u%04x`, unit)
	}
	for _, b := range []byte(string(c)) {
		fmt.Fprintf(&percents, `%%(?:25)*%02x`, b)
	}
	return `\\*(?:` + strings.Join(append(ways, units.String(), percents.String()), "|") + `)`
}

// isWord reports what \b of a pattern takes as part of a word.
func isWord(c rune) bool {
	return c == '_' || c < unicode.MaxASCII && (unicode.IsLetter(c) || unicode.IsDigit(c))
}

// said makes a provider's own text fit to be kept: values and long words hidden,
// control characters stripped, the length bounded.
func (r *redactor) said(text string) string {
	words := strings.Fields(r.hide(text))
	for i, word := range words {
		if utf8.RuneCountInString(word) > maxWordRunes {
			words[i] = enroll.Redacted
		}
	}
	return bounded(strings.Join(words, " "))
}

// code returns a code as it is, or nothing for what has not the form of one, or
// holds what must be hidden.
func (r *redactor) code(text string) string {
	if text = strings.TrimSpace(text); codeForm.MatchString(text) && r.hide(text) == text {
		return text
	}
	return ""
}

// clean does as said for texts of our own libraries, whose words are as long as
// the names of hosts.
func (r *redactor) clean(text string) string { return bounded(r.hide(text)) }

// hide hides the values and strips control characters.
func (r *redactor) hide(text string) string {
	text = strings.ToValidUTF8(text, "")
	if pattern := r.pattern(); pattern != nil {
		text = pattern.ReplaceAllLiteralString(text, enroll.Redacted)
	}
	return strings.Join(strings.FieldsFunc(text, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsPrint(c) }), " ")
}

func bounded(text string) string {
	if runes := []rune(text); len(runes) > maxMessageRunes {
		return string(runes[:maxMessageRunes]) + "…"
	}
	return text
}
