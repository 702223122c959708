// Command starter starts biometric enrollment journeys and follows them: start,
// hint, show, wait, hand-over, list, cancel. It is a thin command line on top
// of package client, for developers, operators and scripts. It also checks the
// providers' credentials, and lists the journeys with their inputs.
//
// One file per group of commands; the inputs of the journeys are listed in one
// file per provider. What a program can rely on, the exit codes and --json, is
// in errors.go and output.go.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := program{
		lookup: os.LookupEnv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		connect: connect, newKey: rand.Text,
	}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
