package follow_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/follow"
)

// The gateway follows by way of the client.
var _ follow.Journeys = (*client.Client)(nil)

// play is a source of states that a test writes. Every journey it plays tells
// the same.
type play struct {
	lines chan line
	// following counts the uses of Follow that have not ended, started all.
	following, started atomic.Int64
}

// line is one thing that a follower is told.
type line struct {
	state enroll.State
	err   error
	ends  bool
}

func newPlay() *play { return &play{lines: make(chan line)} }

func (p *play) Follow(ctx context.Context, _, _ string) iter.Seq2[enroll.State, error] {
	return func(yield func(enroll.State, error) bool) {
		p.started.Add(1)
		p.following.Add(1)
		defer p.following.Add(-1)
		for {
			select {
			case l := <-p.lines:
				if l.ends || !yield(l.state, l.err) || l.err != nil {
					return
				}
			case <-ctx.Done():
				yield(enroll.State{}, ctx.Err())
				return
			}
		}
	}
}

// waiting is a state with a number.
func waiting(asked int) enroll.State { return enroll.State{Phase: enroll.Waiting, Asked: asked} }

// tell tells the state and returns when the hub has it.
func (p *play) tell(state enroll.State) {
	p.lines <- line{state: state}
	synctest.Wait()
}

func subscribe(t *testing.T, hub *follow.Hub, id string) *follow.Subscription {
	t.Helper()
	s, err := hub.Subscribe(t.Context(), id, "run", follow.Trusted)
	require.NoError(t, err)
	return s
}

// requireNext requires the number of the next state.
func requireNext(t *testing.T, s *follow.Subscription, asked int) {
	t.Helper()
	state, err := s.Next(t.Context())
	require.NoError(t, err)
	require.Equal(t, waiting(asked), state)
}

// requireEnd requires that nothing comes any more, for the reason.
func requireEnd(t *testing.T, s *follow.Subscription, reason error) {
	t.Helper()
	for range 2 {
		_, err := s.Next(t.Context())
		require.ErrorIs(t, err, reason)
	}
}

func TestHub_follows_a_journey_once_for_all_its_subscribers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay()
		hub := follow.New(p, follow.DefaultLimits())
		first, second := subscribe(t, hub, "journey"), subscribe(t, hub, "journey")
		p.tell(waiting(1))
		requireNext(t, first, 1)
		requireNext(t, second, 1)
		late := subscribe(t, hub, "journey")
		requireNext(t, late, 1)
		require.EqualValues(t, 1, p.started.Load())

		first.Close()
		first.Close()
		second.Close()
		p.tell(waiting(2))
		requireNext(t, late, 2)
		late.Close()
		synctest.Wait()
		require.Zero(t, p.following.Load(), "the last subscriber has gone")

		again := subscribe(t, hub, "journey")
		defer again.Close()
		p.tell(waiting(3))
		requireNext(t, again, 3)
		require.EqualValues(t, 2, p.started.Load())
	})
}

func TestHub_gives_who_reads_slowly_the_newest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay()
		hub := follow.New(p, follow.DefaultLimits())
		slow, quick := subscribe(t, hub, "journey"), subscribe(t, hub, "journey")
		for asked := range 100 {
			p.tell(waiting(asked))
			requireNext(t, quick, asked)
		}
		p.lines <- line{ends: true}
		synctest.Wait()
		requireNext(t, slow, 99)
		requireEnd(t, slow, io.EOF)
		requireEnd(t, quick, io.EOF)
		slow.Close()
		quick.Close()
	})
}

func TestHub_lets_a_subscriber_wait_in_portions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay()
		s := subscribe(t, follow.New(p, follow.DefaultLimits()), "journey")
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := s.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		p.tell(waiting(1))
		requireNext(t, s, 1)
	})
}

func TestHub_says_why_a_journey_cannot_be_followed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay()
		hub := follow.New(p, follow.DefaultLimits())
		lost := errors.New("connection lost")
		s := subscribe(t, hub, "journey")
		p.tell(waiting(1))
		p.lines <- line{err: lost}
		synctest.Wait()
		requireNext(t, s, 1)
		requireEnd(t, s, lost)

		again := subscribe(t, hub, "journey") // Beside the old one, which is still open.
		p.tell(waiting(2))
		s.Close()
		p.tell(waiting(3))
		requireNext(t, again, 3)
		again.Close()
	})
}

func TestHub_outlives_the_request_that_began_it(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay()
		hub := follow.New(p, follow.DefaultLimits())
		ctx, cancel := context.WithCancel(t.Context())
		first, err := hub.Subscribe(ctx, "journey", "run", follow.Trusted)
		require.NoError(t, err)
		second := subscribe(t, hub, "journey")
		cancel()
		first.Close()
		p.tell(waiting(1))
		requireNext(t, second, 1)
		second.Close()
	})
}

