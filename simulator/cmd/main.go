// Command simulator answers as authID, BioID, SmartID and iProov do, on this machine. See docs/simulators.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/bioenroll/bioenroll/simulator"
)

const (
	exitFailed = 1
	exitUsage  = 2
	// Answers under way get this long when the program is told to stop; those held back on purpose would never end.
	stopPatience = 3 * time.Second
	// A caller that does not finish its headers within this time is hung up on.
	headerPatience = 10 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program without the process around it; it returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, out, errs io.Writer) int {
	wanted, err := parse(args, getenv, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		say(errs, "simulator: %v\n", err)
		return exitUsage
	}
	do := serve
	if wanted.healthcheck {
		do = func(ctx context.Context, wanted settings, _ io.Writer) error { return checkHealth(ctx, wanted.listen) }
	}
	if err := do(ctx, wanted, out); err != nil {
		say(errs, "simulator: %v\n", err)
		return exitFailed
	}
	return 0
}

// serve answers until ctx ends.
func serve(ctx context.Context, wanted settings, out io.Writer) error {
	listener, err := listen(ctx, wanted.listen)
	if err != nil {
		return err
	}
	server, err := simulator.New(wanted.options)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	web := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: headerPatience}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	greet(out, "http://"+listener.Addr().String(), wanted)
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = shutDown(context.WithoutCancel(ctx), web)
	}
	return errors.Join(err, server.Close())
}

// listen takes the address, with advice when somebody else has it.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program: stop that one, or choose another address with --listen or SIMULATOR_LISTEN: %w", address, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener, nil
}

func shutDown(ctx context.Context, web *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	err := web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return web.Close()
	}
	return err
}

// greet prints the addresses and the environment for programs that shall use the simulator.
func greet(out io.Writer, base string, wanted settings) {
	keys := wanted.options.Credentials
	lines := []string{
		"The simulated providers answer on " + base,
		"Control interface and help:       " + base + "/_sim/",
		"",
		"For the programs that shall use them:",
		"",
		"BIOENROLL_ALLOW_HTTP=true",
		"AUTHID_BASE_URL=" + base,
		"AUTHID_API_KEY_ID=" + keys.AuthIDKeyID,
		"AUTHID_API_KEY_VALUE=" + keys.AuthIDKeyValue,
		"BIOID_BASE_URL=" + base + "/extension",
		"BIOID_APP_ID=" + keys.BioIDAppID,
		"BIOID_APP_SECRET=" + keys.BioIDAppSecret,
		"SMARTID_BASE_URL=" + base,
		"SMARTID_API_KEY=" + keys.SmartIDKey,
		"IPROOV_BASE_URL=" + base + "/api/v2",
		"IPROOV_API_KEY=" + keys.IProovKey,
		"IPROOV_API_SECRET=" + keys.IProovSecret,
		"IPROOV_OAUTH_USERNAME=" + keys.IProovOAuthUser,
		"IPROOV_OAUTH_PASSWORD=" + keys.IProovOAuthValue,
		"",
	}
	say(out, "%s", strings.Join(lines, "\n"))
}

// say writes for people; a closed output is no reason to stop.
func say(out io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(out, format, args...)
}
