package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/bioenroll/bioenroll/enroll"
)

const (
	// maxJSON bounds a body of JSON, in bytes. The largest holds a photo in
	// base64; whatever is larger comes as multipart/form-data.
	maxJSON = 4 << 20
	// jsonType is the one type of a body that is no upload.
	jsonType = "application/json"
)

// readJSON reads the body strictly into the value: one JSON document in UTF-8,
// no name twice, and no field that does not exist.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	if contentType(r) != jsonType {
		return unsupported(jsonType)
	}
	if err := uncoded(w, r); err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if err != nil {
		return unread(err)
	}
	return decode(body, into)
}

// contentType is the media type of the body, or nothing.
func contentType(r *http.Request) string {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

// uncoded refuses a body that is compressed: its size would be bounded before it
// is unpacked and not after.
func uncoded(w http.ResponseWriter, r *http.Request) error {
	for _, coding := range r.Header.Values("Content-Encoding") {
		if coding != "" && !strings.EqualFold(coding, "identity") {
			w.Header().Set("Accept-Encoding", "identity")
			return problem(UnsupportedMediaType, "Send the body as it is, without a Content-Encoding.")
		}
	}
	return nil
}

func unsupported(allowed string) *Problem {
	return problem(UnsupportedMediaType, "Send %s, and say so in Content-Type.", allowed)
}

// unread makes a problem of a body that could not be read to its end.
func unread(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return problem(InvalidRequest, "The body ended early, or came too slowly.").because(err)
}

// decode reads one JSON document strictly. What is no JSON is a request that
// cannot be understood; a field of the wrong kind is input that is refused.
func decode(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return problem(InvalidRequest, "The body is empty; send one JSON object.")
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true), wholeNumbers())
	if err == nil {
		return nil
	}
	wrong, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		at := int64(0)
		if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			at = syntax.ByteOffset
		}
		// The parser's own words may repeat what was sent.
		return problem(InvalidRequest, "The body is not one JSON object in UTF-8 with every name once; see near byte %d.", at)
	}
	field := enroll.FieldError{Field: fieldOf(wrong.JSONPointer), Given: kindInWords(wrong.JSONKind), Allowed: typeInWords(wrong.GoType)}
	if errors.Is(wrong, json.ErrUnknownName) {
		field.Given, field.Allowed = "a field that does not exist", "the fields of openapi.yaml"
	}
	return &enroll.InputError{Fields: []enroll.FieldError{field}}
}

// maxFieldName bounds a name that is repeated to the caller who sent it.
const maxFieldName = 80

// fieldOf writes a JSON pointer as callers write fields: samples[0].tag.
func fieldOf(pointer jsontext.Pointer) string {
	var name strings.Builder
	for token := range pointer.Tokens() {
		switch _, err := strconv.Atoi(token); {
		case err == nil:
			name.WriteString("[" + token + "]")
		case name.Len() > 0:
			name.WriteString("." + token)
		default:
			name.WriteString(token)
		}
	}
	return cut(name.String())
}

func kindInWords(kind jsontext.Kind) string {
	switch kind { //nolint:exhaustive // the others end something, and are no value
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a text"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "a list"
	default:
		return "something else"
	}
}

func typeInWords(wanted reflect.Type) string {
	if wanted == nil {
		return "what openapi.yaml describes"
	}
	if wanted == reflect.TypeFor[enroll.Content]() {
		return "content in base64"
	}
	if wanted == reflect.TypeFor[time.Time]() {
		return "a time such as 2026-11-20T08:00:00Z"
	}
	switch wanted.Kind() { //nolint:exhaustive // no request has fields of the others
	case reflect.String:
		return "a text"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Pointer:
		return typeInWords(wanted.Elem())
	default:
		return "what openapi.yaml describes"
	}
}
