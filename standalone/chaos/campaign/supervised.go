package campaign

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/chaos/parts"
	"github.com/bioenroll/bioenroll/standalone/chaos/process"
)

// supervised is a process that is killed and started again, as a machine's
// supervisor would do it.
type supervised struct {
	name    string
	program process.Program
	journal *journal
	mu      sync.Mutex // one kill or start at a time
	child   *process.Child
	wanted  *process.Child // the one whose end is no surprise
}

// start starts the process. It tries again while it does not come up: a worker
// that finds no Temporal server gives up, and its supervisor does not.
func (s *supervised) start(ctx context.Context) (parts.Ready, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up(ctx)
}

func (s *supervised) up(ctx context.Context) (parts.Ready, error) {
	const limit, pause = 90 * time.Second, 200 * time.Millisecond
	began := time.Now()
	for {
		var ready parts.Ready
		child, err := s.program.Start(&ready)
		if err == nil {
			s.child = child
			go s.watch(child)
			return ready, nil
		}
		if time.Since(began) > limit || sleep(ctx, pause) != nil {
			return ready, fmt.Errorf("%s does not come up: %w", s.name, err)
		}
	}
}

// watch tells of an end that nobody asked for.
func (s *supervised) watch(child *process.Child) {
	<-child.Ended()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wanted != child {
		s.journal.surprise(fmt.Sprintf("%s ended by itself; its log ends: %s", s.name, child.LastWords()))
	}
}

// kill kills the process and starts it again after the pause.
func (s *supervised) kill(ctx context.Context, pause time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = s.child
	at := time.Now()
	if err := s.child.Kill(); err != nil {
		return fmt.Errorf("kill %s: %w", s.name, err)
	}
	s.journal.count("kills: " + s.program.Part)
	if err := sleep(ctx, pause); err != nil {
		return err
	}
	_, err := s.up(ctx)
	s.journal.damage("killed "+s.name, enroll.Provider(""), at, time.Now())
	s.journal.recovered("restart of the "+s.program.Part, time.Since(at)-pause)
	return err
}

// stop ends the process in good order.
func (s *supervised) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return nil
	}
	s.wanted = s.child
	return s.child.Stop()
}

// sleep waits, or returns the reason why the context ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), context.Cause(ctx))
	}
}
