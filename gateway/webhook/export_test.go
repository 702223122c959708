package webhook

import "time"

// The bounds that tests go to.
const (
	MaxOperations = maxOperations
	MaxName       = maxName
	MaxDepth      = maxDepth
	MaxQueued     = maxQueued
	Workers       = workers
	Pause         = pause
	StopPatience  = stopPatience
	BodyLife      = bodyLife
)

// Operations is what is found in a body.
func Operations(body, field string) []string { return operations(body, field) }

// Memory counts by name.
type Memory struct{ *memory }

// NewMemory returns a memory.
func NewMemory(limit, size int, length time.Duration) Memory {
	return Memory{newMemory(limit, size, length)}
}

// Add counts the name once more.
func (m Memory) Add(name string) bool { return m.add(digestOf(name)) }

// TakeBack counts the name once less.
func (m Memory) TakeBack(name string) { m.takeBack(digestOf(name)) }

// Size is how many names are remembered.
func (m Memory) Size() int { return len(m.younger) + len(m.older) }
