package embedded

import (
	"context"
	"fmt"
	"log/slog"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

// ensureSearchAttributes adds what the namespace of an earlier run lacks. Since
// it asks the frontend, its return also shows that the server takes calls.
func (s *Server) ensureSearchAttributes(ctx context.Context) error {
	temporalClient, err := client.DialContext(ctx, client.Options{
		HostPort:  s.FrontendAddress(),
		Namespace: s.opts.Namespace,
		Logger:    sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return fmt.Errorf("reach the frontend: %w", err)
	}
	defer temporalClient.Close()

	operator := temporalClient.OperatorService()
	known, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: s.opts.Namespace})
	if err != nil {
		return fmt.Errorf("list search attributes: %w", err)
	}
	missing, err := missingAttributes(s.opts.SearchAttributes, known.GetCustomAttributes())
	if err != nil || len(missing) == 0 {
		return err
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace:        s.opts.Namespace,
		SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("add search attributes: %w", err)
	}
	return nil
}

func missingAttributes(wanted, known map[string]enumspb.IndexedValueType) (map[string]enumspb.IndexedValueType, error) {
	missing := make(map[string]enumspb.IndexedValueType)
	for name, want := range wanted {
		have, exists := known[name]
		switch {
		case !exists:
			missing[name] = want
		case have != want:
			return nil, fmt.Errorf("search attribute %s exists as %s and %s is wanted: use a new data folder, or another name", name, have, want)
		}
	}
	return missing, nil
}
