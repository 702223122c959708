package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/standalone/demo"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/standalone/stack"
)

// watcher collects what is written and calls out when a word is seen, before
// the writer goes on.
type watcher struct {
	mu   sync.Mutex
	all  bytes.Buffer
	word string
	then func()
}

// Write collects.
func (w *watcher) Write(written []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.then != nil && bytes.Contains(written, []byte(w.word)) {
		w.then()
	}
	return w.all.Write(written)
}

// String is all that was written.
func (w *watcher) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

// onFreePorts is a command line with the folder's state.
func onFreePorts(verb, dir string, more ...string) []string {
	return append([]string{verb, "--data", dir, "--temporal-port", "0", "--ui-port", "0", "--codec-port", "0", "--simulator-port", "0", "--gateway-port", "0", "--page-port", "0"}, more...)
}

// play runs the demo in the folder and returns its rows.
func play(t *testing.T, dir string, environment map[string]string) []demo.Row {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), onFreePorts("demo", dir, "--json"), config.Map(environment), &stdout, &stderr)
	require.Equal(t, exitOK, code, "%s", &stderr)
	var rows []demo.Row
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &rows), "%s", &stdout)
	for _, row := range rows {
		require.True(t, row.AsExpected(), "%+v", row)
		require.Positive(t, row.Events)
	}
	return rows
}

// journeysOf are the kinds of journeys, in the order of the rows.
func journeysOf(rows []demo.Row) []enroll.Journey {
	kinds := make([]enroll.Journey, len(rows))
	for i, row := range rows {
		kinds[i] = row.Journey
	}
	return kinds
}

// catalogue is one journey of each kind, in the order of the catalogue.
func catalogue() []enroll.Journey {
	var kinds []enroll.Journey
	for _, spec := range enroll.Catalogue() {
		kinds = append(kinds, spec.Journey)
	}
	return kinds
}

func TestDemo(t *testing.T) {
	t.Run("plays_one_journey_of_each_kind", func(t *testing.T) {
		rows := play(t, t.TempDir(), nil)
		require.Equal(t, catalogue(), journeysOf(rows))
		for _, row := range rows {
			require.Positive(t, row.Calls, row.Journey)
		}
	})

	t.Run("prints_a_table_for_people", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), onFreePorts("demo", t.TempDir()), config.Map(nil), &stdout, &stderr)
		require.Equal(t, exitOK, code, "%s", &stderr)
		require.Equal(t, 1+len(catalogue()), strings.Count(stdout.String(), "\n"))
		require.Regexp(t, `(?m)^smartid\.unenroll +removed +- `, stdout.String())
		require.Contains(t, stderr.String(), "Temporal UI  http://127.0.0.1:")
	})

	t.Run("uses_the_server_that_the_environment_names", func(t *testing.T) {
		other, err := stack.Start(t.Context(), stack.Options{
			DataDir: t.TempDir(), UIPort: embedded.Off, MetricsPort: embedded.Off, NoWorker: true, Log: zap.NewNop(),
		})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, other.Stop(context.WithoutCancel(t.Context()))) })

		dir := t.TempDir()
		rows := play(t, dir, map[string]string{"TEMPORAL_ADDRESS": other.TemporalAddress()})
		require.NoFileExists(t, filepath.Join(dir, "temporal.db"))
		require.Eventually(t, func() bool {
			listed, err := other.Client().List(t.Context(), client.Filter{Phase: enroll.Concluded})
			require.NoError(t, err)
			return len(listed) == len(rows)
		}, time.Minute, 50*time.Millisecond, "the other server's index knows them all")
	})
}

