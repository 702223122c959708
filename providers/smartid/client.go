package smartid

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// overWrite is the only value that OverWrite has: a text, not a boolean.
const overWrite = "true"

// Client asks SmartID. It is safe for concurrent use.
type Client struct {
	enroll.Private

	rest   *rest.Client
	config Config
}

// New returns a client. The error names every setting that is missing or
// malformed.
func New(config Config, options ...rest.Option) (*Client, error) {
	asking, err := rest.New(enroll.SmartID, config.BaseURL, options...)
	if err := errors.Join(err, config.validate()); err != nil {
		return nil, err
	}
	return &Client{rest: asking, config: config}, nil
}

// Enrollment is a captured template to forward.
type Enrollment struct {
	// User is the subject.
	User string
	// Template and PayLoad are the SDK's texts, forwarded byte for byte.
	Template, PayLoad enroll.Secret
	// OverWrite is "true" to replace an enrollment, or empty.
	OverWrite string
	// Repeated says that an earlier call may have had its effect.
	Repeated bool
}

// enrollRequest is the body on the wire.
type enrollRequest struct {
	User      string        `json:"User"`                //nolint:tagliatelle // the vendor's casing
	Template  enroll.Secret `json:"Template"`            //nolint:tagliatelle // the vendor's casing
	PayLoad   enroll.Secret `json:"PayLoad"`             //nolint:tagliatelle // the vendor's casing
	OverWrite string        `json:"OverWrite,omitempty"` //nolint:tagliatelle // the vendor's casing
}

// unenrollRequest is the body on the wire.
type unenrollRequest struct {
	User string `json:"User"` //nolint:tagliatelle // the vendor's casing
}

// Enroll registers a template. Without OverWrite the call may be sent only
// once, and an answer that is lost is an error of kind enroll.KindLost; with
// it, repeating is safe.
//
// Every published code of a refusal is a verdict; an error means that the
// outcome is not known.
//
// POST /api/kyc/enroll
//
// https://smartidsuite.ai/en/developers/kyc/enroll
func (c *Client) Enroll(ctx context.Context, e Enrollment) (enroll.Verdict, error) {
	once := e.OverWrite != overWrite
	answer, err := c.rest.Do(ctx, rest.Request{
		Op:     "smartid: enroll",
		Method: http.MethodPost,
		Path:   "/api/kyc/enroll",
		Auth:   rest.Key("X-Api-Key", c.config.APIKey),
		Body: rest.JSON(enrollRequest{
			User:      e.User,
			Template:  e.Template,
			PayLoad:   e.PayLoad,
			OverWrite: e.OverWrite,
		}),
		Once:   once,
		Redact: []string{e.User, e.Template.Reveal(), e.PayLoad.Reveal()},
	})
	if err != nil {
		return enroll.Verdict{}, err
	}
	return read(answer, enrollTable(), once, e.Repeated)
}

// Unenroll removes a user's enrollment. It is safe to repeat: a user who is
// not found by a repeated call was removed by an earlier one. repeated says
// that such a call may have had its effect.
//
// POST /api/kyc/unenroll
//
// https://smartidsuite.ai/en/developers/kyc/enroll
func (c *Client) Unenroll(ctx context.Context, user string, repeated bool) (enroll.Verdict, error) {
	answer, err := c.rest.Do(ctx, rest.Request{
		Op:     "smartid: unenroll",
		Method: http.MethodPost,
		Path:   "/api/kyc/unenroll",
		Auth:   rest.Key("X-Api-Key", c.config.APIKey),
		Body:   rest.JSON(unenrollRequest{User: user}),
		Redact: []string{user},
	})
	if err != nil {
		return enroll.Verdict{}, err
	}
	return read(answer, unenrollTable(), false, repeated)
}

// Check tells whether SmartID's host can be reached, and how far its clock is
// ahead of ours. SmartID publishes no call that tries the API key without
// changing something, so the key is not sent, and any HTTP answer is good.
func (c *Client) Check(ctx context.Context) (skew time.Duration, err error) {
	answer, err := c.rest.Do(ctx, rest.Request{Op: "smartid: check", Method: http.MethodHead})
	if err != nil {
		return 0, err
	}
	return answer.Skew, nil
}
