package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// binaries is the folder of the built programs; TestMain chooses it.
var binaries string

// build builds the programs, once for all tests. They are programs of
// the root module, so they are built from there, as make does.
var build = sync.OnceValue(func() error {
	command := exec.Command("go", "build", "-o", binaries+string(filepath.Separator), "./worker", "./starter", "./gateway")
	command.Dir = filepath.Join("..", "..")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs: %w\n%s", err, output)
	}
	return nil
})

// variables of the environment.
type variables map[string]string

// program is a built program ready to run, with nothing in its environment but
// what is given: it must not find settings of this machine.
func program(t *testing.T, name string, environment variables, args ...string) *exec.Cmd {
	t.Helper()
	require.NoError(t, build())
	command := exec.CommandContext(t.Context(), filepath.Join(binaries, name), args...)
	command.Env = []string{"HOME=" + t.TempDir()} // Where the SDK looks for its configuration file.
	for name, value := range environment {
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

// with is what a program needs to join the stack, with some variables changed.
func (s *system) with(changed variables) variables {
	environment := variables(s.Environment())
	maps.Copy(environment, changed)
	return environment
}

// ended is how a program ended.
type ended struct {
	code           int
	stdout, stderr string
}

// finish runs a program to its end.
func finish(t *testing.T, command *exec.Cmd) ended {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	require.NotNil(t, command.ProcessState, "%v", err)
	return ended{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// starter runs one command line against the stack.
func (s *system) starter(t *testing.T, args ...string) ended {
	t.Helper()
	return finish(t, program(t, "starter", s.with(nil), args...))
}

// ask runs one command line that must end with the code, and decodes each line
// that it prints.
func (s *system) ask(t *testing.T, code int, args []string, into ...any) {
	t.Helper()
	end := s.starter(t, append(args, "--json")...)
	require.Equal(t, code, end.code, "%s", end.stderr)
	lines := strings.Split(strings.TrimSpace(end.stdout), "\n")
	require.Len(t, lines, len(into), "%s", end.stdout)
	for i := range into {
		require.NoError(t, json.Unmarshal([]byte(lines[i]), into[i]))
	}
}
