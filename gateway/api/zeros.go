package api

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/bioenroll/bioenroll/enroll"
)

// zeros names the fields in which a 0 was given that is no choice there. In a
// request 0 means that nothing was given, so such a caller would get the default
// in the place of a refusal.
type zeros []string

// refuseZeros finds them in an input, and puts into the request that was made of
// it what gets past no check: the journey itself then says what it allows.
func refuseZeros(input jsontext.Value, into any) (zeros, error) {
	var given struct {
		Timeout *int `json:"timeout_seconds"`
		Tries   *int `json:"max_tries"`
	}
	// The input was decoded before, strictly.
	if err := json.Unmarshal(input, &given, wholeNumbers()); err != nil {
		return nil, fmt.Errorf("look for zeros: %w", err)
	}
	var found zeros
	for name, value := range map[string]*int{"timeout_seconds": given.Timeout, "max_tries": given.Tries} {
		if value == nil || *value != 0 {
			continue
		}
		found = append(found, name)
		if err := json.Unmarshal(fmt.Appendf(nil, `{%q: -1}`, name), into); err != nil {
			return nil, fmt.Errorf("refuse %s: %w", name, err)
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
		if slices.Contains(z, field.Field) {
			fields[i].Given = "0"
		}
	}
	return &enroll.InputError{Journey: refused.Journey, Fields: fields}
}
