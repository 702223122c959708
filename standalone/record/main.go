// Command record plays every path of the stories on an embedded server, with
// scripted steps in the place of the activities, and writes the histories into
// the folder that the replay test of package workflows reads.
//
// Record from the commit that is deployed, never from the branch under test:
// a fixture recorded together with a change proves nothing about it.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
)

func main() {
	if len(os.Args) != 2 && len(os.Args) != 3 {
		_, _ = fmt.Fprintln(os.Stderr, "usage: record FOLDER [PREFIX]\nwrites one history per scenario into the folder, of those whose names begin so")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := record(ctx, os.Args[1], strings.Join(os.Args[2:], ""))
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// atOnce is how many scenarios are played at a time: most of their time is
// waiting, and more would delay each other, which adds workflow tasks to their
// histories.
const atOnce = 8

// record plays the scenarios and writes their histories.
func record(ctx context.Context, folder, prefix string) error {
	stage, err := openStage(ctx)
	if err != nil {
		return err
	}
	defer stage.close()
	plays := map[string]func() ([]byte, error){}
	for _, s := range scenarios() {
		plays[s.name] = func() ([]byte, error) { return stage.play(ctx, s) }
	}
	for _, w := range watches() {
		plays[w.name] = func() ([]byte, error) { return stage.playWatch(ctx, w) }
	}
	for _, e := range erasures() {
		plays[e.name] = func() ([]byte, error) { return stage.playErasure(ctx, e) }
	}
	for _, h := range housekeeping() {
		plays[h.name] = func() ([]byte, error) { return stage.playHousekeeping(ctx, h) }
	}
	maps.DeleteFunc(plays, func(name string, _ func() ([]byte, error)) bool { return !strings.HasPrefix(name, prefix) })
	var playing sync.WaitGroup
	slots, failed := make(chan struct{}, atOnce), make(chan error, len(plays))
	for name, play := range plays {
		playing.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			failed <- recordOne(folder, name, play)
		})
	}
	playing.Wait()
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// recordOne plays one path and writes its history.
func recordOne(folder, name string, play func() ([]byte, error)) error {
	history, err := play()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".json"), history, 0o600); err != nil { //nolint:gosec // the developer names the folder
		return fmt.Errorf("%s: %w", name, err)
	}
	_, _ = fmt.Fprintln(os.Stderr, "recorded", name)
	return nil
}
