// Package authid asks authID (IDComplete) to capture and enroll a face. It
// covers the endpoints that the two journeys need: access tokens, accounts,
// operations and the selfie reference.
//
// An operation is one capture: it is created, its one-time secret opens the
// capture page, and its status tells what became of it. What an answer means
// is written down in one table (table.go).
//
// https://developer.authid.ai
package authid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// The services below the host.
const (
	identity = "/IDCompleteBackendEngine/IdentityService/v1"
	admin    = "/IDCompleteBackendEngine/Default/AdministrationServiceRest/v1"
	auth     = "/IDCompleteBackendEngine/Default/AuthorizationServiceRest/v2"
)

// Config says where authID is and who asks.
type Config struct {
	// BaseURL is the host, such as https://id-uat.authid.ai.
	BaseURL string
	// APIKeyID and APIKeyValue are the pair from authID's administration.
	APIKeyID    string
	APIKeyValue enroll.Secret
}

// Validate names every field that is missing or malformed.
func (c Config) Validate() error {
	var problems []error
	if err := rest.CheckURL(c.BaseURL, true); err != nil {
		problems = append(problems, fmt.Errorf("authid: BaseURL: %w", err))
	}
	if c.APIKeyID == "" {
		problems = append(problems, errors.New("authid: APIKeyID: is missing"))
	}
	if c.APIKeyValue == "" {
		problems = append(problems, errors.New("authid: APIKeyValue: is missing"))
	}
	return errors.Join(problems...)
}

// Client asks authID. It is safe for concurrent use and keeps one access token
// for all calls.
type Client struct {
	rest   *rest.Client
	tokens *tokens
}

// New returns a client, or an error that names every field of the config that
// is not acceptable. Nothing is asked yet.
func New(config Config, options ...rest.Option) (*Client, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	client, err := rest.New(enroll.AuthID, config.BaseURL, options...)
	if err != nil {
		return nil, err
	}
	return &Client{rest: client, tokens: newTokens(client, config)}, nil
}

// Check proves that the credentials are accepted and tells how far authID's
// clock is ahead of ours. It asks for an access token and starts nothing.
//
// POST {identity}/auth/token
//
// https://developer.authid.ai/docs/api-authentication-and-security
func (c *Client) Check(ctx context.Context) (time.Duration, error) {
	_, skew, err := c.tokens.issue(ctx)
	return skew, err
}

// ask makes a call with the access token. authID answers 401 to a token that
// ended early, so one such answer is a reason to get a new one; a second means
// that we are refused.
func (c *Client) ask(ctx context.Context, r rest.Request) (*rest.Answer, error) {
	token, err := c.tokens.current(ctx)
	if err != nil {
		return nil, notSent(err)
	}
	r.Auth = rest.Bearer(token)
	answer, err := c.rest.Do(ctx, r)
	if err != nil || answer.Status != http.StatusUnauthorized {
		return answer, err
	}
	c.tokens.drop(token)
	if token, err = c.tokens.current(ctx); err != nil {
		return nil, notSent(err)
	}
	r.Auth = rest.Bearer(token)
	return c.rest.Do(ctx, r)
}

// notSent marks the failure to get an access token: the call that needed it
// surely had no effect. The failure may be shared with other callers.
func notSent(err error) error {
	failed, ok := errors.AsType[*enroll.Error](err)
	if !ok {
		return err
	}
	marked := *failed
	marked.NotSent = true
	return &marked
}
