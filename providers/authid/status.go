package authid

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// The statuses of an operation. No other is documented; one that is not listed
// here is not an end.
//
// https://developer.authid.ai/docs/transaction-statuses
const (
	StatusPending  = 0
	StatusAccepted = 1
	StatusRejected = 2
	StatusExpired  = 3
	StatusError    = 4
	StatusCanceled = 5
)

// Status is what authID says of an operation.
type Status struct {
	// Code is authID's number.
	Code int
	// Verdict is what it means, for a final one.
	Verdict enroll.Verdict
	// Final reports whether the operation has ended.
	Final bool
}

// Status asks how an operation stands. The verdict of an accepted one is that
// of the journey.
//
// GET {auth}/v2/operations/{OperationId}/status
//
// https://developer.authid.ai/docs/transaction-statuses
func (c *Client) Status(ctx context.Context, journey enroll.Journey, operationID string) (Status, error) {
	answer, err := c.ask(ctx, rest.Request{
		Op: "authid: operation status", Method: http.MethodGet,
		Path: auth + "/operations/{operation}/status", Params: map[string]string{"operation": operationID},
	})
	if err != nil {
		return Status{}, err
	}
	if answer.Status != http.StatusOK {
		return Status{}, problem(callStatus, answer)
	}
	var body statusBody
	if err := answer.Decode(&body); err != nil {
		return Status{}, err
	}
	if body.Status == nil {
		return Status{}, answer.Unexpected("", "the answer holds no Status")
	}
	verdict, final := meaningOf(*body.Status, journey, body.text())
	if final {
		verdict = answer.Verdict(verdict)
	}
	return Status{Code: *body.Status, Verdict: verdict, Final: final}, nil
}

// statusBody is the answer of Status. Only Status is documented. Where the
// text lies that tells why an operation was rejected is an assumption: the
// names that authID uses elsewhere are tried, and a text of another type is no
// text.
type statusBody struct {
	Status        *int
	Message       json.RawMessage
	StatusMessage json.RawMessage
	Error         json.RawMessage
}

// text returns the first text there is.
func (b statusBody) text() string {
	for _, raw := range []json.RawMessage{b.Message, b.StatusMessage, b.Error} {
		if text := textOf(raw); text != "" {
			return text
		}
	}
	return ""
}

func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var object struct {
		Message string `json:"Message"` //nolint:tagliatelle // the vendor's casing
	}
	if json.Unmarshal(raw, &object) == nil {
		return object.Message
	}
	return ""
}

// Result is what an ended operation left behind, without its pictures.
type Result struct {
	// Done reports whether there is a result.
	Done bool
	// TempID refers to a captured selfie, where there is one.
	TempID string
}

// Result reads what an operation left behind. Pictures in the answer are
// dropped while it is read. Before the end the answer is null.
//
// GET {auth}/v2/operations/{OperationId}/result
//
// https://developer.authid.ai/docs/transaction-statuses
func (c *Client) Result(ctx context.Context, operationID string) (Result, error) {
	answer, err := c.ask(ctx, rest.Request{
		Op: "authid: operation result", Method: http.MethodGet,
		Path: auth + "/operations/{operation}/result", Params: map[string]string{"operation": operationID},
	})
	switch {
	case err != nil:
		return Result{}, err
	case answer.Status != http.StatusOK:
		return Result{}, problem(callResult, answer)
	case answer.Empty():
		return Result{}, nil
	}
	var body struct {
		Payload *struct {
			TempID string `json:"TempId"` //nolint:tagliatelle // the vendor's casing
		}
	}
	if err := answer.Decode(&body); err != nil {
		return Result{}, err
	}
	if body.Payload == nil {
		return Result{}, answer.Unexpected("", "the answer holds no Payload")
	}
	return Result{Done: true, TempID: body.Payload.TempID}, nil
}
