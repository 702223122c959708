package enroll

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what a Secret prints as.
const Redacted = "[redacted]"

// Secret is a string that lets its holder act as somebody: a key, a token, a
// one-time secret. It prints as "[redacted]" through every verb of fmt, through
// slog and zap, and in JSON. Reveal gives the value where it must be sent, and
// to a backend that passes a hand-over on to its frontend.
type Secret string

// Reveal returns the value.
func (s Secret) Reveal() string { return string(s) }

// String returns the redaction mark, or nothing for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return Redacted
}

// GoString is String for the %#v verb.
func (s Secret) GoString() string { return s.String() }

// Format writes the redaction mark whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue redacts the secret in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes the redaction mark. Who has to keep the value says so with
// Reveal.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }
