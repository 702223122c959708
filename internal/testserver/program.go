package testserver

import (
	"os"
	"os/exec"
	"testing"
)

// NoSkip is the variable that turns a missing program from a skipped test into a
// failed one, when it is 1.
const NoSkip = "BIOENROLL_TEST_NO_SKIP"

// Missing skips a test that cannot run because something is not on this machine.
// The text says what, and how to get it.
func Missing(tb testing.TB, text string) {
	tb.Helper()
	if os.Getenv(NoSkip) == "1" {
		tb.Fatal(text)
	}
	tb.Skip(text)
}

// Program returns the path of the first of the programs that is on this machine.
// Without any of them the test is skipped with the text, see Missing.
func Program(tb testing.TB, text string, names ...string) string {
	tb.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Missing(tb, text)
	return ""
}
