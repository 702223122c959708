package deploytest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamespaceScript(t *testing.T) {
	script := read(t, "deploy/temporal/namespace.sh")

	t.Run("creates_the_search_attributes_of_the_journeys", func(t *testing.T) {
		created := map[string]string{}
		for _, line := range regexp.MustCompile(`(?m)^attribute (\S+) (\S+)$`).FindAllStringSubmatch(script, -1) {
			created[line[1]] = line[2]
		}
		require.Equal(t, attributes(t), created)
	})

	t.Run("prepares_the_namespace_that_the_programs_use", func(t *testing.T) {
		file := compose(t)
		for _, name := range []string{"worker", "starter"} {
			require.Equal(t, file.Services["namespace"].Environment["TEMPORAL_NAMESPACE"], file.Services[name].Environment["TEMPORAL_NAMESPACE"])
			require.Equal(t, "temporal:7233", file.Services[name].Environment["TEMPORAL_ADDRESS"])
		}
	})
}

// attributes returns the constants Attr... of package enroll, each with the
// type that its comment states.
func attributes(t *testing.T) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "enroll", "journey.go"), nil, parser.ParseComments)
	require.NoError(t, err)
	found := map[string]string{}
	ast.Inspect(parsed, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Attr") {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		require.True(t, ok)
		name, err := strconv.Unquote(literal.Value)
		require.NoError(t, err)
		kind, _, _ := strings.Cut(spec.Comment.Text(), ":")
		found[name] = kind
		return true
	})
	require.NotEmpty(t, found)
	return found
}
