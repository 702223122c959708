package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

// block is one piece of shell of a page, and what it has to print.
type block struct {
	heading, shell string
	// kind of what is printed: json, text, or empty when the page does not say.
	kind, printed string
}

// fenced finds headings and fenced pieces of a page.
var fenced = regexp.MustCompile("(?ms)^#+ ([^\n]+)$|^```(\\w+)\n(.*?)^```$")

// blocks reads a page.
func blocks(t *testing.T, path string) []block {
	t.Helper()
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	var found []block
	heading := ""
	for _, match := range fenced.FindAllStringSubmatch(string(page), -1) {
		switch {
		case match[1] != "":
			heading = match[1]
		case match[2] == "sh":
			found = append(found, block{heading: heading, shell: match[3]})
		default:
			require.NotEmpty(t, found, "an answer to nothing")
			last := &found[len(found)-1]
			require.Empty(t, last.kind, "two answers to one block under %q", heading)
			last.kind, last.printed = match[2], match[3]
		}
	}
	return found
}

// walk runs blocks in one shell, in the folder, and returns what each printed.
func walk(t *testing.T, dir string, steps []block) []string {
	t.Helper()
	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	for i, step := range steps {
		fmt.Fprintf(&script, "{\n%s} > printed-%d\n", step.shell, i)
	}
	command := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	command.Dir = dir
	command.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Empty(t, string(output), "a block complained")
	printed := make([]string, len(steps))
	for i := range steps {
		raw, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("printed-%d", i)))
		require.NoError(t, err)
		printed[i] = string(raw)
	}
	return printed
}

// requirePrinted compares what was printed with what a page says.
func (b block) requirePrinted(t *testing.T, printed string) {
	t.Helper()
	switch b.kind {
	case "":
	case "json":
		var said, told any
		require.NoError(t, json.Unmarshal([]byte(b.printed), &said), "the page")
		require.NoError(t, json.Unmarshal([]byte(printed), &told), "%s", printed)
		require.Equal(t, said, ellipsis(said, told))
	default:
		pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(b.printed)), "…", ".*")
		require.Regexp(t, "^"+pattern+"$", strings.TrimSpace(printed))
	}
}

// ellipsis puts "…" where the page does, and where there is anything.
func ellipsis(said, told any) any {
	switch page := said.(type) {
	case string:
		if text, ok := told.(string); ok && page == "…" && text != "" {
			return page
		}
	case map[string]any:
		answer, ok := told.(map[string]any)
		if !ok {
			return told
		}
		like := map[string]any{}
		for name, value := range answer {
			like[name] = ellipsis(page[name], value)
		}
		return like
	case []any:
		answer, ok := told.([]any)
		if !ok || len(answer) != len(page) {
			return told
		}
		like := make([]any, len(answer))
		for i, value := range answer {
			like[i] = ellipsis(page[i], value)
		}
		return like
	}
	return told
}

// gateway starts a gateway process and returns its address, and how to stop it.
func (s *system) gateway(t *testing.T, environment variables) (address string, stop func(*testing.T)) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address = listener.Addr().String()
	require.NoError(t, listener.Close())
	environment["BIOENROLL_GATEWAY_LISTEN"] = address
	command := program(t, "gateway", environment)
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/livez", nil)
		require.NoError(t, err)
		answer, err := s.user.HTTP.Do(request)
		if err != nil {
			return false
		}
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
	return "http://" + address, func(t *testing.T) {
		t.Helper()
		require.NoError(t, command.Process.Signal(syscall.SIGTERM))
		require.NoError(t, command.Wait(), "%s", &log)
	}
}

func TestIntegrating(t *testing.T) {
	page := filepath.Join("..", "..", "docs", "integrating.md")
	dir := t.TempDir()
	written, err := shared.WriteEnvironment()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(filepath.Dir(written), filepath.Join(dir, "data")))

	steps := blocks(t, page)
	require.Greater(t, len(steps), 10)
	for i, printed := range walk(t, dir, steps) {
		t.Run(strings.ReplaceAll(steps[i].heading, " ", "_"), func(t *testing.T) { steps[i].requirePrinted(t, printed) })
	}

	t.Run("has_a_message_for_every_outcome", func(t *testing.T) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, outcome := range enroll.Outcomes() {
			require.Contains(t, string(text), "\n| `"+string(outcome)+"` |")
		}
	})
}
