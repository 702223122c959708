package embedded

import (
	"context"
	"fmt"
	"net/http"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI serves the web UI in this process and returns when it answers. News,
// release checks and feedback links, which would contact foreign hosts, are off.
func startUI(ctx context.Context, opts Options, chosen ports) (*uiserver.Server, error) {
	ui := uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		TemporalGRPCAddress: reachable(opts.Host, chosen.frontend),
		Host:                opts.Host,
		Port:                chosen.ui,
		EnableUI:            true,
		DefaultNamespace:    opts.Namespace,
		Codec:               uiconfig.Codec{Endpoint: opts.CodecEndpoint, IncludeCredentials: true},
		CORS:                uiconfig.CORS{CookieInsecure: true}, // loopback speaks plain HTTP
		DisableNewsFetch:    true,
		NotifyOnNewVersion:  false,
		HideLogs:            true,
	}))
	failed := make(chan error, 1)
	go func() { failed <- ui.Start() }()
	if err := awaitUI(ctx, "http://"+reachable(opts.Host, chosen.ui)+"/healthz", failed); err != nil {
		ui.Stop()
		return nil, fmt.Errorf("start web UI: %w", err)
	}
	return ui, nil
}

// awaitUI asks until the UI answers, its server fails, or ctx ends.
func awaitUI(ctx context.Context, url string, failed <-chan error) error {
	const pause = 5 * time.Millisecond
	httpClient := &http.Client{Timeout: time.Second}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		if response, err := httpClient.Do(request); err == nil {
			return response.Body.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return fmt.Errorf("web UI ended: %w", err)
		case <-time.After(pause):
		}
	}
}
