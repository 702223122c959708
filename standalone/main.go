// Command standalone runs Bioenroll in one process on a bare machine: an
// embedded Temporal server with its web UI, the four simulated providers, a
// worker and the gateway. It plays one journey of each kind and prints how they ended.
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
