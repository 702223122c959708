// Command gateway is the door for programs in any language: backends start
// journeys and learn their outcomes over HTTP, frontends tell that the person is
// done, and operators put right what needs a person. It takes its settings from
// the environment, names every one that is missing or malformed before it does
// anything, and stops on SIGINT and SIGTERM. What it answers is in gateway/api,
// and who may ask in gateway/access.
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
