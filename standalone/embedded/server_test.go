package embedded_test

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/standalone/embedded"
)

const (
	queue      = "greetings"
	nameSignal = "name"
)

// TestServer shares one server in memory among the promises that need no restart.
func TestServer(t *testing.T) {
	server := start(t, embedded.Options{
		SearchAttributes: map[string]enumspb.IndexedValueType{
			"EnrollPhase":    enumspb.INDEXED_VALUE_TYPE_KEYWORD,
			"EnrollDeadline": enumspb.INDEXED_VALUE_TYPE_DATETIME,
		},
		CodecEndpoint: "http://127.0.0.1:1/codec",
	})
	temporalClient := dial(t, server)
	work(t, temporalClient)

	t.Run("runs_a_workflow_with_search_attributes", func(t *testing.T) {
		phase := temporal.NewSearchAttributeKeyKeyword("EnrollPhase")
		deadline := temporal.NewSearchAttributeKeyTime("EnrollDeadline")
		run, err := temporalClient.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: "attributes", TaskQueue: queue,
			TypedSearchAttributes: temporal.NewSearchAttributes(
				phase.ValueSet("waiting"), deadline.ValueSet(time.Unix(1_800_000_000, 0))),
		}, greet)
		require.NoError(t, err)
		require.NoError(t, temporalClient.SignalWorkflow(t.Context(), run.GetID(), "", nameSignal, "Ada"))
		requireGreeting(t, run, "hello Ada")

		found, err := temporalClient.DescribeWorkflow(t.Context(), run.GetID(), "")
		require.NoError(t, err)
		value, ok := found.TypedSearchAttributes.GetKeyword(phase)
		require.True(t, ok)
		require.Equal(t, "waiting", value)
	})

	t.Run("starts_and_answers_in_one_call", func(t *testing.T) {
		startOperation := temporalClient.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: "one-call", TaskQueue: queue,
			WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		}, greet)
		handle, err := temporalClient.UpdateWithStartWorkflow(t.Context(), client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: startOperation,
			UpdateOptions: client.UpdateWorkflowOptions{
				UpdateName: nameSignal, Args: []any{"Grace"}, WaitForStage: client.WorkflowUpdateStageCompleted,
			},
		})
		require.NoError(t, err)
		var answer string
		require.NoError(t, handle.Get(t.Context(), &answer))
		require.Equal(t, "hello Grace", answer)
	})

	t.Run("serves_the_web_ui", func(t *testing.T) {
		require.Contains(t, get(t, server.UIAddress(), "/"), "<html")
		require.Regexp(t, `"name":\s*"default"`, get(t, server.UIAddress(), "/api/v1/namespaces"))
	})

	t.Run("tells_the_web_ui_its_codec_and_no_foreign_host", func(t *testing.T) {
		settings := get(t, server.UIAddress(), "/api/v1/settings?")
		require.Contains(t, settings, `"Endpoint":"http://127.0.0.1:1/codec"`)
		require.Contains(t, settings, `"DisableNewsFetch":true`)
		require.Contains(t, settings, `"NotifyOnNewVersion":false`)
	})

	t.Run("counts_billable_actions", func(t *testing.T) {
		require.Contains(t, get(t, server.MetricsAddress(), "/metrics"), "\naction{")
	})
}

func TestServer_restart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "temporal data? 100%") // all that a URI must escape
	attributes := map[string]enumspb.IndexedValueType{"EnrollPhase": enumspb.INDEXED_VALUE_TYPE_KEYWORD}
	first := start(t, embedded.Options{DataDir: dir, SearchAttributes: attributes})
	startGreeting(t, dial(t, first), "waiting")
	require.NoError(t, first.Stop())
	require.NoError(t, first.Stop(), "a second Stop must be harmless")

	attributes["EnrollOutcome"] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	second := start(t, embedded.Options{
		DataDir: dir, SearchAttributes: attributes,
		// The same ports again: the first server must have let go of all three.
		Port: port(t, first.FrontendAddress()), UIPort: port(t, first.UIAddress()), MetricsPort: port(t, first.MetricsAddress()),
	})
	temporalClient := dial(t, second)
	work(t, temporalClient)

	t.Run("finishes_a_workflow_that_was_waiting", func(t *testing.T) {
		require.NoError(t, temporalClient.SignalWorkflow(t.Context(), "waiting", "", nameSignal, "Ada"))
		requireGreeting(t, temporalClient.GetWorkflow(t.Context(), "waiting", ""), "hello Ada")
	})

	t.Run("has_the_old_and_the_added_search_attributes", func(t *testing.T) {
		_, err := temporalClient.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: "added", TaskQueue: queue,
			TypedSearchAttributes: temporal.NewSearchAttributes(
				temporal.NewSearchAttributeKeyKeyword("EnrollPhase").ValueSet("waiting"),
				temporal.NewSearchAttributeKeyKeyword("EnrollOutcome").ValueSet("enrolled")),
		}, greet)
		require.NoError(t, err)
	})

	t.Run("keeps_its_files_private", func(t *testing.T) {
		requireMode(t, dir, 0o700)
		for _, name := range []string{"temporal.db", "temporal.log", "temporal.lock"} {
			requireMode(t, filepath.Join(dir, name), 0o600)
		}
	})

	t.Run("shares_its_folder_with_no_other_server", func(t *testing.T) {
		_, err := embedded.Start(t.Context(), embedded.Options{DataDir: dir})
		var inUse *embedded.DataDirInUseError
		require.ErrorAs(t, err, &inUse)
		require.Equal(t, dir, inUse.Dir)
	})

	t.Run("refuses_a_search_attribute_of_another_type", func(t *testing.T) {
		require.NoError(t, second.Stop())
		_, err := embedded.Start(t.Context(), embedded.Options{
			DataDir: dir, UIPort: embedded.Off,
			SearchAttributes: map[string]enumspb.IndexedValueType{"EnrollPhase": enumspb.INDEXED_VALUE_TYPE_INT},
		})
		require.ErrorContains(t, err, "EnrollPhase exists as Keyword and Int is wanted")
	})
}