// TestInterrupt stops the program while journeys wait, and starts it again on
// the same folder.
func TestInterrupt(t *testing.T) {
	t.Run("in_the_middle_of_a_demo_leaves_journeys_that_the_next_one_finishes", func(t *testing.T) {
		dir := t.TempDir()
		ctx, interrupt := context.WithCancel(t.Context())
		// The line is written before the person is asked to act, so this
		// journey surely waits.
		stderr := &watcher{word: "handed over, waiting for the person", then: interrupt}
		var stdout bytes.Buffer
		require.Equal(t, exitOK, run(ctx, onFreePorts("run", dir), config.Map(nil), &stdout, stderr), "%s", stderr)
		left, err := demo.NewNotebook(filepath.Join(dir, "demo.json")).Notes()
		require.NoError(t, err)
		require.NotEmpty(t, left)

		rows := play(t, dir, nil)
		require.Equal(t, catalogue(), journeysOf(rows[len(left):]))
		for i, note := range left {
			require.Equal(t, note.RunID, rows[i].RunID, "the rows of those left come first")
		}
		left, err = demo.NewNotebook(filepath.Join(dir, "demo.json")).Notes()
		require.NoError(t, err)
		require.Empty(t, left)
	})

	t.Run("while_somebody_elses_journey_waits_loses_nothing", func(t *testing.T) {
		dir := t.TempDir()
		var started client.Started
		serve(t, dir, func(journeys *client.Client, user *demo.User) {
			require.NoError(t, user.CreateAccount(t.Context(), "jane"))
			var err error
			started, err = journeys.Start(t.Context(), "key", enroll.AuthIDEnrollment{
				AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: "jane"},
			})
			require.NoError(t, err)
		})
		serve(t, dir, func(journeys *client.Client, user *demo.User) {
			handed, err := journeys.HandOver(t.Context(), started.ID, started.RunID)
			require.NoError(t, err)
			require.Equal(t, started.HandOver, handed)
			hint, details, err := user.Complete(t.Context(), handed)
			require.NoError(t, err)
			_, err = journeys.Hint(t.Context(), started.ID, started.RunID, hint, details)
			require.NoError(t, err)
			result, err := journeys.Wait(t.Context(), started.ID, started.RunID)
			require.NoError(t, err)
			require.Equal(t, enroll.Enrolled, result.Outcome)
		})
	})
}

// TestGateway_keys_stay_the_same asks the gateway of the program as its first lines say.
func TestGateway_keys_stay_the_same(t *testing.T) {
	dir := t.TempDir()
	var keys []string
	for range 2 {
		serve(t, dir, func(*client.Client, *demo.User) {
			environment := exported(t, filepath.Join(dir, "env"))
			keys = append(keys, environment["GATEWAY_KEY"]+environment["GATEWAY_OPERATOR_KEY"])
			for variable, path := range map[string]string{"GATEWAY_KEY": "/v1/journeys", "GATEWAY_OPERATOR_KEY": "/v1/erasures"} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, environment["GATEWAY"]+path, http.NoBody)
				require.NoError(t, err)
				request.Header.Set("Authorization", "Bearer "+environment[variable])
				answer, err := (&http.Client{}).Do(request)
				require.NoError(t, err)
				require.NoError(t, answer.Body.Close())
				require.Equal(t, http.StatusOK, answer.StatusCode, path)
			}
			hashes, err := os.ReadFile(environment["BIOENROLL_GATEWAY_KEYS"])
			require.NoError(t, err)
			require.NotContains(t, string(hashes), environment["GATEWAY_KEY"])
		})
	}
	require.Equal(t, keys[0], keys[1])
}

func TestServe_starts_again_in_a_shell_that_has_read_its_file(t *testing.T) {
	dir := t.TempDir()
	read := map[string]string{}
	serve(t, dir, func(*client.Client, *demo.User) { read = exported(t, filepath.Join(dir, "env")) })
	require.NotEmpty(t, read["TEMPORAL_ADDRESS"])
	require.Len(t, play(t, dir, read), len(catalogue()))
}

func TestServe_lets_authID_tell_the_gateway(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, func(journeys *client.Client, user *demo.User) {
		require.NoError(t, user.CreateAccount(t.Context(), "jane"))
		started, err := journeys.Start(t.Context(), "key", enroll.AuthIDEnrollment{
			AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: "jane"},
		})
		require.NoError(t, err)
		_, _, err = user.Complete(t.Context(), started.HandOver) // And nobody sends the hint.
		require.NoError(t, err)
		_, err = journeys.Wait(t.Context(), started.ID, started.RunID)
		require.NoError(t, err)
		shown, err := journeys.Show(t.Context(), started.ID, started.RunID)
		require.NoError(t, err)
		require.Equal(t, map[enroll.HintName]int{enroll.Webhook: 1}, shown.State.Hints)
	})
}

