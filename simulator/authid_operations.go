package simulator

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

const authIDOperationKind = "authid.operation"

// The operations of authID, and the one transaction.
const (
	authIDEnroll      = "EnrollBioCredential"
	authIDSelfieName  = "GetForeignBiometry"
	authIDForeignDoc  = "GetForeignIDDocument"
	authIDDocument    = "GetIDDocument"
	authIDFido        = "EnrollFido2Credential"
	authIDVerify      = "Verify_Identity"
	authIDMaxTimeout  = 7 * 24 * 3600 // seconds; the real bounds are unpublished
	authIDSecretBytes = 16
)

// The statuses of operations and transactions.
const (
	authIDPending  = 0
	authIDAccepted = 1
	authIDRejected = 2
	authIDExpired  = 3
	authIDError    = 4
	authIDCanceled = 5
)

const (
	authIDInline = 0
	authIDSMS    = 1
	authIDEmail  = 2
)

// authIDOperation is an operation or a transaction, as it is stored. The secret is known by its fingerprint only.
type authIDOperation struct {
	ID            string    `json:"id"`
	Number        uint64    `json:"number"` // grows with each; the newest of an account is the one its user sees
	Transaction   bool      `json:"transaction"`
	Name          string    `json:"name"`
	AccountNumber string    `json:"account_number"`
	SecretMark    string    `json:"secret_mark"`
	Transport     int       `json:"transport"`
	Tag           string    `json:"tag"`
	Status        int       `json:"status"`
	Message       string    `json:"message"`
	TempID        string    `json:"temp_id"`
	CreatedAt     time.Time `json:"created_at"`
	ExpiresAt     time.Time `json:"expires_at"`
}

func (op authIDOperation) secretIs(secret string) bool { return op.SecretMark == fingerprint(secret) }

func authIDOperationEndpoints() []endpoint {
	const operation, transaction = authIDAuth + "/v2/operations/{operation}", authIDAuth + "/v2/transactions/{operation}"
	list := []endpoint{
		{name: "authid.create_operation", pattern: "POST " + authIDAuth + "/v2/operations", subject: authIDBodySubject, handle: authIDCreateOperation},
		{name: "authid.status", pattern: "GET " + operation + "/status", subject: authIDOperationSubject, handle: authIDStatus(false)},
		{name: "authid.result", pattern: "GET " + operation + "/result", subject: authIDOperationSubject, handle: authIDResult(false)},
		{name: "authid.create_transaction", pattern: "POST " + authIDAuth + "/v2/transactions", subject: authIDBodySubject, handle: authIDCreateTransaction},
		{name: "authid.transaction_status", pattern: "GET " + transaction + "/status", subject: authIDOperationSubject, handle: authIDStatus(true)},
		{name: "authid.transaction_result", pattern: "GET " + transaction + "/result", subject: authIDOperationSubject, handle: authIDResult(true)},
	}
	for i := range list {
		list[i].handle = authIDGuard(list[i].handle)
	}
	return list
}

type authIDOperationRequest struct {
	AccountNumber string
	Codeword      string
	Name          string
	Timeout       int // seconds
	TransportType int
	Tag           string
}

func authIDCreateOperation(c *call) reply {
	var ask authIDOperationRequest
	if refusal, ok := authIDDecode(c, &ask); !ok {
		return refusal
	}
	if !slices.Contains([]string{authIDEnroll, authIDSelfieName, authIDForeignDoc, authIDDocument, authIDFido}, ask.Name) {
		return authIDRefuse(http.StatusBadRequest, authIDOperationMissing, "Operation with the name '"+ask.Name+"' was not found.")
	}
	account, found := authIDFindAccount(c.txn, ask.AccountNumber)
	if !found {
		return authIDNoAccount()
	}
	if sc, magic := script[authIDScript](c.txn, authIDName, ask.AccountNumber); magic {
		c.newJourney(authIDName, ask.AccountNumber, "authid.status", "authid.result", "authid.read_selfie")
		authIDDropCredential(c.txn, account)
		account = sc.account(c.txn, ask.AccountNumber)
		authIDKeep(c.txn, account)
	}
	if ask.Name == authIDEnroll && account.Credential != nil {
		return authIDCredentialConflict()
	}
	if refusal, ok := authIDCheckOperation(ask, account.Body); !ok {
		return refusal
	}
	op, secret := authIDOpen(c, ask, false)
	answer := authIDOpened{OperationID: op.ID, OneTimeSecret: secret}
	if op.Transport != authIDInline {
		authIDSend(c, op, account.Body, secret)
		answer.OneTimeSecret = ""
	}
	return jsonReply(http.StatusOK, answer)
}

