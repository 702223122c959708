package api

import (
	"errors"
	"math/big"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// wholeNumbers reads whole numbers however they are written: to JSON Schema, and
// so to whoever reads the description, 600.0 and 6e2 are the integer 600.
func wholeNumbers() json.Options {
	return json.WithUnmarshalers(json.UnmarshalFromFunc(func(from *jsontext.Decoder, into *int) error {
		if from.PeekKind() != '0' {
			return errors.ErrUnsupported // The package itself knows what to say.
		}
		given, err := from.ReadValue()
		if err != nil {
			return err
		}
		number, ok := whole(string(given))
		if !ok {
			return &json.SemanticError{JSONPointer: from.StackPointer(), JSONKind: '0', GoType: reflect.TypeFor[int]()}
		}
		*into = number
		return nil
	}))
}

// The longest number that is looked at, and the most digits of its exponent: more
// is work, and none that is allowed anywhere needs as much.
const (
	maxNumber   = 40
	maxExponent = 2
)

// whole is the value of a number in JSON, when that is an integer.
func whole(given string) (int, bool) {
	_, exponent, _ := strings.Cut(strings.ToLower(given), "e")
	if len(given) > maxNumber || len(strings.TrimLeft(exponent, "+-0")) > maxExponent {
		return 0, false
	}
	number, ok := new(big.Rat).SetString(given)
	if !ok || !number.IsInt() || !number.Num().IsInt64() {
		return 0, false
	}
	return int(number.Num().Int64()), true
}
