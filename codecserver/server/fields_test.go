package server_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/codecserver/server"
	"github.com/bioenroll/bioenroll/enroll"
)

// hidden are the fields of package enroll that are not shown, each with what
// speaks against it.
var hidden = map[string]string{
	"account_number":  "the subject at authID",
	"bcid":            "the subject at BioID",
	"user":            "the subject at SmartID",
	"user_id":         "the subject at iProov",
	"subject":         "the subject",
	"codeword":        "a secret",
	"one_time_secret": "a secret",
	"capture_url":     "holds the one-time secret",
	"token":           "a secret",
	"template":        "biometric, where it is not a reference",
	"pay_load":        "device and location, where it is not a reference",
	"data":            "a sample, where it is not a reference",
	"image":           "a photo, where it is not a reference",
	"temp_id":         "opens a selfie at authID",
	"tag":             "a caller's free text",
	"client":          "a person's browser",
	"consent":         "leads to the person in the caller's files",
	"upstream":        "leads to the person in the caller's files",
	"reference":       "leads to the person in the caller's files",
}

// notInPayloads are the types of enroll that no payload holds.
var notInPayloads = []string{
	"AuditEntry", "FieldError", "FoundLate", "InputError", "OutcomeData", "OutcomeEvent", "Record", "RecordStep", "ResolvedOutcome",
}

// TestFields makes whoever adds a field to package enroll decide whether
// operators see it. What is not decided is hidden.
func TestFields(t *testing.T) {
	known := fields(t)
	require.NotEmpty(t, known)

	t.Run("are_all_decided", func(t *testing.T) {
		for name, field := range known {
			reason, isHidden := hidden[name]
			require.NotEqual(t, server.IsShown(name), isHidden,
				"field %q (in %s): either add it to fields.go, if it never tells who a person is nor lets anybody act as them, or to this test with the reason (%q)", name, field.in, reason)
		}
	})

	t.Run("that_are_secret_are_hidden", func(t *testing.T) {
		for name, field := range known {
			if field.secret {
				require.False(t, server.IsShown(name), "%q in %s", name, field.in)
			}
		}
		for _, name := range []string{"codeword", "one_time_secret", "capture_url", "token", "subject", "template", "pay_load"} {
			require.True(t, known[name].secret, "the test can tell a secret: %s", name)
		}
	})

	t.Run("that_are_hidden_exist", func(t *testing.T) {
		for name := range hidden {
			_, exists := known[name]
			require.True(t, exists, name)
		}
	})
}

// TestPayloads makes sure that secrets stand in fields, never alone: a bare text
// is shown.
func TestPayloads(t *testing.T) {
	checked := 0
	for _, named := range scope(t) {
		constant, ok := named.(*types.Const)
		if !ok {
			continue
		}
		activity, ok := constant.Type().(*types.Named)
		if !ok || activity.Obj().Name() != "Activity" {
			continue
		}
		for argument := range activity.TypeArgs().Types() {
			_, isStruct := argument.Underlying().(*types.Struct)
			require.True(t, isStruct, "%s takes or returns %s, whose parts have no names to decide by", constant.Name(), argument)
			checked++
		}
	}
	require.Greater(t, checked, 40)
}

// field is what is known of a field by its name, whatever type it is in.
type field struct {
	in     []string
	secret bool
}

// fields are all fields of payloads, by the name that JSON has for them, and the
// names of hints, which State counts in a map.
func fields(t *testing.T) map[string]field {
	t.Helper()
	found := map[string]field{}
	for _, name := range append(enroll.HintNames(), enroll.Webhook) {
		found[string(name)] = field{in: []string{"State"}}
	}
	for _, named := range scope(t) {
		form, ok := named.Type().Underlying().(*types.Struct)
		if _, isType := named.(*types.TypeName); !ok || !isType || slices.Contains(notInPayloads, named.Name()) {
			continue
		}
		for i := range form.NumFields() {
			name, _, _ := strings.Cut(reflect.StructTag(form.Tag(i)).Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			known := found[name]
			known.in = append(known.in, named.Name())
			known.secret = known.secret || isSecret(form.Field(i).Type())
			found[name] = known
		}
	}
	return found
}

// isSecret reports whether a type holds a secret or bytes itself, not in a field
// of its own.
func isSecret(kind types.Type) bool {
	switch kind := kind.(type) {
	case *types.Named:
		return slices.Contains([]string{"Secret", "Content"}, kind.Obj().Name())
	case *types.Pointer:
		return isSecret(kind.Elem())
	case *types.Slice:
		return isSecret(kind.Elem()) || types.Identical(kind.Elem(), types.Typ[types.Byte])
	case *types.Map:
		return isSecret(kind.Elem()) || isSecret(kind.Key())
	default:
		return false
	}
}

// scope are the exported names of package enroll, from its source.
func scope(t *testing.T) []types.Object {
	t.Helper()
	set := token.NewFileSet()
	paths, err := filepath.Glob("../../enroll/*.go")
	require.NoError(t, err)
	var parsed []*ast.File
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			file, err := parser.ParseFile(set, path, nil, 0)
			require.NoError(t, err)
			parsed = append(parsed, file)
		}
	}
	checking := types.Config{Importer: importer.ForCompiler(set, "source", nil)}
	checked, err := checking.Check("github.com/bioenroll/bioenroll/enroll", set, parsed, nil)
	require.NoError(t, err)
	var objects []types.Object
	for _, name := range checked.Scope().Names() {
		if object := checked.Scope().Lookup(name); object.Exported() {
			objects = append(objects, object)
		}
	}
	return objects
}
