// Package reveal writes JSON in which secrets stand in clear.
//
// An enroll.Secret that meets encoding/json becomes "[redacted]", wherever that
// happens: in a log line, in a web page, in an error. A few places have to keep
// the value: what is encrypted as soon as it is written (payloads, columns of
// the records), what is hashed (digests), and what is meant for the caller (the
// starter's hand-over). They call Marshal, so that a search for this package
// finds every place where a secret leaves its type in JSON.
//
// Reading needs no counterpart: json.Unmarshal fills a Secret from plain text.
package reveal

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/bioenroll/bioenroll/enroll"
)

// asBefore is the form of encoding/json, with secrets in clear.
var asBefore = json.JoinOptions(
	jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsontext.EscapeForJS(false),
	json.WithMarshalers(json.MarshalToFunc(func(encoder *jsontext.Encoder, secret enroll.Secret) error {
		return encoder.WriteToken(jsontext.String(secret.Reveal()))
	})),
)

// Marshal writes the value as encoding/json does, but for its secrets, which
// stand in clear, and for the characters < > and &, which stay as they are.
func Marshal(value any) ([]byte, error) {
	written, err := json.Marshal(value, asBefore)
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return written, nil
}
