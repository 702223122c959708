package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	httpd "github.com/bioenroll/bioenroll/internal/web"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/standalone/page"
)

// listenPage takes the port of the page and lets it ask the gateway, as the page
// of any frontend would have to be let.
func (s *Stack) listenPage() error {
	if s.options.PagePort == embedded.Off {
		return nil
	}
	var err error
	if s.page, err = listen("PagePort", s.options.PagePort); err != nil {
		return err
	}
	s.options.Gateway.Origins = append(slices.Clone(s.options.Gateway.Origins), s.page.url())
	return nil
}

// servePage begins to answer.
func (s *Stack) servePage(ctx context.Context) error {
	if s.page == nil {
		return nil
	}
	secret, err := s.receivePage(ctx)
	if err != nil {
		return err
	}
	backend, _ := s.GatewayKeys()
	shown, err := page.New(page.Options{
		Gateway: s.GatewayURL(), Key: backend, Secret: secret, Simulator: s.SimulatorURL(), UI: s.UIURL(),
		Temporal: s.temporal, Namespace: s.namespace, Log: s.options.Log.Named("page"),
	})
	if err != nil {
		return err
	}
	server := httpd.Server(shown.Handler(), page.Longest, s.options.Log)
	server.RegisterOnShutdown(shown.Stop)
	s.page.serve(server)
	return nil
}

// pageReceiver is the name of the page's server as a receiver of outcome events.
const pageReceiver = "standalone-page"

// receivePage makes the page's server a receiver of outcome events, and returns
// the secret, which lies in the data folder. What waits for it is kept when the
// program starts again, unless it listens elsewhere or has another key file then.
func (s *Stack) receivePage(ctx context.Context) (enroll.Secret, error) {
	url, file := s.page.url()+page.OutcomeEvents, filepath.Join(s.options.DataDir, "page-secret")
	receivers, err := s.client.Receivers(ctx)
	if err != nil {
		return "", err
	}
	by := client.By{Who: pageReceiver, Why: "the page shows outcome events"}
	if i := slices.IndexFunc(receivers, func(r client.Receiver) bool { return r.Name == pageReceiver }); i >= 0 {
		if known, err := os.ReadFile(file); err == nil && receivers[i].URL == url && !receivers[i].Unreadable { //nolint:gosec // a fixed name in the data folder
			return enroll.Secret(strings.TrimSpace(string(known))), nil
		}
		if err := s.client.RemoveReceiver(ctx, pageReceiver, by); err != nil {
			return "", err
		}
	}
	secret, err := s.client.AddReceiver(ctx, pageReceiver, enroll.Secret(url), by)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(file, []byte(secret.Reveal()+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the page's secret: %w", err)
	}
	return secret, nil
}

// PageURL is where a person starts a journey and watches it, or "".
func (s *Stack) PageURL() string {
	if s.page == nil {
		return ""
	}
	return s.page.url()
}
