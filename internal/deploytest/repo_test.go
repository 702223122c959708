package deploytest_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

// files lists the files of the checkout with the ending, built and generated
// ones left out, as slash paths from the root.
func files(t *testing.T, ending string) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err = filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if entry.IsDir() && (slices.Contains([]string{".git", "bin", "data", "testdata"}, path) || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(path, ending) {
			found = append(found, filepath.ToSlash(path))
		}
		return nil
	}))
	require.NotEmpty(t, found)
	return found
}

func TestCatalogue(t *testing.T) {
	t.Run("has_the_same_file_in_every_layer", func(t *testing.T) {
		for _, provider := range enroll.Providers() {
			for _, layer := range []string{"enroll", "client", "workflows", "activities", "simulator"} {
				require.FileExists(t, filepath.Join(root, layer, string(provider)+".go"))
			}
			require.DirExists(t, filepath.Join(root, "providers", string(provider)))
		}
	})

	t.Run("names_every_provider_that_has_a_folder", func(t *testing.T) {
		shared := []string{"rest"} // What all providers are made of.
		folders, err := filepath.Glob(filepath.Join(root, "providers", "*"))
		require.NoError(t, err)
		for _, folder := range folders {
			name := filepath.Base(folder)
			if !slices.Contains(shared, name) {
				require.Contains(t, enroll.Providers(), enroll.Provider(name))
			}
		}
	})

	t.Run("has_each_story_in_its_providers_file", func(t *testing.T) {
		for _, spec := range enroll.Catalogue() {
			story := read(t, "workflows/"+string(spec.Provider)+".go")
			require.Contains(t, story, "func "+spec.Workflow+"(ctx workflow.Context")
		}
	})
}

func TestPackages(t *testing.T) {
	documented := map[string]bool{}
	for _, path := range files(t, ".go") {
		folder := filepath.Dir(path)
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.PackageClauseOnly|parser.ParseComments)
		require.NoError(t, err)
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		documented[folder] = documented[folder] || parsed.Doc.Text() != ""
	}
	for folder, commented := range documented {
		require.True(t, commented, "%s has no package comment", folder)
	}
}

func TestModules(t *testing.T) {
	t.Run("root_replaces_nothing", func(t *testing.T) {
		require.NotRegexp(t, `(?m)^replace\b`, read(t, "go.mod"), "a replaced module is lost on whoever imports this one")
	})
	t.Run("root_stays_free_of_the_server", func(t *testing.T) {
		require.NotContains(t, read(t, "go.mod"), "go.temporal.io/server ")
	})
	t.Run("standalone_replaces_the_root_only", func(t *testing.T) {
		replaced := regexp.MustCompile(`(?m)^replace (\S+) =>`).FindAllStringSubmatch(read(t, "standalone/go.mod"), -1)
		require.Len(t, replaced, 1)
		require.Equal(t, "github.com/bioenroll/bioenroll", replaced[0][1])
	})
}
