package main

import (
	"encoding/json"
	"strconv"
)

// null is the JSON value that leaves a field as it is.
const null = "null"

// marshal writes values that always can be written: texts, bytes and objects
// of what was JSON before.
func marshal(value any) json.RawMessage {
	written, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage(null)
	}
	return written
}

// isZero reports whether the value is the number 0; null is not.
func isZero(value json.RawMessage) bool {
	var given *int
	return json.Unmarshal(value, &given) == nil && given != nil && *given == 0
}

// quote writes a text as JSON.
func quote(text string) json.RawMessage { return marshal(text) }

// describeJSON says what kind of value was given, without repeating it: it may
// be a secret or name a person.
func describeJSON(value json.RawMessage) string {
	var decoded any
	if err := json.Unmarshal(value, &decoded); err != nil {
		return "what is not JSON"
	}
	switch value := decoded.(type) {
	case nil:
		return null
	case string:
		return "text"
	case float64:
		return "a number"
	case bool:
		return strconv.FormatBool(value)
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

// allowed says what the input takes in JSON.
func (in input) allowed() string {
	switch in.kind {
	case number, positive:
		return "a whole number"
	case truth:
		return "true or false"
	case bytesFile:
		return "base64 text, or a path in " + in.name + fileSuffix
	case samples:
		return "a list of samples"
	case text, textFile, secretFile:
	}
	return "text"
}
