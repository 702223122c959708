// Command record plays every path of the stories on an embedded server, with
// scripted steps in the place of the activities, and writes the histories into
// the folder that the replay test of package workflows reads.
//
// Record from the commit that is deployed, never from the branch under test:
// a fixture recorded together with a change proves nothing about it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		_, _ = fmt.Fprintln(os.Stderr, "usage: record FOLDER\nwrites one history per scenario into the folder")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := record(ctx, os.Args[1])
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// record plays the scenarios and writes their histories.
func record(ctx context.Context, folder string) error {
	stage, err := openStage(ctx)
	if err != nil {
		return err
	}
	defer stage.close()
	for _, s := range scenarios() {
		history, err := stage.play(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, s.name+".json"), history, 0o600); err != nil { //nolint:gosec // the developer names the folder
			return fmt.Errorf("%s: %w", s.name, err)
		}
		_, _ = fmt.Fprintln(os.Stderr, "recorded", s.name)
	}
	return nil
}
