// Command worker runs the journeys: their stories, and their steps at the
// providers. It takes its settings from the environment, names every one that
// is missing or malformed before it does anything, and stops gracefully on
// SIGINT and SIGTERM. What it runs is in worker/host.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