// TestServer_settles_the_database shows that one file is a whole backup.
func TestServer_settles_the_database(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	server := start(t, embedded.Options{DataDir: dir, UIPort: embedded.Off})
	startGreeting(t, dial(t, server), "saved")
	require.NoError(t, server.Stop())

	database, err := os.ReadFile(filepath.Join(dir, "temporal.db"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(copied, "temporal.db"), database, 0o600))

	temporalClient := dial(t, start(t, embedded.Options{DataDir: copied, UIPort: embedded.Off}))
	found, err := temporalClient.DescribeWorkflowExecution(t.Context(), "saved", "")
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, found.GetWorkflowExecutionInfo().GetStatus())
}

func TestServer_refuses_a_database_of_another_schema(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, start(t, embedded.Options{DataDir: dir, UIPort: embedded.Off}).Stop())
	database, err := sql.Open("sqlite", filepath.Join(dir, "temporal.db"))
	require.NoError(t, err)
	_, err = database.ExecContext(t.Context(), "UPDATE schema_version SET curr_version = '0.1+0.1'")
	require.NoError(t, err)
	require.NoError(t, database.Close())

	_, err = embedded.Start(t.Context(), embedded.Options{DataDir: dir, UIPort: embedded.Off})
	require.ErrorContains(t, err, "the file has schema 0.1+0.1")
}

func TestStart_names_the_taken_port(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	taken := port(t, listener.Addr().String())

	for option, opts := range map[string]embedded.Options{
		"Port":        {Port: taken},
		"UIPort":      {UIPort: taken},
		"MetricsPort": {MetricsPort: taken},
	} {
		t.Run(option, func(t *testing.T) {
			_, err := embedded.Start(t.Context(), opts)
			var portTaken *embedded.PortTakenError
			require.ErrorAs(t, err, &portTaken)
			require.Equal(t, &embedded.PortTakenError{Option: option, Host: "127.0.0.1", Port: taken}, portTaken)
			require.ErrorContains(t, err, listener.Addr().String()+" is in use")
		})
	}
}

func TestStart_refuses(t *testing.T) {
	tests := map[string]struct {
		opts embedded.Options
		want string
	}{
		"a_host_name":               {embedded.Options{Host: "localhost"}, `host "localhost" is not an IP address`},
		"a_frontend_switched_off":   {embedded.Options{Port: embedded.Off}, "cannot be switched off"},
		"a_retention_below_an_hour": {embedded.Options{Retention: time.Minute}, "retention 1m0s is too short"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := embedded.Start(t.Context(), test.opts)
			require.ErrorContains(t, err, test.want)
		})
	}
}

// TestStart_gives_up shows that an interrupted start leaves the folder free.
func TestStart_gives_up(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := embedded.Start(ctx, embedded.Options{DataDir: dir, UIPort: embedded.Off})
	require.ErrorIs(t, err, context.Canceled)
	start(t, embedded.Options{DataDir: dir, UIPort: embedded.Off})
}

// greet waits for a name, by signal or by update, and ends with its greeting.
func greet(ctx workflow.Context) (string, error) {
	var name string
	err := workflow.SetUpdateHandler(ctx, nameSignal, func(_ workflow.Context, given string) (string, error) {
		name = given
		return "hello " + name, nil
	})
	if err != nil {
		return "", err
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		workflow.GetSignalChannel(ctx, nameSignal).Receive(ctx, &name)
	})
	if err := workflow.Await(ctx, func() bool { return name != "" }); err != nil {
		return "", err
	}
	return "hello " + name, nil
}

func start(t *testing.T, opts embedded.Options) *embedded.Server {
	t.Helper()
	server, err := embedded.Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	return server
}

func dial(t *testing.T, server *embedded.Server) client.Client {
	t.Helper()
	return dialAddress(t, server.FrontendAddress())
}

func dialAddress(t *testing.T, address string) client.Client {
	t.Helper()
	temporalClient, err := client.DialContext(t.Context(), client.Options{
		HostPort: address,
		Logger:   sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(temporalClient.Close)
	return temporalClient
}

func work(t *testing.T, temporalClient client.Client) {
	t.Helper()
	w := worker.New(temporalClient, queue, worker.Options{})
	w.RegisterWorkflow(greet)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func startGreeting(t *testing.T, temporalClient client.Client, id string) {
	t.Helper()
	_, err := temporalClient.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, greet)
	require.NoError(t, err)
}

func port(t *testing.T, address string) int {
	t.Helper()
	parsed, err := netip.ParseAddrPort(address)
	require.NoError(t, err)
	return int(parsed.Port())
}

func requireGreeting(t *testing.T, run client.WorkflowRun, want string) {
	t.Helper()
	var greeting string
	require.NoError(t, run.Get(t.Context(), &greeting))
	require.Equal(t, want, greeting)
}

func requireMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, want.String(), info.Mode().Perm().String(), path)
}

func get(t *testing.T, address, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
	require.NoError(t, err)
	response, err := (&http.Client{Timeout: 10 * time.Second}).Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return strings.TrimSpace(string(body))
}
