package iproov

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// The bounds of an access token.
const (
	// accessLife is how long iProov takes a token at most.
	accessLife = time.Hour
	// accessUses is how many requests iProov takes with a token.
	accessUses = 50
	// accessMargin is how long before its end a token is given up, so that it
	// does not end on the way.
	accessMargin = 30 * time.Second
)

// accessToken is a token of the user endpoints with what is left of it.
type accessToken struct {
	enroll.Private

	value enroll.Secret
	ends  time.Time
	uses  int
}

// accessTokens keeps one access token until an hour or 50 requests are used
// up. However many callers need one, a single request fetches it.
type accessTokens struct {
	enroll.Private

	now   func() time.Time
	fetch func(context.Context) (accessToken, error)
	group singleflight.Group

	mu   sync.Mutex
	kept accessToken
}

func newAccessTokens(now func() time.Time, fetch func(context.Context) (accessToken, error)) *accessTokens {
	return &accessTokens{now: now, fetch: fetch}
}

// take returns a token for one request and counts the request. Callers beyond
// the uses of a fresh token fetch the next one.
func (t *accessTokens) take(ctx context.Context) (enroll.Secret, error) {
	for {
		if value, ok := t.use(); ok {
			return value, nil
		}
		// The one who fetches does it for others too: it must not end because
		// the first of them left. The request has a deadline of its own.
		done := t.group.DoChan("", func() (any, error) { return nil, t.renew(context.WithoutCancel(ctx)) })
		select {
		case <-ctx.Done():
			return "", &enroll.Error{Op: string(callAccess), Kind: enroll.KindUnavailable, Err: ctx.Err(), NotSent: true}
		case result := <-done:
			if result.Err != nil {
				return "", result.Err
			}
		}
	}
}

// use counts one request of the kept token, if it has any left.
func (t *accessTokens) use() (enroll.Secret, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept.uses <= 0 || !t.now().Before(t.kept.ends) {
		return "", false
	}
	t.kept.uses--
	return t.kept.value, true
}

// renew fetches a token, unless another caller did so in the meantime.
func (t *accessTokens) renew(ctx context.Context) error {
	t.mu.Lock()
	fresh := t.kept.uses > 0 && t.now().Before(t.kept.ends)
	t.mu.Unlock()
	if fresh {
		return nil
	}
	token, err := t.fetch(ctx)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = token
	return nil
}

// drop forgets a token that iProov refused, but not the one that another
// caller fetched in its place.
func (t *accessTokens) drop(refused enroll.Secret) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept.value == refused {
		t.kept = accessToken{}
	}
}

// newAccessToken asks for an access token. No scope is named, so that it has
// every scope that the portal grants.
//
// POST /{api_key}/access_token
//
// https://docs.iproov.com
func (c *Client) newAccessToken(ctx context.Context) (accessToken, error) {
	asked := c.rest.Now()
	var got accessTokenAnswer
	answer, err := c.ask(ctx, callAccess, rest.Request{
		Method: http.MethodPost,
		Path:   "/{api_key}/access_token",
		Params: map[string]string{"api_key": c.config.APIKey.Reveal()},
		Auth:   rest.Basic(c.config.OAuthUsername, c.config.OAuthPassword),
		Body:   rest.Form(url.Values{"grant_type": {"client_credentials"}}),
	}, &got)
	switch {
	case err != nil:
		return accessToken{}, err
	case got.AccessToken == "":
		return accessToken{}, answer.Unexpected("", "the answer holds no access token")
	}
	life := accessLife
	if told := time.Duration(got.ExpiresIn) * time.Second; told > 0 && told < life {
		life = told
	}
	return accessToken{
		value: got.AccessToken,
		ends:  asked.Add(max(life-accessMargin, life/2)),
		uses:  accessUses,
	}, nil
}
