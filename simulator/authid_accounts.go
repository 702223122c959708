package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
)

const (
	authIDAccountKind    = "authid.account"
	authIDCredentialKind = "authid.credential" //nolint:gosec // the name of a bucket
	authIDSelfieKind     = "authid.selfie"
)

// authIDAccountBody is an account on the wire.
type authIDAccountBody struct {
	AccountNumber       string
	Version             int
	DisplayName         string
	CustomDisplayName   string
	Description         string
	Rules               int
	Enabled             bool
	Custom              bool
	DisableReason       int
	Email               string
	EmailVerified       bool
	PhoneNumber         string
	PhoneNumberVerified bool
}

// authIDAccount is an account as it is stored.
type authIDAccount struct {
	Body authIDAccountBody `json:"body"`
	// Credential is set while the account has its one biometric credential.
	Credential *authIDCredential `json:"credential,omitempty"`
}

type authIDCredential struct {
	ExternalID  string    `json:"external_id"`
	OperationID string    `json:"operation_id"` // or the TempId it was made from
	CreatedAt   time.Time `json:"created_at"`
}

type authIDSelfie struct {
	OperationID   string    `json:"operation_id"`
	AccountNumber string    `json:"account_number"`
	Ends          time.Time `json:"ends"`
}

func authIDAccountEndpoints(base string) []endpoint {
	one := base + "/accounts/{account}"
	list := []endpoint{
		{name: "authid.create_account", pattern: "POST " + base + "/accounts", subject: authIDBodySubject, handle: authIDCreateAccount},
		{name: "authid.read_account", pattern: "GET " + one, subject: authIDPathSubject, handle: authIDReadAccount},
		{name: "authid.delete_account", pattern: "DELETE " + one, subject: authIDPathSubject, handle: authIDDeleteAccount},
		{name: "authid.set_credential", pattern: "POST " + one + "/proofedBioCredential", subject: authIDPathSubject, handle: authIDSetCredential},
		{name: "authid.delete_credential", pattern: "DELETE " + one + "/bioCredential", subject: authIDPathSubject, handle: authIDDeleteCredential},
		{name: "authid.read_credential", pattern: "GET " + base + "/bioCredentials/{credential}", handle: authIDReadCredential},
		{name: "authid.list_credentials", pattern: "GET " + base + "/accounts/bioCredentials/metadata", handle: authIDListCredentials},
		{name: "authid.create_selfie", pattern: "POST " + base + "/foreignOperations/biometry", handle: authIDCreateSelfie},
		{
			name: "authid.read_selfie", pattern: "GET " + base + "/foreignOperations/biometry/{operation}",
			subject: authIDOperationSubject, handle: authIDReadSelfie,
		},
	}
	for i := range list {
		list[i].handle = authIDGuard(list[i].handle)
	}
	return list
}

// authIDFindAccount returns an account; that of a magic subject is there, or not, as its row says.
func authIDFindAccount(t *txn, number string) (authIDAccount, bool) {
	sc, magic := script[authIDScript](t, authIDName, number)
	if magic && sc.missing {
		return authIDAccount{}, false
	}
	stored, found := get[authIDAccount](t, authIDAccountKind, number)
	if magic && !found {
		return sc.account(t, number), true
	}
	return stored, found
}

func authIDKeep(t *txn, account authIDAccount) {
	put(t, authIDAccountKind, account.Body.AccountNumber, account)
}

// authIDGiveCredential makes a credential for the account; false when it has one.
func authIDGiveCredential(t *txn, account authIDAccount, from string) bool {
	if account.Credential != nil {
		return false
	}
	account.Credential = &authIDCredential{ExternalID: uuid.NewString(), OperationID: from, CreatedAt: t.now}
	authIDKeep(t, account)
	put(t, authIDCredentialKind, account.Credential.ExternalID, account.Body.AccountNumber)
	return true
}

func authIDDropCredential(t *txn, account authIDAccount) {
	if account.Credential != nil {
		remove(t, authIDCredentialKind, account.Credential.ExternalID)
		account.Credential = nil
		authIDKeep(t, account)
	}
}

func authIDCreateAccount(c *call) reply {
	var body authIDAccountBody
	if refusal, ok := authIDDecode(c, &body); !ok {
		return refusal
	}
	if body.AccountNumber == "" {
		return authIDRefuse(http.StatusBadRequest, authIDArgument, "AccountNumber is required.")
	}
	if _, exists := authIDFindAccount(c.txn, body.AccountNumber); exists {
		return authIDRefuse(http.StatusConflict, authIDAccountExists, "Account already exists.")
	}
	authIDKeep(c.txn, authIDAccount{Body: body})
	c.effect("account_created")
	return jsonReply(http.StatusOK, body)
}

// authIDReadAccount answers 200 with null when there is no such account, as the service does.
func authIDReadAccount(c *call) reply {
	account, found := authIDFindAccount(c.txn, authIDPathSubject(c))
	if !found {
		return jsonReply(http.StatusOK, nil)
	}
	return jsonReply(http.StatusOK, account.Body)
}

