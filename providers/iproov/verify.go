package iproov

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// claimTime is how long a person's SDK has to claim a token.
const claimTime = 2 * time.Minute

// reasonForm is what the invalidate endpoint takes as a reason.
var reasonForm = regexp.MustCompile(`^[a-zA-Z0-9_.:=()'"/\s]{1,800}$`)

// VerifyToken is what a person's SDK needs to be verified.
type VerifyToken struct {
	// Token is the token; whoever holds it can be verified with it.
	Token enroll.Secret
	// ExpiresAt is when the token can no longer be claimed, by our clock.
	ExpiresAt time.Time
	// StreamingURL is the address for the SDK.
	StreamingURL string
}

// VerifyToken asks for a token that verifies one person against the photo of
// an enrolled user. It must be claimed within two minutes. A user who does not
// exist or is suspended is refused. Asking again is harmless.
//
// POST /claim/verify/token
//
// https://docs.iproov.com
func (c *Client) VerifyToken(ctx context.Context, userID, assuranceType string) (VerifyToken, error) {
	// The time counts from before the question: iProov's two minutes begin
	// somewhere between question and answer.
	expires := c.rest.Now().Add(claimTime)
	token, err := c.token(ctx, callVerify, "/claim/verify/token", userID, assuranceType)
	if err != nil {
		return VerifyToken{}, err
	}
	return VerifyToken{Token: token, ExpiresAt: expires, StreamingURL: c.config.StreamingURL}, nil
}

// Validate asks how the verification with the token ended. iProov answers once
// for each user_id and token, so the call is made only once, and a failure of
// kind enroll.KindLost cannot be mended: no endpoint tells the outcome again.
//
// A token that has no result to give (the person has not finished, or the
// result was taken before: iProov does not tell them apart) is the error kind
// enroll.KindPending. Nothing was taken by such a question, and it may be
// repeated.
//
// An answer about another token or user is the failure of an unreadable one.
// client is the User-Agent of the person.
//
// POST /claim/verify/validate
//
// https://docs.iproov.com
func (c *Client) Validate(ctx context.Context, userID string, token enroll.Secret, client string) (enroll.Verdict, error) {
	var got validateAnswer
	answer, err := c.ask(ctx, callValidate, rest.Request{
		Method: http.MethodPost,
		Path:   "/claim/verify/validate",
		Body: rest.JSON(validateRequest{
			credentials: c.credentials(),
			UserID:      userID,
			Token:       token,
			Client:      client,
		}),
		Once:   true,
		Redact: []string{userID, token.Reveal()},
	}, &got)
	switch {
	case err != nil:
		return enroll.Verdict{}, err
	case got.Passed == nil:
		return enroll.Verdict{}, answer.Unexpected("", "the answer does not say whether the person passed")
	case got.Token != token:
		return enroll.Verdict{}, answer.Unexpected("", "the answer is about another token")
	case got.UserID != "" && got.UserID != userID:
		return enroll.Verdict{}, answer.Unexpected("", "the answer is about another user_id")
	}
	return answer.Verdict(got.verdict()), nil
}

// verdict is what the answer means for the journey.
func (a validateAnswer) verdict() enroll.Verdict {
	if *a.Passed {
		return enroll.Verdict{Outcome: enroll.Enrolled, ProviderCode: "passed=true"}
	}
	return enroll.Verdict{
		Outcome:      enroll.Rejected,
		Reason:       a.reason(),
		ProviderCode: "passed=false",
		Message:      a.Reason,
		CanRetry:     true,
	}
}

// Invalidate makes a token useless, so that nobody can be verified with it
// after its journey ended. A token that is useless already is a success. The
// reason is for iProov's own records: 1 to 800 letters, digits, spaces and
// _ . : = ( ) ' " /. The token tells iProov which user it is; the userID is
// needed for no failure to tell it.
//
// POST /claim/{token}/invalidate
//
// https://docs.iproov.com
func (c *Client) Invalidate(ctx context.Context, userID string, token enroll.Secret, reason string) error {
	if !reasonForm.MatchString(reason) {
		return &enroll.Error{
			Op:      string(callInvalidate),
			Kind:    enroll.KindInvalid,
			Message: `the reason must be 1 to 800 letters, digits, spaces and _ . : = ( ) ' " /`,
			NotSent: true,
		}
	}
	var got invalidateAnswer
	answer, err := c.ask(ctx, callInvalidate, rest.Request{
		Method: http.MethodPost,
		Path:   "/claim/{token}/invalidate",
		Params: map[string]string{"token": token.Reveal()},
		Body:   rest.JSON(invalidateRequest{Reason: reason}),
		Redact: []string{userID},
	}, &got)
	switch {
	case errors.Is(err, errSettled):
		return nil
	case err != nil:
		return err
	case got.ClaimAborted == nil:
		return answer.Unexpected("", "the answer does not say whether the token was invalidated")
	}
	// claim_aborted false means that no claim was running, not that the token
	// lives on.
	return nil
}
