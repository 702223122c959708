// Package bioid asks BioID's BWS 2 web API to enroll a biometric class.
//
// A BWS token stands for one class and one task. With it samples are uploaded
// and the enrollment is performed, by the browser or by us; each attempt
// consumes the samples and one of the token's tries. Enroll is a GET with side
// effects and is called once only; Result tells afterwards what became of the
// last attempt, and is the way to learn an answer that was lost. What an
// answer means is written down in one table (table.go).
//
// BWS 3 is another API and not this one.
//
// https://developer.bioid.com/ClassicBWS/BwsReference/WebApi
package bioid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// Config says where BioID is and who asks.
type Config struct {
	// BaseURL is the address of the extension, such as
	// https://bws.bioid.com/extension.
	BaseURL string
	// AppID and AppSecret are the app's credentials from the BWS portal.
	AppID     string
	AppSecret enroll.Secret
}

// Validate names every field that is missing or malformed.
func (c Config) Validate() error {
	var problems []error
	if err := rest.CheckURL(c.BaseURL, true); err != nil {
		problems = append(problems, fmt.Errorf("bioid: BaseURL: %w", err))
	}
	if c.AppID == "" {
		problems = append(problems, errors.New("bioid: AppID: is missing"))
	}
	if c.AppSecret == "" {
		problems = append(problems, errors.New("bioid: AppSecret: is missing"))
	}
	return errors.Join(problems...)
}

// Client asks BioID. It is safe for concurrent use.
type Client struct {
	enroll.Private

	rest   *rest.Client
	config Config
}

// New returns a client, or an error that names every field of the config that
// is not acceptable. Nothing is asked yet.
func New(config Config, options ...rest.Option) (*Client, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	client, err := rest.New(enroll.BioID, config.BaseURL, options...)
	if err != nil {
		return nil, err
	}
	return &Client{rest: client, config: config}, nil
}

// app proves that the app asks; tokens, classes and results belong to it.
func (c *Client) app() rest.Auth { return rest.Basic(c.config.AppID, c.config.AppSecret) }

// Check proves that the credentials are accepted and tells how far BioID's
// clock is ahead of ours. It starts nothing.
//
// GET /status
//
// https://developer.bioid.com/ClassicBWS/BwsReference/WebApi
func (c *Client) Check(ctx context.Context) (time.Duration, error) {
	answer, err := c.rest.Do(ctx, rest.Request{Op: "bioid: status", Method: http.MethodGet, Path: "/status", Auth: c.app()})
	if err != nil {
		return 0, err
	}
	if answer.Status != http.StatusOK {
		return 0, problem(callStatus, answer)
	}
	var body struct{ Version string }
	if err := answer.Decode(&body); err != nil {
		return 0, err
	}
	if body.Version == "" {
		return 0, answer.Unexpected("", "the answer holds no Version: is BaseURL that of a BWS 2 extension?")
	}
	return answer.Skew, nil
}

// IsEnrolled tells whether the class has an enrollment for the traits; empty
// traits ask for any. A class that the app may not touch is an
// *enroll.Refusal.
//
// GET /isenrolled?bcid=&trait=
//
// https://developer.bioid.com/ClassicBWS/BwsReference/WebApi/IsEnrolled
func (c *Client) IsEnrolled(ctx context.Context, bcid, traits string) (bool, error) {
	query := url.Values{"bcid": {bcid}}
	if traits != "" {
		query.Set("trait", traits)
	}
	answer, err := c.rest.Do(ctx, rest.Request{
		Op: "bioid: is enrolled", Method: http.MethodGet, Path: "/isenrolled", Query: query, Auth: c.app(), Redact: forms(bcid),
	})
	if err != nil {
		return false, err
	}
	switch {
	case answer.Status == http.StatusOK && answer.Empty():
		return true, nil
	case answer.Status == http.StatusOK: // BioID answers without a body; whoever sends one is not BioID.
		return false, answer.Unexpected("", "a body where none is documented")
	case answer.Status == http.StatusNotFound:
		return false, nil
	}
	return false, problem(callIsEnrolled, answer)
}

// DeleteClass removes the class with everything enrolled and reports whether
// BioID found it. It is safe to repeat.
//
// DELETE /deleteclass?bcid=
//
// https://developer.bioid.com/ClassicBWS/BwsReference/WebApi/DeleteClass
func (c *Client) DeleteClass(ctx context.Context, bcid string) (existed bool, err error) {
	answer, err := c.rest.Do(ctx, rest.Request{
		Op: "bioid: delete class", Method: http.MethodDelete, Path: "/deleteclass",
		Query: url.Values{"bcid": {bcid}}, Auth: c.app(), Redact: forms(bcid),
	})
	if err != nil {
		return false, err
	}
	switch answer.Status {
	case http.StatusOK:
		return true, nil
	case http.StatusNotFound:
		return false, nil
	}
	return false, problem(callDeleteClass, answer)
}

// forms lists both written forms of a BCID: we write dots, BioID answers with
// slashes.
func forms(bcid string) []string {
	return []string{strings.ReplaceAll(bcid, "/", "."), strings.ReplaceAll(bcid, ".", "/")}
}

// sameClass reports whether two BCIDs name the same class.
func sameClass(a, b string) bool { return strings.EqualFold(forms(a)[0], forms(b)[0]) }
