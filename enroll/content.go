package enroll

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
)

// Content is a photo or a sample, or where to read it. It is read when it is
// needed, more than once, and by then must give the same bytes each time. It
// prints as "[redacted]" through every verb of fmt, through slog and in JSON:
// a picture of a person gets nowhere but into sealed storage.
//
// In JSON it is read from base64. It never names a file there: whoever sends
// JSON would read ours.
type Content struct {
	// open is a function because fmt prints what is in the unexported field of
	// someone's struct without asking Format, but looks into no function.
	open func() (io.ReadCloser, error)
}

// Bytes is content that is in memory already. The caller does not change it
// until it has been used. Without any bytes it is no content.
func Bytes(data []byte) Content {
	if len(data) == 0 {
		return Content{}
	}
	return Content{func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// File is the content of a file, which is never in memory as a whole.
func File(path string) Content {
	return Content{func() (io.ReadCloser, error) { return os.Open(path) }} //nolint:gosec // the path is the caller's own
}

// Source is content that open gives from its start each time it is called. Who
// opens it closes what it returns.
func Source(open func() (io.ReadCloser, error)) Content { return Content{open} }

// Open returns the content from its start. The caller closes it.
func (c Content) Open() (io.ReadCloser, error) {
	if c.open == nil {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	return c.open()
}

// IsZero reports that no content was given. That of an empty file is given, and
// empty.
func (c Content) IsZero() bool { return c.open == nil }

// String returns the redaction mark, or nothing when no content was given.
func (c Content) String() string {
	if c.IsZero() {
		return ""
	}
	return Redacted
}

// GoString is String for the %#v verb.
func (c Content) GoString() string { return c.String() }

// Format writes the redaction mark whatever the verb.
func (c Content) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue redacts the content in structured logs.
func (c Content) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON writes the redaction mark. Nothing writes content into JSON.
func (c Content) MarshalJSON() ([]byte, error) { return []byte(`"` + c.String() + `"`), nil }

// UnmarshalJSON reads base64. The error repeats nothing of it.
func (c *Content) UnmarshalJSON(text []byte) error {
	var encoded string
	if err := json.Unmarshal(text, &encoded); err != nil {
		return errors.New("content that is not a text in base64")
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return errors.New("content that is not in base64")
	}
	*c = Bytes(data)
	return nil
}