// serve runs the program until do has returned. The client that do gets joins
// as another program would: by the file that serve wrote.
func serve(t *testing.T, dir string, do func(*client.Client, *demo.User)) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	up := make(chan struct{})
	stderr := &watcher{word: "Running. Stop with Ctrl-C.", then: sync.OnceFunc(func() { close(up) })}
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, onFreePorts("serve", dir), config.Map(nil), &bytes.Buffer{}, stderr) }()
	select {
	case <-up:
	case code := <-ended:
		require.Fail(t, "serve ended", "%d: %s", code, stderr)
	}
	environment := exported(t, filepath.Join(dir, "env"))
	journeys, err := client.Dial(t.Context(), client.WithLookup(config.Map(environment)))
	require.NoError(t, err)
	do(journeys, demo.NewUser(environment["AUTHID_BASE_URL"]))
	journeys.Close()
	interrupt()
	select {
	case code := <-ended:
		require.Equal(t, exitOK, code, "%s", stderr)
	case <-time.After(time.Minute):
		require.Fail(t, "serve does not end", "%s", stderr)
	}
	require.Contains(t, stderr.String(), "journeys that wait are kept in "+dir)
}

// exported reads the variables of a file for shells.
func exported(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // nothing was written
	found := map[string]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		found[name] = strings.Trim(value, "'")
	}
	require.NoError(t, lines.Err())
	return found
}

func TestPorts_that_are_taken_are_named_with_the_remedy(t *testing.T) {
	for _, row := range []struct{ flag, variable string }{
		{"--temporal-port", "BIOENROLL_TEMPORAL_PORT"},
		{"--ui-port", "BIOENROLL_UI_PORT"},
		{"--codec-port", "BIOENROLL_CODEC_PORT"},
		{"--simulator-port", "BIOENROLL_SIMULATOR_PORT"},
		{"--gateway-port", "BIOENROLL_GATEWAY_PORT"},
		{"--page-port", "BIOENROLL_PAGE_PORT"},
		{"--metrics-port", "BIOENROLL_METRICS_PORT"},
	} {
		t.Run(strings.TrimPrefix(row.flag, "--"), func(t *testing.T) {
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, taken.Close()) })
			address, ok := taken.Addr().(*net.TCPAddr)
			require.True(t, ok)
			port := strconv.Itoa(address.Port)
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), onFreePorts("demo", t.TempDir(), row.flag, port), config.Map(nil), &stdout, &stderr)
			require.Equal(t, exitFailed, code)
			for _, said := range []string{port, row.flag, row.variable} {
				require.Contains(t, stderr.String(), said)
			}
			require.Empty(t, stdout.String())
		})
	}
}

func TestUsage_that_is_bad_starts_nothing(t *testing.T) {
	for name, row := range map[string]struct {
		args        []string
		environment map[string]string
		says        string
	}{
		"unknown_command":          {args: []string{"walk"}, says: "walk"},
		"a_word_too_many":          {args: []string{"demo", "fast"}, says: "fast"},
		"unknown_flag":             {args: []string{"demo", "--port", "1"}, says: "--port"},
		"port_out_of_range":        {args: []string{"demo", "--ui-port", "65536"}, says: "ui-port"},
		"port_of_simulators_off":   {args: []string{"demo", "--simulator-port", "-1"}, says: "simulator-port"},
		"port_of_gateway_off":      {args: []string{"demo", "--gateway-port", "-1"}, says: "gateway-port"},
		"port_of_codec_server_off": {args: []string{"demo", "--codec-port", "-1"}, says: "codec-port"},
		"variable_is_no_number":    {args: []string{"demo"}, environment: map[string]string{"BIOENROLL_TEMPORAL_PORT": "http"}, says: "temporal-port"},
		"variable_of_the_pace":     {args: []string{"demo"}, environment: map[string]string{config.PollFirst: "soon"}, says: config.PollFirst},
		"variable_of_the_gateway":  {args: []string{"demo"}, environment: map[string]string{"BIOENROLL_GATEWAY_ORIGINS": "app"}, says: "BIOENROLL_GATEWAY_ORIGINS"},
		"variable_of_the_server":   {args: []string{"demo"}, environment: map[string]string{"TEMPORAL_ADDRESS": "x:1", "TEMPORAL_TLS": "perhaps"}, says: "TEMPORAL_TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			environment := map[string]string{"BIOENROLL_DATA": dir}
			maps.Copy(environment, row.environment)
			var stdout, stderr bytes.Buffer
			require.Equal(t, exitBadFlag, run(t.Context(), row.args, config.Map(environment), &stdout, &stderr), "%s", &stderr)
			require.Contains(t, stderr.String(), row.says)
			require.NoDirExists(t, dir)
		})
	}
}
