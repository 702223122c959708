package dial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/logging"
)

// patience is how long Dial tries.
const patience = 10 * time.Second

// Protect adds to the options what keeps secrets out of Temporal, and the
// bridge to zap. Dial does this by itself; it is for clients made otherwise.
func Protect(options client.Options, k *keys.Keys, log *zap.Logger) (client.Options, error) {
	data, failures, err := codec.Converters(k)
	if err != nil {
		return client.Options{}, fmt.Errorf("dial: %w", err)
	}
	options.DataConverter, options.FailureConverter = data, failures
	options.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{} // Encrypted payloads do not shrink.
	options.Logger = logging.Bridge(log)
	return options, nil
}

// Dial returns a client that is connected to the server and namespace of the
// options. It gives up after 10 seconds, or earlier with its context. The
// caller closes the client.
func Dial(ctx context.Context, options client.Options, k *keys.Keys, log *zap.Logger) (client.Client, error) {
	options, err := Protect(options, k, log)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	connected, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("dial: no Temporal server can be used at %s (namespace %s); start one there, or set TEMPORAL_ADDRESS and, for a server with TLS, the TEMPORAL_TLS variables or TEMPORAL_API_KEY: %w",
			options.HostPort, options.Namespace, err)
	}
	if err := findNamespace(ctx, connected, options); err != nil {
		connected.Close()
		return nil, err
	}
	return connected, nil
}

// CheckHealth returns nil when the server says that it serves.
func CheckHealth(ctx context.Context, c client.Client) error {
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("dial: the Temporal server is not healthy: %w", err)
	}
	return nil
}

// findNamespace fails when the server says that the namespace does not exist.
// Every other answer is left to the first call that needs the namespace,
// because not everybody who may work in one may read about it.
func findNamespace(ctx context.Context, c client.Client, options client.Options) error {
	_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: options.Namespace})
	if _, missing := errors.AsType[*serviceerror.NamespaceNotFound](err); missing {
		return fmt.Errorf("dial: the Temporal server at %s has no namespace %q; create it with: temporal operator namespace create %s, or set TEMPORAL_NAMESPACE",
			options.HostPort, options.Namespace, options.Namespace)
	}
	return nil
}
