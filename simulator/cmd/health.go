package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// healthPatience bounds the question of a health check; it stays below the time-out that docker-compose.yml gives the check.
const healthPatience = 3 * time.Second

// checkHealth asks the simulator that listens on the address whether it answers. It returns nil when it does.
func checkHealth(ctx context.Context, listen string) error {
	address, err := askable(listen)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/_sim/healthz", http.NoBody)
	if err != nil {
		return fmt.Errorf("health check of %s: %w", address, err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // No proxy: it is this machine that is asked.
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("health check: no simulator answers on %s: %w", address, err)
	}
	defer response.Body.Close() //nolint:errcheck // the status is all that is read
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("health check: what listens on %s answered %d, so it is no healthy simulator", address, response.StatusCode)
	}
	return nil
}

// askable turns an address to listen on into one to ask: every interface includes loopback.
func askable(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("health check: --listen or SIMULATOR_LISTEN: %w", err)
	}
	if port == "0" {
		return "", fmt.Errorf("health check: %s leaves the port open: name the one that the simulator has taken, with --listen or SIMULATOR_LISTEN", listen)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}
