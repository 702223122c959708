package frontend_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/frontend"
	"github.com/bioenroll/bioenroll/internal/testserver"
)

// TestScript runs the tests that are written in the language of the script.
func TestScript(t *testing.T) {
	t.Parallel()
	node := testserver.Program(t, "Node.js is not installed; apt-get install nodejs", "node")
	files, err := filepath.Glob(filepath.Join("test", "*.test.js"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	said, err := exec.CommandContext(t.Context(), node, append([]string{"--test"}, files...)...).CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Regexp(t, `(?m)^. tests [1-9]\d\d`, string(said), "the tests were found")
}

// TestTypes checks that the declaration is what the script is and what the
// gateway's description says, that it keeps frontends from mistakes, and that the
// examples of the documents are right.
func TestTypes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for from, to := range map[string]string{
		frontend.Types: frontend.Types,
		// The compiler looks at a declaration in the place of its script, so the script gets another name.
		frontend.Script:            "implementation.js",
		"package.json":             "package.json",
		"test/types/tsconfig.json": "tsconfig.json",
		"test/types/conform.ts":    "conform.ts",
		"test/types/described.ts":  "described.ts",
		"test/types/misuse.ts":     "misuse.ts",
	} {
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, to), content, 0o600))
	}
	for name, block := range blocks(t, "ts") {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name+".ts"), []byte(block), 0o600))
	}
	description, err := filepath.Abs(filepath.Join("..", "gateway", "api", "openapi.yaml"))
	require.NoError(t, err)
	tool(t, folder, "openapi-ts", "--input", description, "--output", "described", "--plugins", "@hey-api/typescript")
	tool(t, folder, "tsc", "--project", ".")
}

// tool runs a program of tools/web in the folder. Without it the test is skipped;
// with BIOENROLL_TEST_NO_SKIP=1 it fails.
func tool(t *testing.T, folder, name string, arguments ...string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "tools", "web", "node_modules", ".bin", name))
	require.NoError(t, err)
	if _, err := os.Stat(path); err != nil {
		testserver.Missing(t, name+" is not installed; make tools/web/node_modules")
	}
	command := exec.CommandContext(t.Context(), path, arguments...)
	command.Dir = folder
	said, err := command.CombinedOutput()
	require.NoError(t, err, "%s: %s", name, said)
}
