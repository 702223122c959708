package campaign

import (
	"context"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/chaos/proxy"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// startProxies puts a fault proxy before each provider, so that their weather
// differs.
func (s *system) startProxies(ctx context.Context, target string, seed uint64) error {
	s.proxies = map[enroll.Provider]*proxy.Proxy{}
	for i, provider := range enroll.Providers() {
		p, err := proxy.Start(ctx, target, seed+uint64(i), func(fate string, from, to time.Time) {
			s.journal.damage(fate, provider, from, to)
			s.journal.count("connections: " + fate)
		})
		if err != nil {
			return err
		}
		s.proxies[provider] = p
	}
	return nil
}

// weather disturbs one provider for a while.
func (c *campaign) weather(ctx context.Context, t script.Trouble) error {
	if t.Kind == script.Outage {
		c.journal.counts("outages", 1)
		return c.simulated.strike(ctx, simulator.Fault{
			Match: simulator.FaultMatch{Provider: string(t.Provider)}, Kind: t.Answer, Times: t.Calls,
		})
	}
	c.journal.count("spells of bad weather")
	c.proxies[t.Provider].Worsen(t.Share)
	defer c.proxies[t.Provider].Worsen(0)
	return sleep(ctx, t.For)
}
