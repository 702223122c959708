package iproov

import (
	"context"
	"errors"
	"net/http"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// Client asks iProov. It is safe for concurrent use.
type Client struct {
	enroll.Private

	rest   *rest.Client
	config Config
	access *accessTokens
}

// New returns a client. The error names every setting that is missing or
// malformed.
func New(config Config, options ...rest.Option) (*Client, error) {
	config = config.withDefaults()
	asking, err := rest.New(enroll.IProov, config.BaseURL, options...)
	if err := errors.Join(err, config.validate()); err != nil {
		return nil, err
	}
	c := &Client{rest: asking, config: config}
	c.access = newAccessTokens(asking.Now, c.newAccessToken)
	return c, nil
}

// ask sends a request and reads the body of a 200 into target. Any other
// answer means what the table says.
func (c *Client) ask(ctx context.Context, name call, r rest.Request, target any) (*rest.Answer, error) {
	r.Op = string(name)
	r.Redact = append(r.Redact, c.config.APIKey.Reveal(), c.config.APISecret.Reveal(), c.config.OAuthPassword.Reveal())
	answer, err := c.rest.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, refuse(name, answer)
	}
	return answer, answer.Decode(target)
}

// credentials are the fields that open every body of the Service API.
func (c *Client) credentials() credentials {
	return credentials{APIKey: c.config.APIKey, Secret: c.config.APISecret}
}
