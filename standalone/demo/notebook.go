package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// Notebook is a small file of the demo's journeys under way. It holds what is
// needed to ask for each of them again, and made-up subjects only. It is safe
// for concurrent use by one program.
type Notebook struct {
	path string
	mu   sync.Mutex
}

// Note is one journey under way, or about to begin.
type Note struct {
	Journey enroll.Journey `json:"journey"`
	// Key is the idempotency key, and names the note.
	Key string `json:"key"`
	// Subject is the provider's name of the person.
	Subject string `json:"subject"`
	// Expected is the outcome that a healthy system gives.
	Expected enroll.Outcome `json:"expected"`
	// Since is the newest entry of the simulator's ledger before the start.
	Since uint64 `json:"since"`
	// ID of the journey, known before it is started.
	ID string `json:"id"`
	// RunID is known once the start was answered.
	RunID string `json:"run_id,omitempty"`
}

// request is what the journey is started with: the same for the same note, as
// repeating an idempotency key requires.
func (n Note) request() (client.Request, error) {
	authID := enroll.AuthIDOperationRequest{AccountNumber: n.Subject}
	switch n.Journey {
	case enroll.AuthIDEnroll:
		return enroll.AuthIDEnrollment{AuthIDOperationRequest: authID}, nil
	case enroll.AuthIDSelfie:
		return enroll.AuthIDLiveSelfie{AuthIDOperationRequest: authID}, nil
	case enroll.BioIDEnroll:
		return enroll.BioIDEnrollment{BCID: n.Subject}, nil
	case enroll.SmartIDEnroll:
		return enroll.SmartIDEnrollment{User: n.Subject, Template: "demo-template", PayLoad: "demo-payload"}, nil
	case enroll.SmartIDUnenroll:
		return enroll.SmartIDUnenrollment{User: n.Subject}, nil
	case enroll.IProovPhotoEnroll:
		return enroll.IProovPhotoEnrollment{
			UserID: n.Subject, Image: enroll.Bytes(simulator.SampleImage(simulator.SampleLive)), Source: enroll.SourceEID,
		}, nil
	default:
		return nil, fmt.Errorf("the demo plays no journey %q", n.Journey)
	}
}

// NewNotebook returns the notebook in the file, which need not exist.
func NewNotebook(path string) *Notebook { return &Notebook{path: path} }

// Write writes a journey down, in the place of an earlier note with its key.
func (n *Notebook) Write(note Note) error {
	return n.change(func(notes []Note) []Note {
		if i := slices.IndexFunc(notes, func(other Note) bool { return other.Key == note.Key }); i >= 0 {
			notes[i] = note
			return notes
		}
		return append(notes, note)
	})
}

// Remove crosses out the journey with the key.
func (n *Notebook) Remove(key string) error {
	return n.change(func(notes []Note) []Note {
		return slices.DeleteFunc(notes, func(note Note) bool { return note.Key == key })
	})
}

// Notes lists the journeys under way, the oldest first.
func (n *Notebook) Notes() ([]Note, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.read()
}

// change replaces the file as a whole: a program that is killed leaves the old
// one or the new one.
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
	fresh := n.path + ".new"
	if err := os.WriteFile(fresh, encoded, 0o600); err != nil {
		return fmt.Errorf("write the demo's notebook: %w", err)
	}
	if err := os.Rename(fresh, n.path); err != nil {
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
	if slices.ContainsFunc(notes, func(note Note) bool { return note.Key == "" }) {
		return nil, fmt.Errorf("read the demo's notebook %s, delete it to go on: a journey without its key", n.path)
	}
	return notes, nil
}