func TestHub_limits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay()
		hub := follow.New(p, follow.Limits{Journeys: 2, Subscribers: 4, PerJourney: 2, Pages: 2})
		defer hub.Close()
		refused := func(id string, reason error) {
			_, err := hub.Subscribe(t.Context(), id, "run", follow.Trusted)
			require.ErrorIs(t, err, reason)
		}
		first := subscribe(t, hub, "a")
		subscribe(t, hub, "a")
		refused("a", follow.ErrCrowded)
		other := subscribe(t, hub, "b")
		refused("c", follow.ErrFull)
		subscribe(t, hub, "b")
		first.Close()
		subscribe(t, hub, "a")
		refused("b", follow.ErrFull)
		synctest.Wait()
		require.EqualValues(t, 2, p.started.Load())

		// One that has ended is watched no more, and its subscriber still counts.
		p.lines <- line{ends: true}
		p.lines <- line{ends: true}
		synctest.Wait()
		refused("c", follow.ErrFull)
		other.Close()
		subscribe(t, hub, "c")
	})
}

func TestHub_keeps_places_from_pages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := follow.New(newPlay(), follow.Limits{Journeys: 9, Subscribers: 9, PerJourney: 3, Pages: 2})
		defer hub.Close()
		open := func(who follow.Subscriber) (*follow.Subscription, error) {
			return hub.Subscribe(t.Context(), "journey", "run", who)
		}
		first, err := open(follow.Page)
		require.NoError(t, err)
		_, err = open(follow.Page)
		require.NoError(t, err)
		_, err = open(follow.Page)
		require.ErrorIs(t, err, follow.ErrCrowded)
		_, err = open(follow.Trusted)
		require.NoError(t, err)
		_, err = open(follow.Trusted)
		require.ErrorIs(t, err, follow.ErrCrowded, "the journey has its three")
		first.Close()
		_, err = open(follow.Page)
		require.NoError(t, err, "one page has gone")
		_, err = open(follow.Page)
		require.ErrorIs(t, err, follow.ErrCrowded)
	})
}

func TestHub_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay()
		hub := follow.New(p, follow.DefaultLimits())
		s := subscribe(t, hub, "journey")
		defer s.Close()
		p.tell(waiting(1))
		ended := make(chan error)
		requireNext(t, s, 1)
		go func() {
			_, err := s.Next(t.Context())
			ended <- err
		}()
		synctest.Wait()
		hub.Close()
		require.Zero(t, p.following.Load(), "nothing is left when it returns")
		require.ErrorIs(t, <-ended, follow.ErrClosed)
		_, err := hub.Subscribe(t.Context(), "journey", "run", follow.Trusted)
		require.ErrorIs(t, err, follow.ErrClosed)
		hub.Close()
	})
}

// counting tells numbers that only grow.
type counting struct{ following atomic.Int64 }

func (c *counting) Follow(ctx context.Context, _, _ string) iter.Seq2[enroll.State, error] {
	return func(yield func(enroll.State, error) bool) {
		c.following.Add(1)
		defer c.following.Add(-1)
		for asked := range 50 {
			if ctx.Err() != nil || !yield(waiting(asked), nil) {
				return
			}
		}
	}
}

func TestHub_keeps_its_promises_in_a_crowd(t *testing.T) {
	source := &counting{}
	hub := follow.New(source, follow.Limits{Journeys: 8, Subscribers: 64, PerJourney: 32, Pages: 16})
	var crowd sync.WaitGroup
	for range 64 {
		crowd.Go(func() {
			for range 50 {
				s, err := hub.Subscribe(t.Context(), string(rune('a'+rand.IntN(8))), "run", follow.Subscriber(rand.IntN(2)))
				if err != nil {
					if !errors.Is(err, follow.ErrCrowded) {
						t.Errorf("subscribe: %v", err)
					}
					continue
				}
				last, most := -1, rand.IntN(20)
				for range most {
					state, err := s.Next(t.Context())
					if err != nil {
						break
					}
					if state.Asked <= last {
						t.Errorf("%d after %d", state.Asked, last)
					}
					last = state.Asked
				}
				s.Close()
			}
		})
	}
	crowd.Wait()
	hub.Close()
	require.Zero(t, source.following.Load())
}

// BenchmarkSubscription tells what one more subscriber of a journey costs: its
// bytes are all that the hub keeps of it.
func BenchmarkSubscription(b *testing.B) {
	hub := follow.New(newPlay(), follow.Limits{Journeys: 1, Subscribers: b.N + 1, PerJourney: b.N + 1})
	defer hub.Close()
	b.ReportAllocs()
	for range b.N {
		if _, err := hub.Subscribe(b.Context(), "journey", "run", follow.Trusted); err != nil {
			b.Fatal(err)
		}
	}
}

func TestSubscription_is_one_small_thing(t *testing.T) {
	hub := follow.New(newPlay(), follow.DefaultLimits())
	defer hub.Close()
	held := subscribe(t, hub, "journey")
	defer held.Close()
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		s, err := hub.Subscribe(t.Context(), "journey", "run", follow.Trusted)
		if err != nil {
			t.Error(err)
			return
		}
		s.Close()
	}), 1.0)
}