// authIDOpened is the answer to a created operation or transaction; out-of-band ones come without the secret.
type authIDOpened struct {
	OperationID   string `json:"OperationId,omitempty"`   //nolint:tagliatelle // the vendor's casing
	TransactionID string `json:"TransactionId,omitempty"` //nolint:tagliatelle // the vendor's casing
	OneTimeSecret string `json:",omitempty"`              //nolint:tagliatelle // the vendor's casing
}

func authIDCheckOperation(ask authIDOperationRequest, account authIDAccountBody) (reply, bool) {
	switch {
	case ask.Timeout < 1 || ask.Timeout > authIDMaxTimeout:
		return authIDRefuse(http.StatusBadRequest, authIDArgument, "Timeout is out of range."), false
	case ask.TransportType < authIDInline || ask.TransportType > authIDEmail:
		return authIDRefuse(http.StatusBadRequest, authIDArgument, "TransportType is out of range."), false
	case ask.TransportType == authIDSMS && account.PhoneNumber == "":
		return authIDRefuse(http.StatusBadRequest, authIDContactMissing, "Account has no phone number."), false
	case ask.TransportType == authIDEmail && account.Email == "":
		return authIDRefuse(http.StatusBadRequest, authIDContactMissing, "Account has no email."), false
	}
	return reply{}, true
}

// authIDOpen stores a new operation with what will happen to it, and returns its secret.
func authIDOpen(c *call, ask authIDOperationRequest, transaction bool) (authIDOperation, string) {
	secret := base64.StdEncoding.EncodeToString(randomBytes(authIDSecretBytes))
	sc, magic := script[authIDScript](c.txn, authIDName, ask.AccountNumber)
	life := time.Duration(ask.Timeout) * time.Second
	if sc.expires > 0 {
		life = sc.expires
	}
	op := authIDOperation{
		ID: uuid.NewString(), Number: c.number(authIDOperationKind), Transaction: transaction, Name: ask.Name,
		AccountNumber: ask.AccountNumber, SecretMark: fingerprint(secret), Transport: ask.TransportType, Tag: ask.Tag,
		CreatedAt: c.now, ExpiresAt: c.now.Add(life),
	}
	put(c.txn, authIDOperationKind, op.ID, op)
	if op.AccountNumber != "" { // the old selfie call names no account
		put(c.txn, authIDNewestKind, op.AccountNumber, op.ID)
	}
	c.schedule(op.ExpiresAt, authIDName, "expire", op.ID)
	if magic && sc.user != "" {
		c.schedule(c.autoUserAt(), authIDName, "user", op.ID)
	}
	c.entry.Ref = op.ID
	if transaction {
		c.effect("transaction_created")
	} else {
		c.effect("operation_created")
	}
	return op, secret
}

// authIDPageURL is the address of the capture page below the host.
func authIDPageURL(op authIDOperation, secret string) string {
	id := "i"
	if op.Transaction {
		id = "t"
	}
	return "/?" + id + "=" + url.QueryEscape(op.ID) + "&s=" + url.QueryEscape(secret)
}

func authIDSend(c *call, op authIDOperation, to authIDAccountBody, secret string) {
	m := Message{
		Provider: authIDName, Channel: "sms", To: to.PhoneNumber,
		Subject: op.AccountNumber, OperationID: op.ID, URL: authIDPageURL(op, secret),
	}
	if op.Transport == authIDEmail {
		m.Channel, m.To = "email", to.Email
	}
	c.send(m)
	c.effect("message_sent")
}

