package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Journey is how a journey stands.
type Journey struct {
	ID       string         `json:"id"`
	Phase    enroll.Phase   `json:"phase"`
	Outcome  enroll.Outcome `json:"outcome"`
	Reason   enroll.Reason  `json:"reason"`
	Deadline time.Time      `json:"deadline"`
}

// Path is the journey's, without a slash at its end.
func (j Journey) Path() string { return "/v1/journeys/" + j.ID }

// Started is what a start answers.
type Started struct {
	Journey

	// Repeated reports that the key was used for the same request before.
	Repeated bool `json:"-"`
	// HandOver and RelayToken are for the frontend; there are none when the
	// journey has its outcome already.
	HandOver   *enroll.HandOver `json:"hand_over"`
	RelayToken enroll.Secret    `json:"relay_token"`
}

// Get tells how a journey stands: at once, or, with a time to wait of up to 50
// seconds, as soon as it has its outcome.
func (b Backend) Get(ctx context.Context, id string, wait time.Duration) (Journey, error) {
	path := Journey{ID: id}.Path()
	if wait > 0 {
		path += fmt.Sprintf("?wait=%d", int(wait.Seconds()))
	}
	var found Journey
	_, err := b.ask(ctx, Call{Method: http.MethodGet, Path: path}, &found)
	return found, err
}

// Hint wakes a journey, and reports whether it had its outcome already.
func (b Backend) Hint(ctx context.Context, id string, name enroll.HintName, hint enroll.Hint) (late bool, err error) {
	body, err := json.Marshal(struct {
		Name enroll.HintName `json:"name"`
		enroll.Hint
	}{name, hint})
	if err != nil {
		return false, fmt.Errorf("write the hint: %w", err)
	}
	var hinted struct {
		Late bool `json:"late"`
	}
	_, err = b.ask(ctx, Call{Method: http.MethodPost, Path: Journey{ID: id}.Path() + "/hints", Body: body}, &hinted)
	return hinted.Late, err
}

// Cancel asks a journey to end, for a reason.
func (b Backend) Cancel(ctx context.Context, id, why string) error {
	body, err := json.Marshal(map[string]string{"why": why})
	if err != nil {
		return fmt.Errorf("write the reason: %w", err)
	}
	var canceled Journey
	_, err = b.ask(ctx, Call{Method: http.MethodPost, Path: Journey{ID: id}.Path() + "/cancel", Body: body}, &canceled)
	return err
}
