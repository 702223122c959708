package api

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/bioenroll/bioenroll/enroll"
)

// zeros tells of the fields in which a zero value was given that is no choice
// there, and how it is called. In a request the zero value means that nothing was
// given, so such a caller would get the default in the place of a refusal.
type zeros map[string]string

// refuseZeros finds them in an input, and puts into the request that was made of
// it what gets past no check: the journey itself then says what it allows.
func refuseZeros(input jsontext.Value, into any) (zeros, error) {
	var given struct {
		Timeout   *int    `json:"timeout_seconds"`
		Tries     *int    `json:"max_tries"`
		Reference *string `json:"reference"`
	}
	// The input was decoded before, strictly.
	if err := json.Unmarshal(input, &given, wholeNumbers()); err != nil {
		return nil, fmt.Errorf("look for zeros: %w", err)
	}
	found := zeros{}
	for _, field := range []struct {
		name, zero, refused string
		found               bool
	}{
		{"timeout_seconds", "0", "-1", given.Timeout != nil && *given.Timeout == 0},
		{"max_tries", "0", "-1", given.Tries != nil && *given.Tries == 0},
		{"reference", "an empty text", `"\n"`, given.Reference != nil && *given.Reference == ""},
	} {
		if !field.found {
			continue
		}
		found[field.name] = field.zero
		if err := json.Unmarshal(fmt.Appendf(nil, "{%q: %s}", field.name, field.refused), into); err != nil {
			return nil, fmt.Errorf("refuse %s: %w", field.name, err)
		}
	}
	return found, nil
}

// tell says in a refusal what was given indeed.
func (z zeros) tell(err error) error {
	refused, ok := errors.AsType[*enroll.InputError](err)
	if !ok || len(z) == 0 {
		return err
	}
	fields := slices.Clone(refused.Fields)
	for i, field := range fields {
		if zero, given := z[field.Field]; given {
			fields[i].Given = zero
		}
	}
	return &enroll.InputError{Journey: refused.Journey, Fields: fields}
}
