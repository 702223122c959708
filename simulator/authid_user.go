package simulator

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/uuid"
)

const authIDNewestKind = "authid.newest" // account number → its newest operation

// authIDEnding is one way an operation can end, with the page the person then sees.
type authIDEnding struct {
	status  int
	message string
	page    string
}

// authIDEndings are the ways to fail that can be asked for, by their reason.
func authIDEndings() map[string]authIDEnding {
	return map[string]authIDEnding{
		"biometry_failed":              {authIDRejected, "Not authorized. Biometry failed.", "verifiedMatchFailPage"},
		"liveness_failed":              {authIDRejected, "Not authorized. Liveness failed.", "defaultFailedPage"},
		"biometry_and_liveness_failed": {authIDRejected, "Not authorized. Biometry failed. Liveness failed.", "defaultFailedPage"},
		"declined":                     {authIDRejected, "Declined by the user.", "verifyDeclinedPage"},
		"error":                        {authIDError, "The capture could not be processed.", "standardErrorPage"},
		"canceled":                     {authIDCanceled, "Canceled.", "transactionNotValidPage"},
		"expired":                      {authIDExpired, "Expired.", "transactionNotValidPage"},
	}
}

const (
	authIDDefaultFailure = "liveness_failed"
	authIDSuccessPage    = "verifiedPage"
)

// authIDExpire ends an operation nobody finished in time.
func authIDExpire(t *txn, id string) {
	op, found := get[authIDOperation](t, authIDOperationKind, id)
	if !found || op.Status != authIDPending {
		return
	}
	op.Status = authIDExpired
	put(t, authIDOperationKind, id, op)
	t.recordUser(authIDName, "operation_expires", op.AccountNumber, id, "operation_expired")
	authIDNotify(t, op)
}

// authIDAutoUser lets the user of a magic subject act, on the newest operation only: the person never saw an earlier one.
func authIDAutoUser(t *txn, id string) {
	op, found := get[authIDOperation](t, authIDOperationKind, id)
	newest, _ := get[string](t, authIDNewestKind, op.AccountNumber)
	sc, magic := script[authIDScript](t, authIDName, op.AccountNumber)
	if !found || !magic || newest != id || op.Status != authIDPending {
		return
	}
	authIDAct(t, op, sc.user, sc.reason, sc.status)
}

// authIDAct ends an operation as its user does and returns the page shown; a positive status replaces the usual one.
func authIDAct(t *txn, op authIDOperation, result, reason string, status int) string {
	var page string
	var effects []string
	switch result {
	case userCompletes:
		page, effects = authIDComplete(t, &op)
	case userFails:
		end := authIDEndings()[reason]
		op.Status, op.Message, page = end.status, end.message, end.page
		effects = []string{"operation_ended"}
	}
	if status > 0 {
		op.Status = status
	}
	put(t, authIDOperationKind, op.ID, op)
	t.recordUser(authIDName, "user_"+result, op.AccountNumber, op.ID, effects...)
	authIDNotify(t, op)
	return page
}

// authIDComplete accepts an operation with what follows from it. An account keeps one credential: a second enrollment that was
// opened before the first was finished ends in an error.
func authIDComplete(t *txn, op *authIDOperation) (string, []string) {
	op.Status = authIDAccepted
	switch op.Name {
	case authIDEnroll:
		account, _ := authIDFindAccount(t, op.AccountNumber)
		if !authIDGiveCredential(t, account, op.ID) {
			op.Status, op.Message = authIDError, "Biometric credentials already exist for this account."
			return "standardErrorPage", []string{"operation_ended"}
		}
		return authIDSuccessPage, []string{"credential_created"}
	case authIDSelfieName:
		op.TempID = uuid.NewString()
		if sc, _ := script[authIDScript](t, authIDName, op.AccountNumber); !sc.purged {
			ends := t.now.Add(t.srv.opts.Lifetimes.AuthIDSelfie)
			put(t, authIDSelfieKind, op.TempID, authIDSelfie{OperationID: op.ID, AccountNumber: op.AccountNumber, Ends: ends})
			t.schedule(ends, authIDName, "selfie_ends", op.TempID)
		}
		return authIDSuccessPage, []string{"selfie_captured"}
	default:
		return authIDSuccessPage, []string{"operation_accepted"}
	}
}

