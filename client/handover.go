package client

import (
	"fmt"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/reveal"
)

// HandOverJSON writes a hand-over for the frontend that it is meant for, secrets
// in clear. encoding/json writes "[redacted]" in their place, so that a
// hand-over cannot be told by accident.
func HandOverJSON(handed *enroll.HandOver) ([]byte, error) {
	written, err := reveal.Marshal(handed)
	if err != nil {
		return nil, fmt.Errorf("hand over: %w", err)
	}
	return written, nil
}
