package stack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/standalone/stack"
)

func TestExternal_hands_on_what_was_given_except_secrets(t *testing.T) {
	t.Setenv("TEMPORAL_GRPC_META_AUTHORIZATION", "Bearer hunter2")
	src := config.NewSource(config.Map(map[string]string{
		"TEMPORAL_ADDRESS":                 "temporal:7233",
		"TEMPORAL_NAMESPACE":               "enroll",
		"TEMPORAL_TLS":                     "true",
		"TEMPORAL_TLS_SERVER_NAME":         "",
		"TEMPORAL_API_KEY":                 "hunter2",
		"TEMPORAL_GRPC_META_AUTHORIZATION": "Bearer hunter2",
		"BIOENROLL_LOG_LEVEL":              "info",
	}))
	external := stack.ReadExternal(src)
	require.NoError(t, src.Err())
	require.Equal(t, "enroll", external.Options.Namespace)
	require.Equal(t, map[string]string{
		"TEMPORAL_ADDRESS": "temporal:7233", "TEMPORAL_NAMESPACE": "enroll", "TEMPORAL_TLS": "true",
	}, external.Variables)
	require.Equal(t, []string{"TEMPORAL_API_KEY", "TEMPORAL_GRPC_META_AUTHORIZATION"}, external.LeftOut)
}

func TestExternal_hands_on_the_file_of_a_secret(t *testing.T) {
	src := config.NewSource(config.Map(map[string]string{"TEMPORAL_ADDRESS": "temporal:7233", "TEMPORAL_API_KEY_FILE": "/no/such/file"}))
	external := stack.ReadExternal(src)
	require.ErrorContains(t, src.Err(), "TEMPORAL_API_KEY_FILE")
	require.Contains(t, external.Variables, "TEMPORAL_API_KEY_FILE")
	require.Empty(t, external.LeftOut)
}
