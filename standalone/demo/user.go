package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// User is the simulated person with a phone. It acts through the simulator's
// control API, as any test could.
type User struct {
	// Simulator is the simulator's address, such as http://127.0.0.1:7400.
	Simulator string
	// HTTP makes the calls.
	HTTP *http.Client
}

// ErrRefused marks a request that the simulator did not accept. For a capture
// it means that there is nothing to capture any more.
var ErrRefused = errors.New("the simulator answered")

// NewUser returns a user of the simulator at the address.
func NewUser(simulator string) *User {
	return &User{Simulator: simulator, HTTP: &http.Client{Timeout: 10 * time.Second}}
}

// bioidSamples is how many samples the browser's script would record.
const bioidSamples = 4

// Complete finishes the capture that was handed over, and returns the hint
// that a frontend would relay then, also beside an ErrRefused.
func (u *User) Complete(ctx context.Context, handed *enroll.HandOver) (enroll.HintName, enroll.Hint, error) {
	switch {
	case handed.AuthID != nil:
		return enroll.FinalPage, enroll.Hint{}, u.capture(ctx, map[string]any{
			"provider": enroll.AuthID, "operation_id": handed.AuthID.OperationID, "result": "complete",
		})
	case handed.BioID != nil:
		return enroll.SamplesUploaded, enroll.Hint{Samples: bioidSamples}, u.capture(ctx, map[string]any{
			"provider": enroll.BioID, "token": handed.BioID.Token.Reveal(), "samples": bioidSamples, "result": "complete",
			"perform": handed.BioID.PerformedBy == enroll.ByBrowser,
		})
	case handed.IProov != nil:
		return enroll.SDKFinished, enroll.Hint{Client: "demo"}, u.capture(ctx, map[string]any{
			"provider": enroll.IProov, "token": handed.IProov.Token.Reveal(), "result": "complete",
		})
	default:
		return "", enroll.Hint{}, errors.New("complete the capture: the hand-over names no provider")
	}
}

func (u *User) capture(ctx context.Context, request map[string]any) error {
	if err := u.post(ctx, "/_sim/capture", request); err != nil {
		return fmt.Errorf("complete the capture: %w", err)
	}
	return nil
}

// CreateAccount makes authID know the account, as a backend does before it
// enrolls.
func (u *User) CreateAccount(ctx context.Context, accountNumber string) error {
	err := u.post(ctx, "/_sim/preload", map[string]any{
		"authid": map[string]any{"accounts": []any{map[string]any{"account_number": accountNumber}}},
	})
	if err != nil {
		return fmt.Errorf("create the account: %w", err)
	}
	return nil
}

// Calls counts the calls that the provider received about the subject since an
// entry of its ledger, those of the person's own device left out.
func (u *User) Calls(ctx context.Context, provider enroll.Provider, subject string, since uint64) (int, error) {
	entries, err := u.ledger(ctx, fmt.Sprintf("?provider=%s&subject=%s&since=%d", provider, subject, since))
	if err != nil {
		return 0, err
	}
	calls := 0
	for _, e := range entries {
		if e.Method != "USER" {
			calls++
		}
	}
	return calls, nil
}

// Now returns the number of the newest entry of the ledger.
func (u *User) Now(ctx context.Context) (uint64, error) {
	entries, err := u.ledger(ctx, "")
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	return entries[len(entries)-1].Seq, nil
}

// entry is what the demo needs of a line of the ledger.
type entry struct {
	Seq    uint64 `json:"seq"`
	Method string `json:"method"`
}

func (u *User) ledger(ctx context.Context, query string) ([]entry, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.Simulator+"/_sim/ledger"+query, nil)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	var entries []entry
	if err := u.do(request, &entries); err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return entries, nil
}

func (u *User) post(ctx context.Context, path string, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.Simulator+path, bytes.NewReader(encoded))
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	return u.do(request, nil)
}

func (u *User) do(request *http.Request, into any) error {
	answer, err := u.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("ask the simulator: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // nothing can be done about it, the answer has been read
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("read the simulator's answer: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%w %d: %s", ErrRefused, answer.StatusCode, body)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode the simulator's answer: %w", err)
	}
	return nil
}
