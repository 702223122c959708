package deploytest_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/dial"
)

// setting is one variable, as a program's own help describes it.
type setting struct{ known, required bool }

// settingNamed finds the settings that a document names.
var settingNamed = regexp.MustCompile("`((?:TEMPORAL|BIOENROLL|AUTHID|BIOID|SMARTID|IPROOV)_[A-Z_]+)(?:=[a-z]+)?`")

// build builds the programs of the images and returns a function that runs
// them.
func build(t *testing.T) (run func(name string, args ...string) string) {
	t.Helper()
	folder := t.TempDir()
	for name, source := range map[string]string{"worker": "./worker", "starter": "./starter", "codecserver": "./codecserver", "gateway": "./gateway", "simulator": "./simulator/cmd"} {
		command := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(folder, name), source)
		command.Dir = root
		output, err := command.CombinedOutput()
		require.NoError(t, err, string(output))
	}
	return func(name string, args ...string) string {
		output, err := exec.CommandContext(t.Context(), filepath.Join(folder, name), args...).CombinedOutput()
		require.NoError(t, err, string(output))
		return string(output)
	}
}

// variables reads the list that config.WriteHelp wrote.
func variables(help string) map[string]setting {
	found := map[string]setting{}
	for _, line := range regexp.MustCompile(`(?m)^  ([A-Z_]+)(?: or ([A-Z_]+))?  +(.*)$`).FindAllStringSubmatch(help, -1) {
		found[line[1]] = setting{known: true, required: strings.HasSuffix(line[3], "(required)")}
		if line[2] != "" {
			found[line[2]] = setting{known: true}
		}
	}
	return found
}

// flags reads the simulator's help: each flag is a variable, too.
func flags(help string) map[string]setting {
	found := map[string]setting{}
	for _, line := range regexp.MustCompile(`(?m)^  -([a-z-]+)`).FindAllStringSubmatch(help, -1) {
		found["SIMULATOR_"+strings.ToUpper(strings.ReplaceAll(line[1], "-", "_"))] = setting{known: true}
	}
	return found
}

func TestSettings(t *testing.T) {
	run := build(t)
	// What each program reads from its environment, by its own account.
	known := map[string]map[string]setting{
		"worker":      variables(run("worker", "--help")),
		"starter":     variables(run("starter", "environment")),
		"codecserver": variables(run("codecserver", "--help")),
		"gateway":     variables(run("gateway", "--help")),
		"simulator":   flags(run("simulator", "--help")),
	}
	file := compose(t)

	for _, name := range ours {
		t.Run(name+"_reads_every_variable_that_it_is_given", func(t *testing.T) {
			require.NotEmpty(t, known[name])
			for variable := range environment(t, file.Services[name]) {
				require.Contains(t, known[name], variable)
			}
		})
		t.Run(name+"_is_given_every_variable_that_it_requires", func(t *testing.T) {
			given := environment(t, file.Services[name])
			for variable, s := range known[name] {
				if s.required {
					require.NotEmpty(t, given[variable]+given[variable+"_FILE"], variable)
				}
			}
		})
	}

	t.Run("simulator_has_the_command_of_its_health_check", func(t *testing.T) {
		require.Contains(t, run("simulator", "healthcheck", "--help"), "simulator healthcheck")
	})

	t.Run("starter_joins_the_worker_by_the_same_settings", func(t *testing.T) {
		worker, starter := environment(t, file.Services["worker"]), environment(t, file.Services["starter"])
		for variable, value := range starter {
			require.Equal(t, worker[variable], value, variable)
		}
	})

	t.Run("gateway_joins_the_worker_by_the_same_settings", func(t *testing.T) {
		worker, gateway := environment(t, file.Services["worker"]), environment(t, file.Services["gateway"])
		for variable := range environment(t, file.Services["starter"]) {
			if _, shared := gateway[variable]; shared {
				require.Equal(t, worker[variable], gateway[variable], variable)
			}
		}
		require.Contains(t, gateway, "BIOENROLL_RECORDS_URL")
	})

	t.Run("readme_names_every_variable_that_is_required", func(t *testing.T) {
		for variable, s := range known["worker"] {
			if s.required {
				require.Contains(t, read(t, "README.md"), "`"+variable+"`")
			}
		}
	})

	t.Run("documents_name_variables_that_are_read", func(t *testing.T) {
		for _, document := range []string{"README.md", "docs/assumptions.md", "docs/architecture.md", "docs/operations.md"} {
			for _, match := range settingNamed.FindAllStringSubmatch(read(t, document), -1) {
				if _, ofUI := file.Services["ui"].Environment[match[1]]; ofUI || match[1] == "TEMPORAL_CODEC_AUTH" { // The last is read by Temporal's command line.
					continue
				}
				require.True(t, slices.ContainsFunc(ours, func(program string) bool { return known[program][match[1]].known }), "%s names %s", document, match[1])
			}
		}
	})

	t.Run("documents_name_commands_that_exist", func(t *testing.T) {
		commands := commandsOf(read(t, "README.md")) + commandsOf(read(t, "docs/operations.md"))
		for _, match := range regexp.MustCompile(`starter ([a-z][a-z-]*)`).FindAllStringSubmatch(commands, -1) {
			require.Contains(t, run("starter", match[1], "--help"), "starter "+match[1])
		}
	})
}

