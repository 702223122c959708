package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/delivery"
	"github.com/bioenroll/bioenroll/internal/records"
)

// shelf is a store in memory, with the promises of the real one.
type shelf struct {
	mu     sync.Mutex
	rows   []*row
	woken  chan struct{}
	broken error // What claims answer.
	unsure error // What Delivered answers, having written nothing.
	looks  int
	gone   []string
	// unreadable are receivers that cannot be decrypted.
	unreadable map[string]error
	epochs     map[string]int64
}

// row is a delivery as it is stored.
type row struct {
	records.Delivery
	state    string
	due      time.Time
	attempts int
	pauses   []time.Duration
	last     records.Attempt
	claimed  bool
	backs    int
}

func newShelf() *shelf { return &shelf{woken: make(chan struct{}, 1), epochs: map[string]int64{}} }

// put writes n events for the receiver, in this process.
func (s *shelf) put(receiver string, n int) []*row {
	put := s.write(receiver, n)
	select {
	case s.woken <- struct{}{}:
	default:
	}
	return put
}

// write writes n events for the receiver, as another process does.
func (s *shelf) write(receiver string, n int) []*row {
	s.mu.Lock()
	defer s.mu.Unlock()
	var put []*row
	for range n {
		put = append(put, &row{due: time.Now(), state: "pending", Delivery: records.Delivery{
			Event: enroll.EventID(fmt.Sprintf("evt_%d", len(s.rows)+len(put))), Receiver: receiver, At: time.Now(),
			URL: "https://receiver.example/hook?token=hunter2", Secrets: []enroll.Secret{first}, Body: []byte(`{"hunter2":1}`),
		}})
	}
	s.rows = append(s.rows, put...)
	return put
}

// resume makes everything due that waits for the receiver, as another process
// does.
func (s *shelf) resume(receiver string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epochs[receiver]++
	for _, r := range s.rows {
		if r.Receiver == receiver && r.state == "pending" {
			r.due, r.attempts, r.claimed = time.Now(), 0, false
		}
	}
}

func (s *shelf) Woken() <-chan struct{} { return s.woken }

func (s *shelf) ClaimDeliveries(_ context.Context, c records.Claimer, limit int, skip []records.Skip) (claimed []records.Delivery, next time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	if s.broken != nil {
		return nil, next, s.broken
	}
	slices.SortStableFunc(s.rows, func(a, b *row) int { return a.due.Compare(b.due) })
	for _, r := range s.rows {
		epoch := s.epochs[r.Receiver] + 1
		left := slices.ContainsFunc(skip, func(s records.Skip) bool {
			return s.Receiver == r.Receiver && (s.Epoch == 0 || s.Epoch == epoch)
		})
		if r.state != "pending" || left || slices.Contains(s.gone, r.Receiver) {
			continue
		}
		if len(claimed) < limit && !r.due.After(time.Now()) {
			r.due, r.claimed = time.Now().Add(c.Lease), true
			r.Attempt = r.attempts + 1
			given := r.Delivery
			given.Epoch = epoch
			if why := s.unreadable[r.Receiver]; why != nil {
				given.URL, given.Secrets, given.Unreadable = "", nil, why
			}
			claimed = append(claimed, given)
		} else if next.IsZero() || r.due.Before(next) {
			next = r.due
		}
	}
	return claimed, next, nil
}

func (s *shelf) end(d records.Delivery, state string, a records.Attempt, due time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[slices.IndexFunc(s.rows, func(r *row) bool { return r.Event == d.Event })]
	if !r.claimed || d.Epoch != s.epochs[d.Receiver]+1 {
		return records.ErrNotHeld
	}
	r.attempts++
	r.state, r.last, r.due, r.claimed = state, a, due, false
	r.pauses = append(r.pauses, time.Until(due))
	return nil
}

func (s *shelf) Delivered(_ context.Context, d records.Delivery, a records.Attempt) error {
	s.mu.Lock()
	unsure := s.unsure
	s.mu.Unlock()
	if unsure != nil {
		return unsure
	}
	return s.end(d, "delivered", a, time.Time{})
}

func (s *shelf) Postpone(_ context.Context, d records.Delivery, a records.Attempt, until time.Time) error {
	return s.end(d, "pending", a, until)
}

func (s *shelf) GiveUp(_ context.Context, d records.Delivery, a records.Attempt) error {
	return s.end(d, "given_up", a, time.Time{})
}

func (s *shelf) Gone(_ context.Context, d records.Delivery, a records.Attempt) error {
	s.mu.Lock()
	s.gone = append(s.gone, d.Receiver)
	s.mu.Unlock()
	return s.end(d, "pending", a, time.Now())
}

func (s *shelf) HandBack(_ context.Context, d records.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[slices.IndexFunc(s.rows, func(r *row) bool { return r.Event == d.Event })]
	r.due, r.claimed = time.Now(), false
	r.backs++
	return nil
}

func (s *shelf) OldestDelivery(context.Context) (oldest time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rows {
		if r.state == "pending" && (oldest.IsZero() || r.At.Before(oldest)) {
			oldest = r.At
		}
	}
	return oldest, s.broken
}

// breaks has claims, and what is written of successes, fail like this.
func (s *shelf) breaks(claims, delivered error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken, s.unsure = claims, delivered
}

// now returns a row as it is.
func (s *shelf) now(r *row) row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *r
}

// looked counts the claims.
func (s *shelf) looked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks
}

// is counts the receiver's deliveries in the state.
func (s *shelf) is(state, receiver string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rows {
		if r.state == state && r.Receiver == receiver {
			n++
		}
	}
	return n
}

// field are the receivers: it answers for each, and counts.
type field struct {
	mu     sync.Mutex
	answer map[string]func(context.Context) delivery.Answer
	calls  map[string]int
	at     map[string][]time.Time
	flying map[string]int
	most   map[string]int
}

func newField() *field {
	return &field{
		answer: map[string]func(context.Context) delivery.Answer{}, calls: map[string]int{}, at: map[string][]time.Time{},
		flying: map[string]int{}, most: map[string]int{},
	}
}

// set has a receiver answer like this from now on.
func (f *field) set(receiver string, answer func(context.Context) delivery.Answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer[receiver] = answer
}

// forget starts counting anew.
func (f *field) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.calls)
	clear(f.at)
	clear(f.most)
}

// asked tells how often, when, and how often at once a receiver was asked.
func (f *field) asked(receiver string) (calls int, at []time.Time, atOnce int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[receiver], slices.Clone(f.at[receiver]), f.most[receiver]
}

func (f *field) send(ctx context.Context, d records.Delivery) delivery.Answer {
	f.mu.Lock()
	answer := f.answer[d.Receiver]
	f.calls[d.Receiver]++
	f.at[d.Receiver] = append(f.at[d.Receiver], time.Now())
	f.flying[d.Receiver]++
	f.most[d.Receiver] = max(f.most[d.Receiver], f.flying[d.Receiver])
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.flying[d.Receiver]--
	}()
	if answer == nil {
		return delivery.Answer{Status: 200}
	}
	return answer(ctx)
}

// always answers with the status.
func always(status int) func(context.Context) delivery.Answer {
	return func(context.Context) delivery.Answer { return delivery.Answer{Status: status} }
}

// hangs answers nothing until the attempt's limit.
func hangs(ctx context.Context) delivery.Answer {
	select {
	case <-time.After(delivery.AttemptLimit):
		return delivery.Answer{Trouble: delivery.TimedOut}
	case <-ctx.Done():
		return delivery.Answer{Trouble: delivery.Interrupted}
	}
}

var errStore = errors.New("the database is away")
