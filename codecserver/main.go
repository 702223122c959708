// Command codecserver shows operators what is in the encrypted payloads of
// journeys, in the Temporal UI and on Temporal's command line. It takes its
// settings from the environment, names every one that is missing or malformed
// before it does anything, and stops on SIGINT and SIGTERM. What it answers is
// in codecserver/server.
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
