package authid

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// selfieLife is how long authID keeps a captured selfie.
const selfieLife = 72 * time.Hour

// Operation describes a capture to create.
type Operation struct {
	// Journey decides what is captured: an enrollment or a live selfie.
	Journey enroll.Journey
	// AccountNumber is whose.
	AccountNumber string
	// Codeword is a secret shown to the person; it may be empty.
	Codeword enroll.Secret
	// Tag is kept with the operation; it may be empty.
	Tag string
	// Timeout is how long the person has; authID counts in seconds.
	Timeout time.Duration
	// TransportType is 0 inline, 1 SMS, 2 e-mail.
	TransportType int
}

// name is authID's name of the operation.
//
// https://developer.authid.ai/docs/transaction-type
func (o Operation) name() (string, call, error) {
	switch o.Journey { //nolint:exhaustive // the other journeys are other providers'
	case enroll.AuthIDEnroll:
		return "EnrollBioCredential", callCreateEnroll, nil
	case enroll.AuthIDSelfie:
		return "GetForeignBiometry", callCreateSelfie, nil
	}
	return "", "", fmt.Errorf("authid: %q is not a journey at authID", o.Journey)
}

// createBody is the request of CreateOperation. Codeword and Tag are always
// sent, also when empty, as in the documentation's example.
type createBody struct {
	AccountNumber string
	Codeword      enroll.Secret
	Name          string
	Timeout       int // seconds
	TransportType int
	Tag           string
}

// CreateOperation opens a capture and returns its hand-over. Inline it may be
// repeated: a second operation is harmless. With another transport each call
// sends the person a message, so it is made once only. Refusals
// (*enroll.Refusal): the account has a credential already (enrollment), does
// not exist, or has no phone or e-mail for the message.
//
// POST {auth}/v2/operations
//
// https://developer.authid.ai/docs/enroll-biometrics and
// https://developer.authid.ai/docs/capture-live-selfie
func (c *Client) CreateOperation(ctx context.Context, o Operation) (enroll.HandOver, error) {
	name, asked, err := o.name()
	if err != nil {
		return enroll.HandOver{}, err
	}
	expiresAt := c.rest.Now().Add(o.Timeout)
	answer, err := c.ask(ctx, rest.Request{
		Op: "authid: create operation", Method: http.MethodPost, Path: auth + "/operations",
		Body: rest.JSON(createBody{
			AccountNumber: o.AccountNumber, Codeword: o.Codeword, Name: name,
			Timeout: int(o.Timeout / time.Second), TransportType: o.TransportType, Tag: o.Tag,
		}),
		Once:   o.TransportType != enroll.TransportInline,
		Redact: []string{o.AccountNumber, o.Codeword.Reveal(), o.Tag},
	})
	if err != nil {
		return enroll.HandOver{}, err
	}
	if answer.Status != http.StatusOK {
		return enroll.HandOver{}, problem(asked, answer)
	}
	return c.readCreated(o, answer, expiresAt)
}

func (c *Client) readCreated(o Operation, answer *rest.Answer, expiresAt time.Time) (enroll.HandOver, error) {
	var body struct {
		OperationID   string `json:"OperationId"` //nolint:tagliatelle // the vendor's casing
		OneTimeSecret enroll.Secret
	}
	if err := answer.Decode(&body); err != nil {
		return enroll.HandOver{}, err
	}
	inline := o.TransportType == enroll.TransportInline
	switch {
	case body.OperationID == "":
		return enroll.HandOver{}, answer.Unexpected("", "the answer holds no OperationId")
	case inline && body.OneTimeSecret == "":
		return enroll.HandOver{}, answer.Unexpected("", "the answer holds no OneTimeSecret")
	}
	opened := &enroll.AuthIDHandOver{OperationID: body.OperationID, TransportType: o.TransportType}
	if inline {
		opened.OneTimeSecret = body.OneTimeSecret
		opened.CaptureURL = captureURL(c.rest.BaseURL(), body.OperationID, body.OneTimeSecret)
	}
	return enroll.HandOver{ExpiresAt: expiresAt, AuthID: opened}, nil
}

// captureURL is the address for the web component or a WebView. The component
// finds its helper scripts by replacing the "/?", so that must be there.
//
// https://developer.authid.ai/docs/embedded-ui-deployment
func captureURL(host, operationID string, secret enroll.Secret) enroll.Secret {
	return enroll.Secret(host + "/?i=" + url.QueryEscape(operationID) + "&s=" + url.QueryEscape(secret.Reveal()))
}

// SelfieReference returns the reference of an accepted live selfie. Its end is
// counted from now, because authID does not tell when the selfie was taken.
//
// GET {admin}/v1/foreignOperations/biometry/{OperationId}
//
// https://developer.authid.ai/docs/enroll-user-credentials-from-selfie
func (c *Client) SelfieReference(ctx context.Context, operationID string) (enroll.SelfieReference, error) {
	answer, err := c.ask(ctx, rest.Request{
		Op: "authid: selfie reference", Method: http.MethodGet,
		Path: admin + "/foreignOperations/biometry/{operation}", Params: map[string]string{"operation": operationID},
	})
	if err != nil {
		return enroll.SelfieReference{}, err
	}
	if answer.Status != http.StatusOK {
		return enroll.SelfieReference{}, problem(callSelfie, answer)
	}
	var body struct {
		Status *int
		TempID string `json:"TempId"` //nolint:tagliatelle // the vendor's casing
	}
	if err := answer.Decode(&body); err != nil {
		return enroll.SelfieReference{}, err
	}
	if body.Status == nil || *body.Status != StatusAccepted || body.TempID == "" {
		return enroll.SelfieReference{}, answer.Unexpected("", "the answer holds no TempId of an accepted selfie")
	}
	return enroll.SelfieReference{TempID: body.TempID, EndsAt: c.rest.Now().Add(selfieLife)}, nil
}