// authIDTransactionRequest is what the verify flow sends; only the policy's transport matters here.
type authIDTransactionRequest struct {
	AccountNumber      string
	Name               string
	Timeout            int
	ConfirmationPolicy struct{ TransportType int }
}

func authIDCreateTransaction(c *call) reply {
	var ask authIDTransactionRequest
	if refusal, ok := authIDDecode(c, &ask); !ok {
		return refusal
	}
	if ask.Name != authIDVerify {
		return authIDRefuse(http.StatusBadRequest, authIDOperationMissing, "Transaction with the name '"+ask.Name+"' was not found.")
	}
	account, found := authIDFindAccount(c.txn, ask.AccountNumber)
	if !found {
		return authIDNoAccount()
	}
	if account.Credential == nil {
		return authIDRefuse(http.StatusConflict, authIDCredentialAbsent, "Account has no biometric credentials.")
	}
	operation := authIDOperationRequest{
		AccountNumber: ask.AccountNumber, Name: ask.Name, Timeout: ask.Timeout, TransportType: ask.ConfirmationPolicy.TransportType,
	}
	if refusal, ok := authIDCheckOperation(operation, account.Body); !ok {
		return refusal
	}
	op, secret := authIDOpen(c, operation, true)
	answer := authIDOpened{TransactionID: op.ID, OneTimeSecret: secret}
	if op.Transport != authIDInline {
		authIDSend(c, op, account.Body, secret)
		answer.OneTimeSecret = ""
	}
	return jsonReply(http.StatusOK, answer)
}

// authIDCreateSelfie is the old way to ask for a selfie: no account is named.
func authIDCreateSelfie(c *call) reply {
	var ask struct{ TimeoutSec int }
	if refusal, ok := authIDDecode(c, &ask); !ok {
		return refusal
	}
	if ask.TimeoutSec < 1 || ask.TimeoutSec > authIDMaxTimeout {
		return authIDRefuse(http.StatusBadRequest, authIDArgument, "TimeoutSec is out of range.")
	}
	op, secret := authIDOpen(c, authIDOperationRequest{Name: authIDSelfieName, Timeout: ask.TimeoutSec}, false)
	return jsonReply(http.StatusOK, authIDOpened{OperationID: op.ID, OneTimeSecret: secret})
}

func authIDPathOperation(c *call, transaction bool) (authIDOperation, bool) {
	op, found := get[authIDOperation](c.txn, authIDOperationKind, strings.ToLower(c.r.PathValue("operation")))
	c.entry.Ref = op.ID
	return op, found && op.Transaction == transaction
}

// authIDStatusBody is the answer to a question for the status. Message, present when there is something to say, is our choice
// of name: only Status is published.
type authIDStatusBody struct {
	Status  int
	Message string `json:",omitempty"` //nolint:tagliatelle // the vendor's casing
}

func authIDStatus(transaction bool) func(*call) reply {
	return func(c *call) reply {
		op, found := authIDPathOperation(c, transaction)
		if !found {
			return authIDRefuse(http.StatusNotFound, authIDOperationMissing, "Operation was not found.")
		}
		return jsonReply(http.StatusOK, authIDStatusBody{Status: op.Status, Message: op.Message})
	}
}

// authIDReadSelfie tells the TempId of a captured selfie.
func authIDReadSelfie(c *call) reply {
	op, found := authIDPathOperation(c, false)
	if !found || op.Name != authIDSelfieName {
		return authIDRefuse(http.StatusNotFound, authIDOperationMissing, "Operation was not found.")
	}
	return jsonReply(http.StatusOK, authIDSelfieBody{Status: op.Status, TempID: op.TempID})
}

type authIDSelfieBody struct {
	Status int
	TempID string `json:"TempId"` //nolint:tagliatelle // the vendor's casing
}
