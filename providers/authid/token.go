package authid

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

const (
	// assumedLife is how long an access token is used when authID does not
	// tell its end; about 15 minutes were observed.
	assumedLife = 10 * time.Minute
	// spare is how long before its end a token is replaced, so that it does
	// not end on the way. A short life is used for four fifths.
	spare = time.Minute
)

// session is a pair of tokens and when the access token is to be replaced.
type session struct {
	enroll.Private

	access, refresh enroll.Secret
	staleAt         time.Time
}

// tokens keeps the session that all calls share. However many calls need a new
// one at the same moment, authID is asked once.
type tokens struct {
	enroll.Private

	rest   *rest.Client
	config Config
	flight singleflight.Group

	mu   sync.Mutex
	held session
}

func newTokens(client *rest.Client, config Config) *tokens {
	return &tokens{rest: client, config: config}
}

// current returns an access token that is fit for a call.
func (t *tokens) current(ctx context.Context) (enroll.Secret, error) {
	if held := t.load(); t.fresh(held) {
		return held.access, nil
	}
	// The callers that wait must not fail because the one that asks is
	// cancelled. The client's own deadline bounds the question.
	detached := context.WithoutCancel(ctx)
	renewed := t.flight.DoChan("session", func() (any, error) { return t.renew(detached) })
	select {
	case result := <-renewed:
		access, _ := result.Val.(enroll.Secret)
		return access, result.Err
	case <-ctx.Done():
		return "", &enroll.Error{Op: "authid: access token", Kind: enroll.KindUnavailable, Err: ctx.Err()}
	}
}

// drop makes a token unfit that authID did not accept, unless it was replaced
// already.
func (t *tokens) drop(access enroll.Secret) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held.access == access {
		t.held.access = ""
	}
}

func (t *tokens) load() session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held
}

func (t *tokens) keep(s session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = s
}

func (t *tokens) fresh(s session) bool { return s.access != "" && t.rest.Now().Before(s.staleAt) }

// renew replaces the session: with the refresh token where there is one, and
// with the API key where there is none or authID does not take it.
func (t *tokens) renew(ctx context.Context) (enroll.Secret, error) {
	held := t.load()
	if t.fresh(held) {
		return held.access, nil // Another flight landed between our look and this one.
	}
	if held.refresh != "" {
		renewed, err := t.refresh(ctx, held.refresh)
		t.keep(renewed) // After a failure: nothing, so that the next attempt uses the API key.
		if err == nil || busy(err) {
			return renewed.access, err
		}
	}
	issued, _, err := t.issue(ctx)
	if err != nil {
		return "", err
	}
	t.keep(issued)
	return issued.access, nil
}

// busy reports whether asking something else at once would fail like this.
func busy(err error) bool {
	failed, ok := errors.AsType[*enroll.Error](err)
	return ok && (failed.Kind == enroll.KindUnavailable || failed.Kind == enroll.KindThrottled)
}

// issue asks for a new session with the API key.
//
// POST {identity}/auth/token
//
// https://developer.authid.ai/docs/api-authentication-and-security
func (t *tokens) issue(ctx context.Context) (session, time.Duration, error) {
	answer, err := t.rest.Do(ctx, rest.Request{
		Op: "authid: access token", Method: http.MethodPost, Path: identity + "/auth/token",
		Auth: rest.Basic(t.config.APIKeyID, t.config.APIKeyValue),
	})
	if err != nil {
		return session{}, 0, err
	}
	issued, err := t.read(callToken, answer)
	return issued, answer.Skew, err
}

// refresh asks for a new session with the refresh token, which travels as a
// bare JSON text.
//
// POST {identity}/auth/refresh
//
// https://developer.authid.ai/docs/api-authentication-and-security
func (t *tokens) refresh(ctx context.Context, token enroll.Secret) (session, error) {
	answer, err := t.rest.Do(ctx, rest.Request{
		Op: "authid: refresh the access token", Method: http.MethodPost, Path: identity + "/auth/refresh",
		Body: rest.JSON(token), Redact: []string{token.Reveal()},
	})
	if err != nil {
		return session{}, err
	}
	return t.read(callRefresh, answer)
}

// tokenAnswer is authID's answer to both.
type tokenAnswer struct {
	AccessToken               enroll.Secret
	RefreshToken              enroll.Secret
	AccessTokenExpirationDate string
}

func (t *tokens) read(asked call, answer *rest.Answer) (session, error) {
	if answer.Status != http.StatusOK {
		return session{}, problem(asked, answer)
	}
	var body tokenAnswer
	if err := answer.Decode(&body); err != nil {
		return session{}, err
	}
	if body.AccessToken == "" {
		return session{}, answer.Unexpected("", "the answer holds no AccessToken")
	}
	now := t.rest.Now()
	life := lifeOf(body.AccessTokenExpirationDate, now)
	return session{access: body.AccessToken, refresh: body.RefreshToken, staleAt: now.Add(life - min(spare, life/5))}, nil
}

// lifeOf reads how long a token lasts. The form of the date is not documented;
// one without a zone is taken as UTC, and an end that has passed is not
// believed.
func lifeOf(date string, now time.Time) time.Duration {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, time.RFC1123, time.RFC1123Z} {
		if end, err := time.Parse(layout, date); err == nil && end.After(now) {
			return end.Sub(now)
		}
	}
	return assumedLife
}
