// Package skip makes a real server skip the time that a workflow would only
// wait: an abandoned hour passes in seconds, with its timers, its retries and
// its history. The server's own clock goes on as usual, and so does that of
// everything outside it.
//
// It serves tests and measurements. The server must allow it, see
// embedded.Options.TimeSkipping, and calls it experimental.
package skip

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// mostSkips is how often one workflow may skip: each timer that fires and each
// repeated activity is one.
const mostSkips = 1000

// Waiting is for a connection whose workflows skip what they would wait,
// whether they are started alone or together with an update. The SDK has no
// option for it, so the request is completed on its way out.
func Waiting() grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, request, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			switch r := request.(type) {
			case *workflowservice.StartWorkflowExecutionRequest:
				r.TimeSkippingConfig = config()
			case *workflowservice.ExecuteMultiOperationRequest:
				for _, operation := range r.GetOperations() {
					if start := operation.GetStartWorkflow(); start != nil {
						start.TimeSkippingConfig = config()
					}
				}
			}
			return call(ctx, method, request, reply, cc, opts...)
		})
}

func config() *commonpb.TimeSkippingConfig {
	return &commonpb.TimeSkippingConfig{Enabled: true, MaxSessionSkipCount: mostSkips}
}
