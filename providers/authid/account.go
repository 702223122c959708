package authid

import (
	"context"
	"net/http"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// ReadAccount makes sure that the account exists. A missing one is an
// *enroll.Refusal: authID answers 200 with null then, never 404.
//
// GET {admin}/v1/accounts/{AccountNumber}
//
// https://developer.authid.ai/docs/enroll-biometrics
func (c *Client) ReadAccount(ctx context.Context, accountNumber string) error {
	answer, err := c.ask(ctx, rest.Request{
		Op: "authid: read account", Method: http.MethodGet,
		Path: admin + "/accounts/{account}", Params: map[string]string{"account": accountNumber},
	})
	switch {
	case err != nil:
		return err
	case answer.Status != http.StatusOK:
		return problem(callReadAccount, answer)
	case answer.Empty():
		return answer.Refusal(enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonAccountNotFound})
	}
	var body struct{ AccountNumber string }
	if err := answer.Decode(&body); err != nil {
		return err
	}
	if !strings.EqualFold(body.AccountNumber, accountNumber) {
		return answer.Unexpected("", "the answer is not about the account that was asked for")
	}
	return nil
}

// AttachCredential makes a captured selfie the account's credential. Refusals
// (*enroll.Refusal): the account has one already, the selfie was purged.
//
// POST {admin}/v1/accounts/{AccountNumber}/proofedBioCredential
//
// https://developer.authid.ai/docs/enroll-user-credentials-from-selfie
func (c *Client) AttachCredential(ctx context.Context, accountNumber, tempID string) error {
	answer, err := c.ask(ctx, rest.Request{
		Op: "authid: attach credential", Method: http.MethodPost,
		Path: admin + "/accounts/{account}/proofedBioCredential", Params: map[string]string{"account": accountNumber},
		Body: rest.JSON(struct {
			TempID string `json:"TempId"` //nolint:tagliatelle // the vendor's casing
		}{tempID}),
		Redact: []string{tempID},
	})
	switch {
	case err != nil:
		return err
	case answer.Status != http.StatusOK:
		return problem(callAttach, answer)
	}
	return nil
}

// RemoveCredential takes the account's biometric credential away and reports
// whether authID found one. It is safe to repeat.
//
// DELETE {admin}/v1/accounts/{AccountNumber}/bioCredential
//
// No page describes the call: it is known from authID's older clients.
func (c *Client) RemoveCredential(ctx context.Context, accountNumber string) (existed bool, err error) {
	answer, err := c.ask(ctx, rest.Request{
		Op: "authid: remove credential", Method: http.MethodDelete,
		Path: admin + "/accounts/{account}/bioCredential", Params: map[string]string{"account": accountNumber},
	})
	switch {
	case err != nil:
		return false, err
	case answer.Status == http.StatusNotFound:
		return false, nil
	case answer.Status != http.StatusOK && answer.Status != http.StatusNoContent:
		return false, problem(callRemove, answer)
	}
	return true, nil
}
