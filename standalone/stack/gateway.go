package stack

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/host"
	"github.com/bioenroll/bioenroll/gateway/webhook"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// The names under which whoever has the data folder asks the gateway.
const (
	backendName  = "standalone-backend"
	operatorName = "standalone-operator"
)

// gateway is the HTTP API, with an API key for a backend and one for an
// operator. Both lie in the data folder, and their hashes in the file of API
// keys, to which 'gateway key' may add others while the stack runs.
type gateway struct {
	web               *web
	host              *host.Host
	settings          host.Settings
	backend, operator enroll.Secret
	// called is the secret at the end of the address that authID calls; empty when
	// no provider calls.
	called enroll.Secret
}

// listenGateway takes the port and makes the keys. Nothing is answered before
// serve.
func listenGateway(options Options) (*gateway, error) {
	g := &gateway{}
	if err := g.load(options); err != nil {
		return nil, err
	}
	var err error
	if g.backend, err = g.let(options.DataDir, backendName, access.Backend); err != nil {
		return nil, err
	}
	if g.operator, err = g.let(options.DataDir, operatorName, access.Operator); err != nil {
		return nil, err
	}
	if g.web, err = listen("GatewayPort", options.GatewayPort); err != nil {
		return nil, err
	}
	g.web.patience = host.StopPatience
	return g, nil
}

// load makes the settings that a gateway process would read from its
// environment.
func (g *gateway) load(options Options) error {
	values := map[string]string{}
	if options.Webhooks {
		var err error
		if g.called, err = kept(filepath.Join(options.DataDir, "gateway-webhook-authid"), makeSecret); err != nil {
			return err
		}
		values[webhook.Prefix+"AUTHID_SECRET"] = g.called.Reveal()
	}
	src := config.NewSource(config.Map(values))
	g.settings = host.Load(src)
	g.settings.Access = options.Gateway
	g.settings.Access.Keys = access.KeyFile(filepath.Join(options.DataDir, "gateway-keys"))
	return src.Err()
}

// makeSecret makes a secret that can stand in an address.
func makeSecret() (enroll.Secret, error) { return enroll.Secret(rand.Text() + rand.Text()), nil }

// let returns the key of the data folder, and lets its holder in.
func (g *gateway) let(dir, name string, role access.Role) (enroll.Secret, error) {
	key, err := kept(filepath.Join(dir, "gateway-key-"+string(role)), func() (enroll.Secret, error) { return access.MakeKey(), nil })
	if err != nil {
		return "", err
	}
	if _, err := g.settings.Access.Keys.Let(name, role, key); err != nil {
		return "", fmt.Errorf("let the holder of the data folder ask the gateway: %w", err)
	}
	return key, nil
}

// webhook is the address that authID calls, or "".
func (g *gateway) webhook() string {
	if g.called == "" {
		return ""
	}
	return g.web.url() + "/webhooks/authid/" + g.called.Reveal()
}

// serve begins to answer.
func (g *gateway) serve(journeys *client.Client, signing *keys.Keys, log *zap.Logger) error {
	var err error
	g.host, err = host.New(host.Options{Settings: g.settings, Journeys: journeys, Signing: signing, Log: log.Named("gateway")})
	if err != nil {
		return err
	}
	g.web.serve(g.host.Server())
	return nil
}

// stop can be called on one that is nil or does not answer yet.
func (g *gateway) stop(ctx context.Context) error {
	if g == nil {
		return nil
	}
	if g.host != nil {
		g.host.Stop()
	}
	return g.web.stop(ctx)
}

// GatewayURL is where the HTTP API answers.
func (s *Stack) GatewayURL() string { return s.gateway.web.url() }

// GatewayKeys are the API keys of a backend and of an operator, which stay the
// same in a data folder.
func (s *Stack) GatewayKeys() (backend, operator enroll.Secret) {
	return s.gateway.backend, s.gateway.operator
}

// GatewayKeyFile is the file of API keys. A line that is added or taken out
// holds at once.
func (s *Stack) GatewayKeyFile() string { return string(s.gateway.settings.Access.Keys) }
