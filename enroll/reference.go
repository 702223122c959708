package enroll

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxReference bounds a caller's reference, in characters.
const maxReference = 200

// Referenced is the part of a request that says what the caller calls the
// journey in systems of their own: the number of an order or of a case, by which
// the journey is found again. It may tell who the person is, so it is encrypted
// wherever it is kept, and taken out of the record together with everything else
// that is personal.
type Referenced struct {
	// Reference is 1 to 200 characters without control characters; optional.
	// Several journeys may have the same.
	Reference Secret `json:"reference,omitempty"`
}

// CalledBy returns what the caller calls the journey, or nothing.
func (r Referenced) CalledBy() Secret { return r.Reference }

// CheckReference returns an InputError when nobody may call a journey so.
func CheckReference(reference Secret) error {
	c := &checker{}
	c.reference(Referenced{reference})
	return c.err("")
}

// reference refuses what nobody may call a journey. It never repeats it.
func (c *checker) reference(r Referenced) {
	given, allowed := r.Reference.Reveal(), fmt.Sprintf("1 to %d characters of UTF-8 text without control characters", maxReference)
	switch {
	case !utf8.ValidString(given):
		c.refuse("reference", "text that is not UTF-8", allowed)
	case utf8.RuneCountInString(given) > maxReference:
		c.refuse("reference", fmt.Sprintf("%d characters", utf8.RuneCountInString(given)), allowed)
	case strings.ContainsFunc(given, unicode.IsControl):
		c.refuse("reference", "text with a control character", allowed)
	}
}
