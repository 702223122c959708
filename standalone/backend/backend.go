package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"

	"github.com/bioenroll/bioenroll/enroll"
)

// Backend asks one gateway.
type Backend struct {
	// URL of the gateway, such as http://127.0.0.1:7480.
	URL string
	// Token is an API key, or the relay token of a journey; empty for none.
	Token enroll.Secret
	// HTTP makes the calls.
	HTTP *http.Client
}

// Call is one request.
type Call struct {
	Method, Path string
	// Key is the idempotency key; empty for none.
	Key string
	// Header has more headers; nil for none.
	Header http.Header
	// Type is the content type of the body; JSON when empty.
	Type string
	// Body is nil when there is none.
	Body []byte
}

// Answer is what the gateway said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// RefusedError is an answer with another status than was wanted.
type RefusedError struct {
	// Status is that of HTTP, and Type the problem's, which are stable.
	Status int    `json:"status"`
	Type   string `json:"type"`
}

// Error names the problem and repeats nothing else of the answer.
func (r *RefusedError) Error() string {
	return fmt.Sprintf("the gateway answered %d %s", r.Status, r.Type)
}

// most bounds an answer, in bytes.
const most = 1 << 20

// Do makes one request, whatever its answer is.
func (b Backend) Do(ctx context.Context, call Call) (Answer, error) {
	answer, err := b.Open(ctx, call)
	if err != nil {
		return Answer{}, err
	}
	defer answer.Body.Close() //nolint:errcheck // the answer has been read
	body, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return Answer{}, fmt.Errorf("read the gateway's answer: %w", err)
	}
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

// Open makes one request whose answer is read as it comes, such as a stream of
// events. The caller closes its body.
func (b Backend) Open(ctx context.Context, call Call) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, call.Method, b.URL+call.Path, bytes.NewReader(call.Body))
	if err != nil {
		return nil, fmt.Errorf("ask the gateway: %w", err)
	}
	maps.Copy(request.Header, call.Header)
	if b.Token != "" {
		request.Header.Set("Authorization", "Bearer "+b.Token.Reveal())
	}
	if call.Key != "" {
		request.Header.Set("Idempotency-Key", call.Key)
	}
	if len(call.Body) > 0 {
		request.Header.Set("Content-Type", "application/json")
		if call.Type != "" {
			request.Header.Set("Content-Type", call.Type)
		}
	}
	answer, err := b.HTTP.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the gateway: %w", err)
	}
	return answer, nil
}

// ask makes one request that has to succeed, and decodes the answer.
func (b Backend) ask(ctx context.Context, call Call, into any) (Answer, error) {
	answer, err := b.Do(ctx, call)
	if err != nil {
		return Answer{}, err
	}
	if answer.Status >= http.StatusBadRequest {
		refusal := RefusedError{Status: answer.Status}
		_ = json.Unmarshal(answer.Body, &refusal) // Whatever else answers in place of the gateway sends no problem.
		return answer, &refusal
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return answer, fmt.Errorf("read the gateway's answer to %s %s: %w", call.Method, call.Path, err)
	}
	return answer, nil
}
