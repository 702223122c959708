package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"
)

// healthPatience bounds the question of a health check.
const healthPatience = 5 * time.Second

// CheckHealth returns nil when the program on this machine, which listens as the
// settings say, answers on /readyz that it is ready.
func CheckHealth(ctx context.Context, settings Settings) error {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	scheme, transport := "http", &http.Transport{DisableKeepAlives: true}
	if settings.Cert != "" {
		own, err := trustOnly(settings.Cert)
		if err != nil {
			return fmt.Errorf("health check: %w", err)
		}
		scheme, transport.TLSClientConfig = "https", own
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+here(settings.Listen)+"/readyz", http.NoBody)
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	if err := answer.Body.Close(); err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("health check: the answer is %s; the log of the program says why", answer.Status)
	}
	return nil
}

// here is where a server that listens on the address is found from this machine.
func here(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if address, err := netip.ParseAddr(host); host == "" || (err == nil && address.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// trustOnly takes the server's own certificate for good, and no other: it names
// the host that operators know, not this machine.
func trustOnly(path string) (*tls.Config, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the path is the operator's own setting
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New(path + " holds no certificate in PEM")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(certificate)
	config := &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}
	switch {
	case len(certificate.DNSNames) > 0:
		config.ServerName = certificate.DNSNames[0]
	case len(certificate.IPAddresses) > 0:
		config.ServerName = certificate.IPAddresses[0].String()
	}
	return config, nil
}
