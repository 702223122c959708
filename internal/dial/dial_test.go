package dial_test

import (
	"context"
	"maps"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/dial"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// settings reads the variables, on top of an empty configuration file.
func settings(t *testing.T, variables map[string]string) (client.Options, *config.Source) {
	t.Helper()
	empty := filepath.Join(t.TempDir(), "empty.toml")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	all := map[string]string{"TEMPORAL_CONFIG_FILE": empty}
	maps.Copy(all, variables)
	src := config.NewSource(config.Map(all))
	return dial.Settings(src), src
}

func TestSettings(t *testing.T) {
	t.Run("point_at_this_machine_by_default", func(t *testing.T) {
		options, src := settings(t, map[string]string{"TEMPORAL_ADDRESS": ""})
		require.NoError(t, src.Err())
		require.Equal(t, "127.0.0.1:7233", options.HostPort)
		require.Equal(t, "default", options.Namespace)
	})
	t.Run("follow_the_environment", func(t *testing.T) {
		options, src := settings(t, map[string]string{"TEMPORAL_ADDRESS": "temporal:7233", "TEMPORAL_NAMESPACE": "enroll", "TEMPORAL_TLS": "true"})
		require.NoError(t, src.Err())
		require.Equal(t, "temporal:7233", options.HostPort)
		require.Equal(t, "enroll", options.Namespace)
		require.NotNil(t, options.ConnectionOptions.TLS)
	})
	t.Run("take_the_api_key_from_a_file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(file, []byte("hunter2\n"), 0o600))
		options, src := settings(t, map[string]string{"TEMPORAL_API_KEY_FILE": file})
		require.NoError(t, src.Err())
		require.NotNil(t, options.Credentials)
	})
	t.Run("refuse_a_configuration_file_that_is_not_there", func(t *testing.T) {
		_, src := settings(t, map[string]string{"TEMPORAL_CONFIG_FILE": "nowhere.toml"})
		require.ErrorContains(t, src.Err(), "TEMPORAL_CONFIG_FILE")
	})
	t.Run("refuse_a_mistyped_switch", func(t *testing.T) {
		_, src := settings(t, map[string]string{"TEMPORAL_TLS": "yes"})
		require.ErrorContains(t, src.Err(), "TEMPORAL_TLS")
	})
	t.Run("report_what_the_sdk_refuses", func(t *testing.T) {
		_, src := settings(t, map[string]string{"TEMPORAL_TLS_CLIENT_CERT_PATH": "cert.pem"})
		require.ErrorContains(t, src.Err(), "client cert or key path")
	})
	t.Run("pass_headers_on", func(t *testing.T) {
		t.Setenv("TEMPORAL_GRPC_META_TEAM", "enroll")
		src := config.NewSource(os.LookupEnv)
		options := dial.Settings(src)
		require.NoError(t, src.Err())
		headers, err := options.HeadersProvider.GetHeaders(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[string]string{"team": "enroll"}, headers)
	})
}

// server is a Temporal frontend with one namespace.
type server struct {
	workflowservice.UnimplementedWorkflowServiceServer
}

func (server) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (server) DescribeNamespace(_ context.Context, in *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	switch in.GetNamespace() {
	case "default":
		return &workflowservice.DescribeNamespaceResponse{}, nil
	case "guarded":
		return nil, serviceerror.ToStatus(serviceerror.NewPermissionDenied("no", "")).Err()
	default:
		return nil, serviceerror.ToStatus(serviceerror.NewNamespaceNotFound(in.GetNamespace())).Err()
	}
}

// start serves the frontend and returns its address and its health.
func start(t *testing.T) (string, *health.Server) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served, state := grpc.NewServer(), health.NewServer()
	workflowservice.RegisterWorkflowServiceServer(served, server{})
	grpc_health_v1.RegisterHealthServer(served, state)
	state.SetServingStatus("temporal.api.workflowservice.v1.WorkflowService", grpc_health_v1.HealthCheckResponse_SERVING)
	done := make(chan error, 1)
	go func() { done <- served.Serve(listener) }()
	t.Cleanup(func() { served.Stop(); require.NoError(t, <-done) })
	return listener.Addr().String(), state
}

func TestDial(t *testing.T) {
	address, state := start(t)
	try := func(t *testing.T, address, namespace string) (client.Client, error) {
		t.Helper()
		connected, err := dial.Dial(t.Context(), client.Options{HostPort: address, Namespace: namespace}, keys.New(), zap.NewNop())
		if err == nil {
			t.Cleanup(connected.Close)
		}
		return connected, err
	}
	t.Run("connects", func(t *testing.T) {
		connected, err := try(t, address, "default")
		require.NoError(t, err)
		require.NoError(t, dial.CheckHealth(t.Context(), connected))
	})
	t.Run("tells_of_a_server_that_is_not_healthy", func(t *testing.T) {
		connected, err := try(t, address, "default")
		require.NoError(t, err)
		state.Shutdown()
		require.ErrorContains(t, dial.CheckHealth(t.Context(), connected), "not healthy")
	})
	t.Run("leaves_a_namespace_it_may_not_read_to_the_first_call", func(t *testing.T) {
		_, err := try(t, address, "guarded")
		require.NoError(t, err)
	})
	t.Run("names_a_missing_namespace", func(t *testing.T) {
		_, err := try(t, address, "elsewhere")
		require.ErrorContains(t, err, `no namespace "elsewhere"`)
		require.ErrorContains(t, err, "TEMPORAL_NAMESPACE")
	})
	t.Run("names_an_address_where_nobody_answers", func(t *testing.T) {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		free := listener.Addr().String()
		require.NoError(t, listener.Close())
		_, err = try(t, free, "default")
		require.ErrorContains(t, err, free)
		require.ErrorContains(t, err, "TEMPORAL_ADDRESS")
		require.NotErrorIs(t, err, context.Canceled)
	})
}
