package frontend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents is the folder of the pages for frontends.
const documents = "../docs/frontend"

// blocks returns the blocks of a language in the documents, by names that can be
// those of files.
func blocks(t *testing.T, language string) map[string]string {
	t.Helper()
	fence := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$")
	found := map[string]string{}
	for page, text := range pages(t) {
		for i, block := range fence.FindAllStringSubmatch(text, -1) {
			found[fmt.Sprintf("%s-%d", strings.TrimSuffix(page, ".md"), i+1)] = block[1]
		}
	}
	require.NotEmpty(t, found, "the documents have examples in %s", language)
	return found
}

// pages returns the documents by name.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(documents, "*.md"))
	require.NoError(t, err)
	texts := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		texts[filepath.Base(path)] = string(text)
	}
	return texts
}

func TestDocuments(t *testing.T) {
	texts := pages(t)

	t.Run("have_a_page_for_each_provider_which_the_index_links", func(t *testing.T) {
		for _, page := range []string{"authid.md", "bioid.md", "iproov.md", "smartid.md"} {
			require.Contains(t, texts, page)
			require.Contains(t, texts["README.md"], "]("+page+")")
		}
	})

	t.Run("have_no_link_that_leads_nowhere", func(t *testing.T) {
		link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
		for page, text := range texts {
			for _, target := range link.FindAllStringSubmatch(text, -1) {
				_, err := os.Stat(filepath.Join(documents, target[1]))
				require.NoError(t, err, "%s links to %s", page, target[1])
			}
		}
	})

	t.Run("have_only_examples_that_a_test_looks_at", func(t *testing.T) {
		fence := regexp.MustCompile("(?m)^```(.+)$")
		for page, text := range texts {
			for _, language := range fence.FindAllStringSubmatch(text, -1) {
				// ts is compiled here; html and csp are put into a browser by standalone/browsertest.
				require.Contains(t, []string{"ts", "html", "csp"}, language[1], page)
			}
		}
	})

	t.Run("name_every_final_page_and_every_end", func(t *testing.T) {
		script, err := os.ReadFile("relay.js")
		require.NoError(t, err)
		for page, list := range map[string]string{"authid.md": "authIDFinalPages = new Set", "iproov.md": "iProovEnds = "} {
			_, rest, found := strings.Cut(string(script), list)
			require.True(t, found, list)
			inside, _, _ := strings.Cut(rest, "]")
			names := regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(inside, -1)
			require.Greater(t, len(names), 5)
			for _, name := range names {
				require.Contains(t, texts[page], "`"+name[1]+"`", page)
			}
		}
	})
}
