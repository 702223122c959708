package webhook

import (
	"crypto/sha256"
	"sync"
	"time"
)

// digest stands for a body or an operation, of which nothing is kept.
type digest [sha256.Size]byte

// digestOf keeps parts apart that only together would be the same.
func digestOf(parts ...string) digest {
	h := sha256.New()
	for _, part := range parts {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	return digest(h.Sum(nil))
}

// memory counts up to a limit for each digest. It keeps two generations: the
// older one is forgotten when the younger one is full or old. So a digest is
// remembered for length and less than twice as long, unless there are more of
// them than size.
type memory struct {
	limit, size int
	length      time.Duration

	mu             sync.Mutex
	younger, older map[digest]int
	since          time.Time // The younger generation began.
}

func newMemory(limit, size int, length time.Duration) *memory {
	return &memory{limit: limit, size: size, length: length, younger: map[digest]int{}, since: time.Now()}
}

// add counts once more, and reports whether it was within the limit.
func (m *memory) add(d digest) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.age(time.Now())
	count, found := m.younger[d]
	if !found {
		count = m.older[d]
	}
	if count >= m.limit {
		return false
	}
	if !found && len(m.younger) >= m.size {
		m.turn()
	}
	m.younger[d] = count + 1
	return true
}

// takeBack counts once less.
func (m *memory) takeBack(d digest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, generation := range []map[digest]int{m.younger, m.older} {
		if count := generation[d]; count > 1 {
			generation[d] = count - 1
		} else {
			delete(generation, d)
		}
	}
}

// age forgets what is old.
func (m *memory) age(now time.Time) {
	old := now.Sub(m.since)
	if old < m.length {
		return
	}
	m.turn()
	if old >= 2*m.length {
		m.older = nil
	}
	m.since = now
}

// turn begins a generation.
func (m *memory) turn() { m.younger, m.older = map[digest]int{}, m.younger }