func authIDDeleteAccount(c *call) reply {
	account, found := authIDFindAccount(c.txn, authIDPathSubject(c))
	if !found {
		return authIDNoAccount()
	}
	authIDDropCredential(c.txn, account)
	remove(c.txn, authIDAccountKind, account.Body.AccountNumber)
	c.effect("account_deleted")
	return emptyReply(http.StatusOK)
}

func authIDNoAccount() reply {
	return authIDRefuse(http.StatusNotFound, authIDAccountMissing, "Account was not found.")
}

// authIDSetCredential makes the selfie behind a TempId the account's credential.
func authIDSetCredential(c *call) reply {
	var body struct{ TempID string } // TempId on the wire; names are read without regard to case
	if refusal, ok := authIDDecode(c, &body); !ok {
		return refusal
	}
	account, found := authIDFindAccount(c.txn, authIDPathSubject(c))
	if !found {
		return authIDNoAccount()
	}
	selfie, found := get[authIDSelfie](c.txn, authIDSelfieKind, body.TempID)
	if !found || !selfie.Ends.After(c.now) {
		return authIDRefuse(http.StatusNotFound, authIDSelfieMissing, "Temporary data was not found or has been purged.")
	}
	c.entry.Ref = selfie.OperationID
	if !authIDGiveCredential(c.txn, account, body.TempID) {
		return authIDCredentialConflict()
	}
	c.effect("credential_created")
	return emptyReply(http.StatusOK)
}

func authIDCredentialConflict() reply {
	return authIDRefuse(http.StatusConflict, authIDCredentialExists, "Biometric credentials already exist for this account.")
}

func authIDDeleteCredential(c *call) reply {
	account, found := authIDFindAccount(c.txn, authIDPathSubject(c))
	if !found {
		return authIDNoAccount()
	}
	if account.Credential == nil {
		return authIDRefuse(http.StatusNotFound, authIDCredentialAbsent, "Biometric credential was not found.")
	}
	authIDDropCredential(c.txn, account)
	c.effect("credential_deleted")
	return emptyReply(http.StatusOK)
}

// authIDCredentialBody is a credential on the wire; its shape is our choice.
type authIDCredentialBody struct {
	ExternalID    string
	AccountNumber string
	CreatedDate   string
}

func authIDReadCredential(c *call) reply {
	number, found := get[string](c.txn, authIDCredentialKind, c.r.PathValue("credential"))
	if !found {
		return authIDRefuse(http.StatusNotFound, authIDCredentialAbsent, "Biometric credential was not found.")
	}
	account, _ := authIDFindAccount(c.txn, number)
	return jsonReply(http.StatusOK, authIDCredentialOf(account))
}

func authIDCredentialOf(account authIDAccount) authIDCredentialBody {
	body := authIDCredentialBody{AccountNumber: account.Body.AccountNumber}
	if account.Credential != nil {
		body.ExternalID, body.CreatedDate = account.Credential.ExternalID, account.Credential.CreatedAt.Format(time.RFC3339)
	}
	return body
}

func authIDListCredentials(c *call) reply {
	q := c.r.URL.Query()
	start, _ := strconv.Atoi(q.Get("start")) // absent or unreadable means from the beginning
	size, err := strconv.Atoi(q.Get("size"))
	if err != nil {
		size = 100
	}
	list := []authIDCredentialBody{}
	each(c.txn, authIDAccountKind, "", func(_ string, account authIDAccount) bool {
		if account.Credential == nil {
			return true
		}
		if start > 0 {
			start--
			return true
		}
		list = append(list, authIDCredentialOf(account))
		return len(list) < size
	})
	return jsonReply(http.StatusOK, list)
}

// authIDPreload puts accounts in place, replacing those of the same number.
func authIDPreload(t *txn, request json.RawMessage) error {
	var wanted struct {
		Accounts []struct {
			AccountNumber string `json:"account_number"`
			DisplayName   string `json:"display_name"`
			Phone         string `json:"phone"`
			Email         string `json:"email"`
			Credential    bool   `json:"credential"`
		} `json:"accounts"`
	}
	if err := decodeStrict(request, &wanted); err != nil {
		return err
	}
	for _, w := range wanted.Accounts {
		if w.AccountNumber == "" {
			return problem("authid: an account needs an account_number")
		}
		old, _ := get[authIDAccount](t, authIDAccountKind, w.AccountNumber)
		authIDDropCredential(t, old)
		account := authIDAccount{Body: authIDAccountBody{
			AccountNumber: w.AccountNumber, DisplayName: w.DisplayName, PhoneNumber: w.Phone, Email: w.Email, Enabled: true,
		}}
		authIDKeep(t, account)
		if w.Credential {
			authIDGiveCredential(t, account, "preload")
		}
	}
	return nil
}
