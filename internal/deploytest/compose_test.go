package deploytest_test

import (
	"bufio"
	"go/version"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/bioenroll/bioenroll/gateway/api"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/vault"
	"github.com/bioenroll/bioenroll/worker/host"
)

// root is the folder of the checkout, seen from this package.
const root = "../.."

// composeFile is what the tests look at in docker-compose.yml.
type composeFile struct {
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type service struct {
	Image       string                `yaml:"image"`
	Build       *image                `yaml:"build"`
	DependsOn   map[string]dependency `yaml:"depends_on"` //nolint:tagliatelle // compose spells it so
	EnvFile     []string              `yaml:"env_file"`   //nolint:tagliatelle // compose spells it so
	Command     []string              `yaml:"command"`
	Environment map[string]string     `yaml:"environment"`
	Ports       []string              `yaml:"ports"`
	Volumes     []string              `yaml:"volumes"`
	Restart     string                `yaml:"restart"`
	User        string                `yaml:"user"`
	Healthcheck *struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
	GracePeriod string   `yaml:"stop_grace_period"` //nolint:tagliatelle // compose spells it so
	Tmpfs       []string `yaml:"tmpfs"`
	ReadOnly    bool     `yaml:"read_only"` //nolint:tagliatelle // compose spells it so
	CapDrop     []string `yaml:"cap_drop"`  //nolint:tagliatelle // compose spells it so
	Networks    map[string]struct {
		Aliases []string `yaml:"aliases"`
	} `yaml:"networks"`
}

type image struct {
	Context string `yaml:"context"`
	Target  string `yaml:"target"`
}

type dependency struct {
	Condition string `yaml:"condition"`
}

// ours are the services that run a program of this repository.
var ours = []string{"codecserver", "gateway", "simulator", "starter", "worker"}

// interpolation is ${NAME:-default}.
var interpolation = regexp.MustCompile(`\$\{[A-Z_]+:-([^}]*)\}`)

// compose reads the file as docker compose does when no variable is set.
func compose(t *testing.T) composeFile {
	t.Helper()
	content := interpolation.ReplaceAllString(read(t, "docker-compose.yml"), "$1")
	var file composeFile
	require.NoError(t, yaml.Unmarshal([]byte(content), &file))
	require.NotEmpty(t, file.Services)
	return file
}

// read returns a file of the checkout.
func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(content)
}

// environment is what the service's program sees: the files, then what stands
// in the compose file itself.
func environment(t *testing.T, s service) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, path := range s.EnvFile {
		lines := bufio.NewScanner(strings.NewReader(read(t, path)))
		for lines.Scan() {
			name, value, found := strings.Cut(lines.Text(), "=")
			if found && !strings.HasPrefix(name, "#") {
				require.NotContains(t, all, name, "%s sets it twice", path)
				all[name] = value
			}
		}
		require.NoError(t, lines.Err())
	}
	maps.Copy(all, s.Environment)
	return all
}

func TestCompose(t *testing.T) {
	file := compose(t)

	t.Run("pins_every_image", func(t *testing.T) {
		exact := regexp.MustCompile(`^[a-z0-9/.-]+:\d+\.\d+(\.\d+)?$`)
		for name, s := range file.Services {
			require.NotEqual(t, s.Image == "", s.Build == nil, "%s is either pulled or built", name)
			if s.Image != "" {
				require.Regexp(t, exact, s.Image, name)
			}
		}
		require.Equal(t, tag(file.Services["temporal"]), tag(file.Services["schema"]), "the schema belongs to the server")
		require.Equal(t, tag(file.Services["temporal"]), tag(file.Services["namespace"]))
	})

	t.Run("publishes_on_loopback_only", func(t *testing.T) {
		published := 0
		for name, s := range file.Services {
			for _, port := range s.Ports {
				require.Regexp(t, `^127\.0\.0\.1:\d+:\d+$`, port, name)
				published++
			}
		}
		require.Equal(t, 5, published)
	})

	t.Run("starts_in_an_order_that_can_be_kept", func(t *testing.T) {
		for name, s := range file.Services {
			for on, how := range s.DependsOn {
				require.Contains(t, file.Services, on, name)
				requireMet(t, name, on, file.Services[on], how.Condition)
			}
			requireEnds(t, file, name, nil)
		}
	})

	t.Run("asks_programs_of_ours_by_themselves_how_they_are", func(t *testing.T) {
		// Their images hold no shell and no other program.
		require.Equal(t, []string{"CMD", "/simulator", "healthcheck"}, file.Services["simulator"].Healthcheck.Test)
		require.Equal(t, []string{"CMD", "/codecserver", "healthcheck"}, file.Services["codecserver"].Healthcheck.Test)
		require.Equal(t, []string{"CMD", "/gateway", "healthcheck"}, file.Services["gateway"].Healthcheck.Test)
		require.Equal(t, "service_healthy", file.Services["worker"].DependsOn["simulator"].Condition)
	})

	t.Run("keeps_state_in_volumes_that_exist", func(t *testing.T) {
		for name, s := range file.Services {
			for _, volume := range s.Volumes {
				source, _, _ := strings.Cut(volume, ":")
				if strings.HasPrefix(source, "./") {
					require.DirExists(t, filepath.Join(root, source), name)
					continue
				}
				require.Contains(t, file.Volumes, source, name)
			}
		}
		require.Equal(t, file.Services["worker"].Volumes, file.Services["starter"].Volumes, "they share keys and sealed store")
		require.Equal(t, file.Services["worker"].Volumes, file.Services["gateway"].Volumes)
	})

	t.Run("makes_the_key_file_that_worker_and_starter_look_for", func(t *testing.T) {
		made := file.Services["keys"]
		require.Equal(t, file.Services["starter"].Build, made.Build)
		require.Equal(t, []string{"keys", "make"}, made.Command)
		require.Equal(t, "service_completed_successfully", file.Services["worker"].DependsOn["keys"].Condition)
		for _, name := range []string{"worker", "starter"} {
			require.Equal(t, file.Services[name].Environment[vault.KeyFile], made.Environment[vault.KeyFile], name)
			require.Equal(t, file.Services[name].Volumes, made.Volumes, name)
		}
	})

	t.Run("lets_the_worker_finish_calls_under_way", func(t *testing.T) {
		grace, err := time.ParseDuration(file.Services["worker"].GracePeriod)
		require.NoError(t, err)
		require.Greater(t, grace, host.Load(config.NewSource(config.Map(nil))).StopTimeout)
	})

	t.Run("gives_the_gateway_space_for_the_uploads_that_it_takes", func(t *testing.T) {
		gateway := file.Services["gateway"]
		require.Len(t, gateway.Tmpfs, 1)
		size := regexp.MustCompile(`^/tmp:.*\bsize=(\d+)m$`).FindStringSubmatch(gateway.Tmpfs[0])
		require.NotNil(t, size, "the size in MiB of %s", gateway.Tmpfs[0])
		space, err := strconv.ParseInt(size[1], 10, 64)
		require.NoError(t, err)
		uploads, err := strconv.ParseInt(gateway.Environment["BIOENROLL_GATEWAY_UPLOADS"], 10, 64)
		require.NoError(t, err)
		require.LessOrEqual(t, uploads*api.LargestUpload(), space<<20)
	})

	t.Run("gives_the_programs_no_privileges", func(t *testing.T) {
		for _, name := range append([]string{"keys"}, ours...) {
			s := file.Services[name]
			require.True(t, s.ReadOnly, name)
			require.Equal(t, []string{"ALL"}, s.CapDrop, name)
			require.Empty(t, s.User, "%s: the image says who runs it", name)
		}
	})
}

