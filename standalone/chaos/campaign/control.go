package campaign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// control is the simulators' control interface: it plays the person, puts
// things in place, lets calls go wrong, and reads the ledger. It does not go
// through the fault proxy.
type control struct {
	url  string
	http *http.Client
}

func newControl(url string) *control {
	return &control{url: url, http: &http.Client{Timeout: 30 * time.Second}}
}

// errRefused marks a request that the simulators did not accept. For a capture
// it means that there is nothing to capture any more.
var errRefused = errors.New("the simulators refused")

// preload puts in place what existed before a journey.
func (c *control) preload(ctx context.Context, j script.Journey) error {
	var body map[string]any
	switch j.Kind {
	case enroll.AuthIDEnroll, enroll.AuthIDSelfie:
		body = map[string]any{"authid": map[string]any{"accounts": []any{map[string]any{
			"account_number": j.Subject, "phone": "+15550100", "credential": j.Existed,
		}}}}
	case enroll.BioIDEnroll:
		body = map[string]any{"bioid": map[string]any{"classes": []any{map[string]any{"bcid": j.Subject, "traits": "Face"}}}}
	case enroll.SmartIDEnroll, enroll.SmartIDUnenroll:
		body = map[string]any{"smartid": map[string]any{"users": []any{map[string]any{"user": j.Subject, "enrolled": true}}}}
	case enroll.IProovPhotoEnroll:
		body = map[string]any{"iproov": map[string]any{"users": []any{map[string]any{"user_id": j.Subject}}}}
	}
	if !j.Existed && body["authid"] == nil { // Only authID's account is there beforehand in any case.
		return nil
	}
	return c.post(ctx, "/_sim/preload", body, nil)
}

// strike lets calls go wrong and returns the faults' numbers.
func (c *control) strike(ctx context.Context, faults ...simulator.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	return c.post(ctx, "/_sim/faults", faults, nil)
}

// calm ends all faults.
func (c *control) calm(ctx context.Context) error {
	return c.ask(ctx, http.MethodDelete, "/_sim/faults", nil, nil)
}

// capture lets the person act. The fields are those of the control interface.
func (c *control) capture(ctx context.Context, request map[string]any) error {
	return c.post(ctx, "/_sim/capture", request, nil)
}

// ledger reads all entries.
func (c *control) ledger(ctx context.Context) ([]simulator.Entry, error) {
	var entries []simulator.Entry
	err := c.ask(ctx, http.MethodGet, "/_sim/ledger", nil, &entries)
	return entries, err
}

// belief asks what the provider believes of a subject.
func (c *control) belief(ctx context.Context, provider enroll.Provider, subject string) (invariants.Belief, error) {
	var state struct {
		invariants.Belief
		HasCredential bool `json:"has_credential"`
	}
	err := c.ask(ctx, http.MethodGet, "/_sim/state?provider="+string(provider)+"&subject="+url.QueryEscape(subject), nil, &state)
	state.Enrolled = state.Enrolled || state.HasCredential
	return state.Belief, err
}

func (c *control) post(ctx context.Context, path string, body, into any) error {
	return c.ask(ctx, http.MethodPost, path, body, into)
}

func (c *control) ask(ctx context.Context, method, path string, body, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("simulators: %s: %w", path, err)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(encoded))
	if err != nil {
		return fmt.Errorf("simulators: %s: %w", path, err)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("simulators: %s: %w", path, err)
	}
	defer answer.Body.Close() //nolint:errcheck // the answer has been read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("simulators: %s: %w", path, err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("simulators: %s: %w: %s", path, errRefused, text)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("simulators: %s: %w", path, err)
	}
	return nil
}
