package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bioenroll/bioenroll/enroll"
)

// redact returns the JSON value with the values of all fields blanked out that
// are not on the list. Texts, numbers and lists that stand in no object pass.
// Numbers keep their digits and fields their order.
func redact(value []byte) ([]byte, error) {
	var written bytes.Buffer
	from, to := jsontext.NewDecoder(bytes.NewReader(value)), jsontext.NewEncoder(&written, jsontext.EscapeForHTML(false))
	if err := copyValue(from, to); err != nil {
		return nil, fmt.Errorf("redact: %w", err)
	}
	if _, err := from.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("redact: more than one JSON value")
	}
	return bytes.TrimSuffix(written.Bytes(), []byte("\n")), nil
}

// copyValue copies the next value, redacted.
func copyValue(from *jsontext.Decoder, to *jsontext.Encoder) error {
	token, err := from.ReadToken()
	if err != nil {
		return err
	}
	kind := token.Kind()
	if err := to.WriteToken(token); err != nil {
		return err
	}
	if kind == jsontext.KindBeginObject {
		return copyAll(from, to, jsontext.KindEndObject, copyField)
	}
	if kind == jsontext.KindBeginArray {
		return copyAll(from, to, jsontext.KindEndArray, copyValue)
	}
	return nil
}

// copyAll copies what is inside an object or a list, and its end.
func copyAll(from *jsontext.Decoder, to *jsontext.Encoder, end jsontext.Kind, copyOne func(*jsontext.Decoder, *jsontext.Encoder) error) error {
	for from.PeekKind() != end {
		if err := copyOne(from, to); err != nil {
			return err
		}
	}
	token, err := from.ReadToken()
	if err != nil {
		return err
	}
	return to.WriteToken(token)
}

// copyField copies a field's name, and its value when the field is shown.
func copyField(from *jsontext.Decoder, to *jsontext.Encoder) error {
	token, err := from.ReadToken()
	if err != nil {
		return err
	}
	name := token.String()
	if err := to.WriteToken(jsontext.String(name)); err != nil {
		return err
	}
	if isShown(name) {
		return copyValue(from, to)
	}
	value, err := from.ReadValue()
	if err != nil {
		return err
	}
	if text := string(value); text == `""` || text == "null" {
		return to.WriteValue(value) // That there is nothing may be known.
	}
	return to.WriteToken(jsontext.String(enroll.Redacted))
}
