package iproov

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// probeUser is a user that does not exist: its user_id is one that no journey
// generates.
const probeUser = "bioenroll.check"

// Availability reports whether iProov says that the service of our key is up,
// and how far its clock is ahead of ours.
//
// GET /availability
//
// https://docs.iproov.com
func (c *Client) Availability(ctx context.Context) (up bool, skew time.Duration, err error) {
	var got availabilityAnswer
	answer, err := c.ask(ctx, callAvailability, rest.Request{
		Method: http.MethodGet,
		Path:   "/availability",
		Query:  url.Values{"api_key": {c.config.APIKey.Reveal()}},
	}, &got)
	switch {
	case err != nil:
		return false, 0, err
	case got.Up == nil:
		return false, 0, answer.Unexpected("", "the answer does not say whether the service is up")
	}
	return *got.Up, answer.Skew, nil
}

// Check tries the region, the key, the secret and the OAuth credentials, and
// tells how far iProov's clock is ahead of ours. It changes nothing at iProov:
// the secret is tried by asking for a verify token of a user who does not
// exist, which iProov refuses only after it accepted the credentials.
func (c *Client) Check(ctx context.Context) (skew time.Duration, err error) {
	up, skew, err := c.Availability(ctx)
	if err != nil {
		return 0, err
	}
	if !up {
		return 0, &enroll.Error{Op: string(callAvailability), Kind: enroll.KindUnavailable, Message: "the service says that it is down"}
	}
	if _, err := c.VerifyToken(ctx, probeUser, enroll.GenuinePresence); err != nil {
		refusal, ok := errors.AsType[*enroll.Refusal](err)
		if !ok || refusal.Verdict.Reason != enroll.ReasonUserNotFound {
			return 0, err
		}
	}
	if _, err := c.access.take(ctx); err != nil {
		return 0, err
	}
	return skew, nil
}
