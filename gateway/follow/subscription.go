package follow

import (
	"context"
	"errors"
	"io"

	"github.com/bioenroll/bioenroll/enroll"
)

// Subscription follows one journey. It is for one goroutine.
type Subscription struct {
	hub   *Hub
	watch *watch
	who   Subscriber
	// seen is the version that Next returned last.
	seen   int
	closed bool
}

// Next waits for a state that it has not returned yet, and returns the newest.
// The first call returns where the journey stands. The state is shared: it is to
// be read only.
//
// It returns io.EOF after the outcome, and the context's error when nothing
// changed until then; the subscription then goes on. Any other error ends the
// subscription: client.ErrNotFound when there is no such journey, ErrClosed, or
// why it cannot be followed.
func (s *Subscription) Next(ctx context.Context) (enroll.State, error) {
	for {
		state, changed, err := s.look()
		if changed == nil {
			return state, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return enroll.State{}, ctx.Err()
		}
	}
}

// look returns news, or how to wait for them.
func (s *Subscription) look() (enroll.State, <-chan struct{}, error) {
	s.hub.mutex.Lock()
	defer s.hub.mutex.Unlock()
	w := s.watch
	switch {
	case w.version > s.seen:
		s.seen = w.version
		return w.state, nil, nil
	case errors.Is(w.err, errConcluded):
		return enroll.State{}, nil, io.EOF
	case w.err != nil:
		return enroll.State{}, nil, w.err
	}
	return enroll.State{}, w.changed, nil
}

// Close ends the subscription, and the watch with the last. A second call does
// nothing.
func (s *Subscription) Close() {
	s.hub.mutex.Lock()
	defer s.hub.mutex.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.hub.subscribers--
	if s.who == Page {
		s.watch.pages--
	}
	if s.watch.subscribers--; s.watch.subscribers == 0 {
		s.hub.forget(s.watch, context.Canceled)
	}
}
