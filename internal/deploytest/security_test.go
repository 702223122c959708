package deploytest_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSecurityDocument holds the claims of the document to their proof: a test
// that is named exists in the folder that is named with it.
func TestSecurityDocument(t *testing.T) {
	_, claims, found := strings.Cut(read(t, "docs/security.md"), "## How to check")
	require.True(t, found)
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	folder := regexp.MustCompile("`(?:go test \\./)?((?:\\w+/)*\\w+)`")
	checked := 0
	for row := range strings.Lines(claims) {
		tests := named.FindAllStringSubmatch(row, -1)
		if len(tests) == 0 {
			continue
		}
		var sources []string
		for _, match := range folder.FindAllStringSubmatch(row, -1) {
			paths, err := filepath.Glob(filepath.Join(root, match[1], "*_test.go"))
			require.NoError(t, err)
			sources = append(sources, paths...)
		}
		require.NotEmpty(t, sources, "no folder with tests is named: %s", row)
		var code strings.Builder
		for _, path := range sources {
			relative, err := filepath.Rel(root, path)
			require.NoError(t, err)
			code.WriteString(read(t, filepath.ToSlash(relative)))
		}
		for _, test := range tests {
			require.Contains(t, code.String(), "func "+test[1]+"(", "named in: %s", row)
			checked++
		}
	}
	require.Greater(t, checked, 30)
}
