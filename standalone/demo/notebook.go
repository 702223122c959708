package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/bioenroll/bioenroll/enroll"
)

// Notebook is a small file of the demo's journeys under way. It holds IDs
// only.
type Notebook struct {
	path string
	mu   sync.Mutex
}

// Note is one journey under way.
type Note struct {
	Journey  enroll.Journey `json:"journey"`
	ID       string         `json:"id"`
	RunID    string         `json:"run_id"`
	Expected enroll.Outcome `json:"expected"`
}

// NewNotebook returns the notebook in the file, which need not exist.
func NewNotebook(path string) *Notebook { return &Notebook{path: path} }

// Add writes a journey down.
func (n *Notebook) Add(note Note) error {
	return n.change(func(notes []Note) []Note { return append(notes, note) })
}

// Remove crosses a journey out.
func (n *Notebook) Remove(runID string) error {
	return n.change(func(notes []Note) []Note {
		return slices.DeleteFunc(notes, func(note Note) bool { return note.RunID == runID })
	})
}

// Notes lists the journeys under way.
func (n *Notebook) Notes() ([]Note, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.read()
}

func (n *Notebook) change(do func([]Note) []Note) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	notes, err := n.read()
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(do(notes))
	if err != nil {
		return fmt.Errorf("encode the demo's notebook: %w", err)
	}
	if err := os.WriteFile(n.path, encoded, 0o600); err != nil {
		return fmt.Errorf("write the demo's notebook: %w", err)
	}
	return nil
}

func (n *Notebook) read() ([]Note, error) {
	encoded, err := os.ReadFile(n.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the demo's notebook: %w", err)
	}
	var notes []Note
	if err := json.Unmarshal(encoded, &notes); err != nil {
		return nil, fmt.Errorf("read the demo's notebook %s, delete it to go on: %w", n.path, err)
	}
	return notes, nil
}
