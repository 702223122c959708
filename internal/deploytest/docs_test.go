package deploytest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

var (
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	quoted    = regexp.MustCompile("`([^`\n]+)`")
	pathLike  = regexp.MustCompile(`^[\w.*-]+(/[\w.*-]+)+/?$`)
	makeVerb  = regexp.MustCompile(`\bmake ([a-z-]+)`)
	codeBlock = regexp.MustCompile("(?ms)^```.*?^```")
	heading   = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInSlug = regexp.MustCompile(`[^a-z0-9 _-]`)
)

func TestDocuments(t *testing.T) {
	for _, path := range files(t, ".md") {
		content := read(t, path)
		t.Run(path+"/links_to_what_exists", func(t *testing.T) {
			for _, match := range link.FindAllStringSubmatch(codeBlock.ReplaceAllString(content, ""), -1) {
				requireTarget(t, path, match[1])
			}
		})
		t.Run(path+"/names_files_that_exist", func(t *testing.T) {
			for _, match := range quoted.FindAllStringSubmatch(codeBlock.ReplaceAllString(content, ""), -1) {
				requirePath(t, match[1])
			}
		})
		t.Run(path+"/names_verbs_that_exist", func(t *testing.T) {
			for _, match := range quoted.FindAllStringSubmatch(content, -1) {
				requireVerbs(t, match[1])
			}
		})
	}
}

// requireTarget checks a link: a file, a heading, or an address elsewhere.
func requireTarget(t *testing.T, from, target string) {
	t.Helper()
	if strings.Contains(target, "://") {
		require.Regexp(t, `^https?://`, target)
		return
	}
	file, section, _ := strings.Cut(target, "#")
	if file == "" {
		file = from
	} else {
		file = filepath.ToSlash(filepath.Join(filepath.Dir(from), file))
	}
	_, err := os.Stat(filepath.Join(root, file))
	require.NoError(t, err, "link to %s", target)
	if section != "" {
		require.Contains(t, slugs(read(t, file)), section, "link to %s", target)
	}
}

// slugs returns the anchors of a document's headings, as GitHub makes them.
func slugs(content string) []string {
	var all []string
	for _, match := range heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(content, ""), -1) {
		slug := notInSlug.ReplaceAllString(strings.ToLower(match[1]), "")
		all = append(all, strings.ReplaceAll(slug, " ", "-"))
	}
	return all
}

// requirePath checks a quoted word that looks like a path of this checkout.
func requirePath(t *testing.T, word string) {
	t.Helper()
	if !pathLike.MatchString(word) {
		return
	}
	first, _, _ := strings.Cut(word, "/")
	if info, err := os.Stat(filepath.Join(root, first)); err != nil || !info.IsDir() || first == "bin" || first == "data" {
		return
	}
	found, err := filepath.Glob(filepath.Join(root, word))
	require.NoError(t, err)
	require.NotEmpty(t, found, "%s is named and does not exist", word)
}

// requireVerbs checks every make verb in a quoted command.
func requireVerbs(t *testing.T, command string) {
	t.Helper()
	for _, match := range makeVerb.FindAllStringSubmatch(command, -1) {
		require.Regexp(t, `(?m)^`+regexp.QuoteMeta(match[1])+`:`, read(t, "Makefile"))
	}
}

func TestMagicSubjectsInDocuments(t *testing.T) {
	known := map[string]bool{}
	for _, row := range simulator.MagicSubjects() {
		known[row.Subject] = true
	}
	for _, match := range regexp.MustCompile(`--[a-z-]+ (magic-[a-z0-9_-]+)`).FindAllStringSubmatch(read(t, "README.md"), -1) {
		require.True(t, known[match[1]], "%s is no magic subject", match[1])
	}
}

func TestContinuousIntegration(t *testing.T) {
	t.Run("runs_check_test_and_demo_as_the_readme_does", func(t *testing.T) {
		var commands []string
		for _, match := range regexp.MustCompile(`(?m)^make .*$`).FindAllString(read(t, ".ci/run"), -1) {
			commands = append(commands, match)
			require.Contains(t, read(t, "README.md"), match)
			requireVerbs(t, match)
		}
		require.Equal(t, []string{"make check", "make test", "make demo"}, commands)
	})
	t.Run("can_be_executed", func(t *testing.T) {
		info, err := os.Stat(filepath.Join(root, ".ci", "run"))
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&0o100)
	})
}
