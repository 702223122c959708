package enroll

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits are the bounds of inputs that a setting may change.
type Limits struct {
	// AuthIDTimeoutMin and AuthIDTimeoutMax bound an operation's Timeout, in
	// seconds. The provider's own bounds are unpublished.
	AuthIDTimeoutMin, AuthIDTimeoutMax int
	// ImageMaxBytes bounds an iProov photo; the provider takes 2 MB.
	ImageMaxBytes int
	// SampleMaxBytes bounds one BioID sample.
	SampleMaxBytes int
	// TemplateMaxBytes bounds a SmartID template, and a payload.
	TemplateMaxBytes int
	// RequireConsent and RequireUpstream make the Grounds of an enrollment
	// required.
	RequireConsent, RequireUpstream bool
}

// DefaultLimits returns the bounds used unless a setting changes them.
func DefaultLimits() Limits {
	return Limits{
		AuthIDTimeoutMin: 30,
		AuthIDTimeoutMax: 86_400,
		ImageMaxBytes:    2 << 20,
		SampleMaxBytes:   4 << 20,
		TemplateMaxBytes: 1 << 20,
	}
}

// The bounds of how long a journey waits by its own time, in seconds.
const (
	waitMin = 5
	waitMax = 86_400
)

// checker collects what is wrong with a request, so that a caller learns of
// every field at once.
type checker struct{ fields []FieldError }

// refuse records a field that is not acceptable.
func (c *checker) refuse(field, given, allowed string) {
	c.fields = append(c.fields, FieldError{Field: field, Given: given, Allowed: allowed})
}

// require refuses an empty value, and one longer than max bytes or not UTF-8.
func (c *checker) require(field, value string, limit int) {
	allowed := fmt.Sprintf("1 to %d bytes of UTF-8 text", limit)
	switch {
	case value == "":
		c.refuse(field, "nothing", allowed)
	case len(value) > limit:
		c.refuse(field, fmt.Sprintf("%d bytes", len(value)), allowed)
	case !utf8.ValidString(value):
		c.refuse(field, "text that is not UTF-8", allowed)
	}
}

// maxNameBytes bounds a name.
const maxNameBytes = 256

// name is require for the name of a person, an account or a document, which no
// system means to hold control characters.
func (c *checker) name(field, value string) {
	if strings.ContainsFunc(value, unicode.IsControl) {
		c.refuse(field, "text with a control character", fmt.Sprintf("1 to %d bytes of UTF-8 text without control characters", maxNameBytes))
		return
	}
	c.require(field, value, maxNameBytes)
}

// optional refuses a value longer than max bytes or not UTF-8.
func (c *checker) optional(field, value string, limit int) {
	if value != "" {
		c.require(field, value, limit)
	}
}

// oneOf refuses a value that is not in the list.
func (c *checker) oneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.refuse(field, describe(value), strings.Join(allowed, ", "))
	}
}

// between refuses a number outside its bounds.
func (c *checker) between(field string, value, low, high int) {
	if value < low || value > high {
		c.refuse(field, strconv.Itoa(value), fmt.Sprintf("%d to %d", low, high))
	}
}

// err returns the collected problems, or nil.
func (c *checker) err(journey Journey) error {
	if len(c.fields) == 0 {
		return nil
	}
	return &InputError{Journey: journey, Fields: c.fields}
}

// describe quotes a short value and only measures a long one, so that pasted
// images do not flood an error.
func describe(value string) string {
	switch {
	case value == "":
		return "nothing"
	case len(value) > 40:
		return fmt.Sprintf("%d bytes", len(value))
	default:
		return fmt.Sprintf("%q", value)
	}
}
