package secrettest_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/bioenroll/bioenroll"
	root   = "../.."
)

// outside are folders that are no part of what handles real people, or are
// modules of their own.
var outside = []string{"standalone", "simulator", "tools", "docs", "deploy", "data", "bin"}

// TestSecrets_are_printed_by_no_type reads every type of the module. fmt, slog
// and zap ask a secret to hide itself, but not behind a field that is not
// exported: a type that has one there prints itself.
func TestSecrets_are_printed_by_no_type(t *testing.T) {
	checked := 0
	for _, loaded := range load(t) {
		for _, name := range loaded.Scope().Names() {
			named, ok := loaded.Scope().Lookup(name).(*types.TypeName)
			if !ok || named.IsAlias() {
				continue
			}
			checked++
			if told := tells(named.Type(), false, nil); told != "" {
				t.Errorf("%s.%s prints its %s: give it a method Format that does not", loaded.Path(), name, told)
			}
		}
	}
	require.Greater(t, checked, 300)
}

// TestTells proves that the test above sees what fmt would print.
func TestTells(t *testing.T) {
	set := token.NewFileSet()
	source := `package example
import ("fmt"; "` + module + `/enroll")
type open struct{ Token enroll.Secret }
type closed struct{ token enroll.Secret }
type behind struct{ open open }
type listed struct{ tokens map[string][]enroll.Secret }
type embedded struct{ closed }
type promoted struct{ open }
type hidden struct{ token enroll.Secret }
func (hidden) Format(fmt.State, rune) {}
type covered struct{ Hidden hidden }
type uncovered struct{ hidden hidden }
type pointer struct{ at *closed }
`
	file, err := parser.ParseFile(set, "example.go", source, 0)
	require.NoError(t, err)
	l := &loader{set: set, loaded: map[string]*types.Package{}}
	example, err := l.check("example", []*ast.File{file})
	require.NoError(t, err)
	for name, told := range map[string]string{
		"open": "", "closed": "token", "behind": "open.Token", "listed": "tokens", "embedded": "closed.token", "promoted": "",
		"hidden": "", "covered": "", "uncovered": "hidden.token", "pointer": "",
	} {
		require.Equal(t, told, tells(example.Scope().Lookup(name).Type(), false, nil), name)
	}
}

// tells returns the way to a secret that fmt prints, or nothing. Of what a
// pointer points to inside a value, fmt prints the address alone.
func tells(kind types.Type, closed bool, above []types.Type) string {
	if slices.ContainsFunc(above, func(a types.Type) bool { return types.Identical(a, kind) }) {
		return ""
	}
	above = append(above, kind)
	if named, ok := types.Unalias(kind).(*types.Named); ok && !closed && formats(named) {
		return ""
	}
	switch kind := kind.Underlying().(type) {
	case *types.Struct:
		for field := range kind.Fields() {
			inner := closed || !field.Exported()
			if inner && isSecret(field.Type()) {
				return field.Name()
			}
			// What is exported in an embedded type is exported.
			if told := tells(field.Type(), closed || inner && !field.Embedded(), above); told != "" {
				return field.Name() + "." + told
			}
		}
	case *types.Slice:
		return tells(kind.Elem(), closed, above)
	case *types.Array:
		return tells(kind.Elem(), closed, above)
	case *types.Map:
		return tells(kind.Elem(), closed, above)
	}
	return ""
}

// isSecret reports a secret, or several.
func isSecret(kind types.Type) bool {
	switch kind := types.Unalias(kind).(type) {
	case *types.Named:
		return kind.Obj().Name() == "Secret" && kind.Obj().Pkg() != nil && kind.Obj().Pkg().Path() == module+"/enroll"
	case *types.Slice:
		return isSecret(kind.Elem())
	case *types.Map:
		return isSecret(kind.Elem()) || isSecret(kind.Key())
	}
	return false
}

// formats reports whether fmt leaves the printing to the type.
func formats(named *types.Named) bool {
	method, _, _ := types.LookupFieldOrMethod(named, true, named.Obj().Pkg(), "Format")
	_, ok := method.(*types.Func)
	return ok
}

// load type-checks the module's packages.
func load(t *testing.T) []*types.Package {
	t.Helper()
	l := &loader{set: token.NewFileSet(), loaded: map[string]*types.Package{}}
	var all []*types.Package
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		below := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(path, root), string(filepath.Separator)))
		if slices.Contains(outside, below) || strings.HasPrefix(entry.Name(), ".") && path != root || entry.Name() == "testdata" {
			return filepath.SkipDir
		}
		loaded, err := l.Import(module + "/" + below)
		if loaded != nil && below != "" {
			all = append(all, loaded)
		}
		return err
	}))
	return all
}

// loader reads packages of the module alone. What they use of others is left
// open: none of it holds a secret of ours but in a field of ours.
type loader struct {
	set    *token.FileSet
	loaded map[string]*types.Package
}

// errForeign leaves a package out.
var errForeign = errors.New("not of this module")

// Import returns a package of the module; nil when the folder has none.
func (l *loader) Import(path string) (*types.Package, error) {
	folder, ours := strings.CutPrefix(path, module+"/")
	if !ours {
		return nil, errForeign
	}
	if known, ok := l.loaded[path]; ok {
		return known, nil
	}
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*.go"))
	if err != nil {
		return nil, err
	}
	var parsed []*ast.File
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(l.set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
	}
	if len(parsed) == 0 {
		return nil, nil
	}
	return l.check(path, parsed)
}

func (l *loader) check(path string, files []*ast.File) (*types.Package, error) {
	settings := types.Config{Importer: l, Error: func(error) {}, IgnoreFuncBodies: true} // Foreign packages are missing, which is expected.
	checked, _ := settings.Check(path, l.set, files, nil)
	if checked == nil {
		return nil, errors.New(path + " cannot be read")
	}
	l.loaded[path] = checked
	return checked, nil
}