// authIDCaptureRequest is what POST /_sim/capture takes for authID.
type authIDCaptureRequest struct {
	Provider      string `json:"provider"`
	OperationID   string `json:"operation_id"`
	TransactionID string `json:"transaction_id"`
	Subject       string `json:"subject"`
	Secret        string `json:"secret"` // when given, it must be the operation's
	Result        string `json:"result"`
	Reason        string `json:"reason"`
}

// authIDCaptureAnswer tells where the capture stands afterwards.
type authIDCaptureAnswer struct {
	OperationID string `json:"operation_id"`
	Status      int    `json:"status"`
	Page        string `json:"page"` // the final page the person sees; empty after walking away
	Success     bool   `json:"success"`
}

func authIDCapture(t *txn, request json.RawMessage) (any, error) {
	var ask authIDCaptureRequest
	if err := decodeStrict(request, &ask); err != nil {
		return nil, err
	}
	op, err := authIDOpenOperation(t, ask)
	if err != nil {
		return nil, err
	}
	if err := ask.check(); err != nil {
		return nil, err
	}
	if ask.Reason == "" {
		ask.Reason = authIDDefaultFailure
	}
	page := authIDAct(t, op, ask.Result, ask.Reason, 0)
	op, _ = get[authIDOperation](t, authIDOperationKind, op.ID)
	return authIDCaptureAnswer{OperationID: op.ID, Status: op.Status, Page: page, Success: page == authIDSuccessPage}, nil
}

func (ask authIDCaptureRequest) check() error {
	switch ask.Result {
	case userCompletes, userWalksAway:
		if ask.Reason != "" {
			return problem("a reason goes with result fail only")
		}
		return nil
	case userFails:
		endings := authIDEndings()
		if _, known := endings[ask.Reason]; known || ask.Reason == "" {
			return nil
		}
		names := make([]string, 0, len(endings))
		for name := range endings {
			names = append(names, name)
		}
		slices.Sort(names)
		return problem("reason is %q; allowed are %s", ask.Reason, strings.Join(names, ", "))
	}
	return problem("result is %q; allowed are complete, fail, walk_away", ask.Result)
}

// authIDOpenOperation finds the capture a request means and makes sure that it still waits for its user.
func authIDOpenOperation(t *txn, ask authIDCaptureRequest) (authIDOperation, error) {
	id := strings.ToLower(ask.OperationID + ask.TransactionID)
	if id == "" {
		id, _ = get[string](t, authIDNewestKind, ask.Subject)
	}
	op, found := get[authIDOperation](t, authIDOperationKind, id)
	switch {
	case !found:
		return op, problem("authID has no such operation; give operation_id, or the subject of an account with an open operation")
	case ask.Secret != "" && !op.secretIs(ask.Secret):
		return op, problem("the secret is not that of the operation")
	case op.Status != authIDPending:
		return op, problem("operation %s has ended with status %d", op.ID, op.Status)
	}
	return op, nil
}

// authIDTruth is what GET /_sim/state tells of an account.
type authIDTruth struct {
	Provider      string `json:"provider"`
	Subject       string `json:"subject"`
	Exists        bool   `json:"exists"`
	HasCredential bool   `json:"has_credential"`
	OperationID   string `json:"operation_id"` // the newest; empty when there is none
	Operation     string `json:"operation"`    // its name
	Status        int    `json:"status"`
	TempID        string `json:"temp_id"`
	OpenCaptures  int    `json:"open_captures"`
}

func authIDState(t *txn, subject string) any {
	account, found := authIDFindAccount(t, subject)
	truth := authIDTruth{Provider: authIDName, Subject: subject, Exists: found, HasCredential: account.Credential != nil}
	newest, _ := get[string](t, authIDNewestKind, subject)
	op, _ := get[authIDOperation](t, authIDOperationKind, newest)
	truth.OperationID, truth.Operation, truth.Status, truth.TempID = op.ID, op.Name, op.Status, op.TempID
	each(t, authIDOperationKind, "", func(_ string, op authIDOperation) bool {
		if op.AccountNumber == subject && op.Status == authIDPending {
			truth.OpenCaptures++
		}
		return true
	})
	return truth
}
