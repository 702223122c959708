package enroll

import (
	"fmt"
	"io"
	"log/slog"
)

// Private is embedded in a type that has secrets behind fields that are not
// exported. There a Secret is not asked to hide itself: fmt, and what stands on
// it, would print its bytes. A type with a Private in it prints as "[redacted]"
// through every verb of fmt, through slog and in JSON.
type Private struct{}

// String returns the redaction mark.
func (Private) String() string { return Redacted }

// GoString is String for the %#v verb.
func (p Private) GoString() string { return p.String() }

// Format writes the redaction mark whatever the verb.
func (p Private) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// LogValue redacts the value in structured logs.
func (p Private) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalJSON writes the redaction mark.
func (p Private) MarshalJSON() ([]byte, error) { return []byte(`"` + p.String() + `"`), nil }