// commandsOf returns what a document shows as commands: indented or quoted.
func commandsOf(content string) string {
	return strings.Join(regexp.MustCompile("(?m)^    .*$|`[^`\n]+`").FindAllString(content, -1), "\n")
}

func TestPorts(t *testing.T) {
	file := compose(t)
	_, frontend, err := net.SplitHostPort(dial.DefaultAddress)
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.1:" + frontend + ":7233"}, file.Services["temporal"].Ports)
	require.Equal(t, []string{"127.0.0.1:8233:8080"}, file.Services["ui"].Ports)

	t.Run("simulator_listens_where_providers_are_asked", func(t *testing.T) {
		require.Equal(t, []string{"127.0.0.1:7400:7400"}, file.Services["simulator"].Ports)
		require.Contains(t, read(t, "Dockerfile"), "SIMULATOR_LISTEN=0.0.0.0:7400")
		host := file.Services["simulator"].Networks["default"].Aliases[0]
		asked := 0
		for name, value := range environment(t, file.Services["worker"]) {
			if strings.HasSuffix(name, "_BASE_URL") {
				require.True(t, strings.HasPrefix(value, "http://"+host+":7400"), "%s=%s", name, value)
				asked++
			}
		}
		require.Equal(t, 4, asked)
	})

	t.Run("codec_server_and_UI_know_each_other", func(t *testing.T) {
		codecserver, ui := file.Services["codecserver"], file.Services["ui"]
		require.Equal(t, []string{"127.0.0.1:8234:8234"}, codecserver.Ports)
		require.Contains(t, read(t, "Dockerfile"), "BIOENROLL_CODEC_LISTEN=0.0.0.0:8234")
		require.Equal(t, "http://127.0.0.1:8234", ui.Environment["TEMPORAL_CODEC_ENDPOINT"])
		require.Equal(t, "true", ui.Environment["TEMPORAL_CODEC_INCLUDE_CREDENTIALS"])
		require.Equal(t, "http://127.0.0.1:8233", codecserver.Environment["BIOENROLL_CODEC_UI_ORIGIN"])
		require.Equal(t, file.Services["worker"].Environment["BIOENROLL_KEY_FILE"], codecserver.Environment["BIOENROLL_KEY_FILE"])
		require.Equal(t, file.Services["worker"].Volumes, codecserver.Volumes)
	})

	t.Run("agree_with_the_standalone_program", func(t *testing.T) {
		source, err := os.ReadFile(filepath.Join(root, "standalone", "run.go"))
		require.NoError(t, err)
		for _, port := range []string{`"BIOENROLL_TEMPORAL_PORT", ` + frontend, `"BIOENROLL_UI_PORT", 8233`, `"BIOENROLL_CODEC_PORT", 8234`, `"BIOENROLL_SIMULATOR_PORT", 7400`} {
			require.Contains(t, string(source), port)
		}
	})
}
