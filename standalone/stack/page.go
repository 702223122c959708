package stack

import (
	"slices"

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
func (s *Stack) servePage() error {
	if s.page == nil {
		return nil
	}
	backend, _ := s.GatewayKeys()
	shown, err := page.New(page.Options{
		Gateway: s.GatewayURL(), Key: backend, Simulator: s.SimulatorURL(), UI: s.UIURL(),
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

// PageURL is where a person starts a journey and watches it, or "".
func (s *Stack) PageURL() string {
	if s.page == nil {
		return ""
	}
	return s.page.url()
}