func tag(s service) string {
	_, after, _ := strings.Cut(s.Image, ":")
	return after
}

// requireMet checks that a condition can come true.
func requireMet(t *testing.T, name, on string, s service, condition string) {
	t.Helper()
	switch condition {
	case "service_healthy":
		require.NotNil(t, s.Healthcheck, "%s waits for the health of %s, which has no check", name, on)
	case "service_completed_successfully":
		require.Contains(t, []string{"", "no"}, s.Restart, "%s waits for the end of %s, which is restarted", name, on)
	case "service_started":
		require.Contains(t, ours, on, "%s: an image of somebody else needs a real check", name)
	default:
		require.Fail(t, "unknown condition", "%s -> %s: %q", name, on, condition)
	}
}

// requireEnds checks that nothing waits for itself.
func requireEnds(t *testing.T, file composeFile, name string, above []string) {
	t.Helper()
	require.NotContains(t, above, name)
	for on := range file.Services[name].DependsOn {
		requireEnds(t, file, on, append(above, name))
	}
}

func TestDockerfile(t *testing.T) {
	content := read(t, "Dockerfile")
	stages := map[string]string{}
	for _, stage := range regexp.MustCompile(`(?m)^FROM (\S+) AS (\S+)$`).FindAllStringSubmatch(content, -1) {
		stages[stage[2]] = stage[1]
	}

	t.Run("has_the_targets_that_compose_builds", func(t *testing.T) {
		file := compose(t)
		for _, name := range ours {
			require.Equal(t, &image{Context: ".", Target: name}, file.Services[name].Build)
			require.Equal(t, "program", stages[name])
			require.Contains(t, content, `ENTRYPOINT ["/`+name+`"]`)
		}
	})

	t.Run("makes_static_images_that_do_not_run_as_root", func(t *testing.T) {
		require.Equal(t, "scratch", stages["program"])
		require.Regexp(t, `(?m)^USER [1-9]\d+:[1-9]\d+$`, content)
		require.NotRegexp(t, `(?m)^USER (root|0)`, content)
		require.Contains(t, content, "CGO_ENABLED=0")
		require.NotRegexp(t, `go build (-o|\./)`, content, "-trimpath goes first")
	})

	t.Run("builds_with_a_pinned_go_that_the_module_accepts", func(t *testing.T) {
		require.Regexp(t, `^golang:\d+\.\d+\.\d+$`, stages["build"])
		wanted := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "go.mod"))[1]
		require.GreaterOrEqual(t, version.Compare("go"+strings.TrimPrefix(stages["build"], "golang:"), "go"+wanted), 0)
	})

	t.Run("finds_its_sources_in_the_build_context", func(t *testing.T) {
		kept := strings.Split(strings.TrimSpace(read(t, ".dockerignore")), "\n")
		for _, folder := range []string{"enroll", "client", "workflows", "activities", "providers", "simulator", "internal", "worker", "starter", "codecserver", "gateway", "go.mod", "go.sum"} {
			require.Contains(t, kept, "!"+folder)
		}
	})
}
