package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The states of a user, as answers spell them.
const (
	iProovActive    = "Active"
	iProovSuspended = "Suspended"
	iProovDeleted   = "Deleted"
)

// The scopes of an access token.
const (
	iProovScopeRead  = "user-read"
	iProovScopeWrite = "user-write"
)

// iProovAccessRequests is how many requests an access token is good for.
const iProovAccessRequests = 50

// iProovUser is an enrolled user, as stored and as answered.
type iProovUser struct {
	UserID     string     `json:"user_id"`
	Name       string     `json:"name"`
	Status     string     `json:"status"`
	Suspension *time.Time `json:"suspension_date,omitempty"`
	Activation *time.Time `json:"activation_date,omitempty"`
}

func (u iProovUser) save(t *txn) { put(t, iProovUserKind, u.UserID, u) }

// iProovMakeUser makes an active user, as an enrolled photo does.
func iProovMakeUser(t *txn, id string) {
	now := t.now
	iProovUser{UserID: id, Status: iProovActive, Activation: &now}.save(t)
}

// iProovAccess is an OAuth access token, stored under its fingerprint.
type iProovAccess struct {
	Scopes   []string  `json:"scopes"`
	Ends     time.Time `json:"ends"`
	Requests int       `json:"requests"`
}

type iProovAccessAnswer struct {
	AccessToken string   `json:"access_token"`
	TokenType   string   `json:"token_type"`
	ExpiresIn   int      `json:"expires_in"`
	Scope       []string `json:"scope"` // an array, against RFC 6749
}

// iProovIssueAccess exchanges the OAuth user and password for an access token.
func iProovIssueAccess(c *call) reply {
	keys := c.srv.opts.Credentials
	if !same(c.r.PathValue("api_key"), keys.IProovKey) {
		return iProovRefuse(http.StatusNotFound, iProovInvalidKey, "The API key is not known.")
	}
	if !basicAuth(c.r, keys.IProovOAuthUser, keys.IProovOAuthValue) {
		return iProovBad(iProovInvalidClient, "The OAuth user name or password is wrong.")
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return iProovBad(iProovInvalidRequest, "The form could not be read.")
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return iProovBad(iProovInvalidGrant, "grant_type is missing.")
	default:
		return iProovBad(iProovUnsupportedGrant, "grant_type can only be client_credentials.")
	}
	scopes := strings.Fields(form.Get("scope"))
	if len(scopes) == 0 {
		scopes = []string{iProovScopeRead, iProovScopeWrite}
	}
	for _, scope := range scopes {
		if scope != iProovScopeRead && scope != iProovScopeWrite {
			return iProovBad(iProovInvalidScope, "scope can be user-read and user-write.")
		}
	}
	return iProovHandOutAccess(c, scopes)
}

func iProovHandOutAccess(c *call, scopes []string) reply {
	token, life := iProovNewToken(), c.srv.opts.Lifetimes.IProovAccessToken
	c.entry.Ref = fingerprint(token)
	put(c.txn, iProovAccessKind, c.entry.Ref, iProovAccess{Scopes: scopes, Ends: c.now.Add(life)})
	c.effect("access_token_issued")
	return jsonReply(http.StatusOK, iProovAccessAnswer{
		AccessToken: token, TokenType: "Bearer", ExpiresIn: int(life.Seconds()), Scope: scopes,
	})
}

// iProovAuthorised lets an endpoint act for a caller whose access token lives, has requests left and has the scope, on a user
// that exists.
func iProovAuthorised(scope string, handle func(*call, iProovUser) reply) func(*call) reply {
	return func(c *call) reply {
		ref := fingerprint(bearer(c.r, "Bearer"))
		access, found := get[iProovAccess](c.txn, iProovAccessKind, ref)
		if !found || !c.now.Before(access.Ends) {
			return iProovRefuse(http.StatusUnauthorized, iProovInvalidOAuth, "The access token is not valid or has expired.")
		}
		if access.Requests >= iProovAccessRequests {
			return iProovRefuse(http.StatusUnauthorized, iProovQuotaExceeded, "The access token has no requests left.")
		}
		access.Requests++
		put(c.txn, iProovAccessKind, ref, access)
		if !slices.Contains(access.Scopes, scope) {
			return iProovRefuse(http.StatusForbidden, iProovInvalidOAuth, "The access token lacks the scope "+scope+".")
		}
		user, found := get[iProovUser](c.txn, iProovUserKind, iProovPathUser(c))
		if !found {
			return iProovBad(iProovInvalidUserID, "The user does not exist.")
		}
		return handle(c, user)
	}
}

func iProovReadUser(_ *call, user iProovUser) reply { return jsonReply(http.StatusOK, user) }

func iProovDeleteUser(c *call, user iProovUser) reply {
	remove(c.txn, iProovUserKind, user.UserID)
	c.effect("user_deleted")
	user.Status = iProovDeleted
	return jsonReply(http.StatusOK, user)
}

// iProovSwitchUser suspends or activates a user, at once or at the date_time asked for.
func iProovSwitchUser(status string) func(*call, iProovUser) reply {
	return func(c *call, user iProovUser) reply {
		var ask struct {
			At time.Time `json:"date_time"`
		}
		if len(c.body) > 0 {
			if refusal, ok := iProovRead(c, &ask); !ok {
				return refusal
			}
		}
		at := c.now
		if ask.At.After(c.now) {
			at = ask.At.UTC()
			c.schedule(at, iProovName, "switch_user", status+" "+user.UserID)
		} else {
			user.Status = status
			c.effect("user_" + strings.ToLower(status))
		}
		if status == iProovSuspended {
			user.Suspension = &at
		} else {
			user.Activation = &at
		}
		user.save(c.txn)
		return jsonReply(http.StatusOK, user)
	}
}

// iProovSwitchLater does what was asked for a later date_time.
func iProovSwitchLater(t *txn, ref string) {
	status, id, _ := strings.Cut(ref, " ")
	user, found := get[iProovUser](t, iProovUserKind, id)
	if !found {
		return
	}
	user.Status = status
	user.save(t)
	t.recordUser(iProovName, "switch_user", id, "", "user_"+strings.ToLower(status))
}

// iProovPreload puts users in place: {"users":[{"user_id":"…","status":"Active"}]}.
func iProovPreload(t *txn, request json.RawMessage) error {
	var ask struct {
		Users []struct {
			UserID string `json:"user_id"`
			Name   string `json:"name"`
			Status string `json:"status"`
		} `json:"users"`
	}
	if err := decodeStrict(request, &ask); err != nil {
		return err
	}
	for _, u := range ask.Users {
		if !iProovUserIDForm.MatchString(u.UserID) {
			return problem("user_id %q is none iProov allows: letters, digits and '+_@.- only, 1 to 256 of them", u.UserID)
		}
		setDefault(&u.Status, iProovActive)
		if u.Status != iProovActive && u.Status != iProovSuspended {
			return problem("status is %q; allowed are %s and %s", u.Status, iProovActive, iProovSuspended)
		}
		iProovMakeUser(t, u.UserID)
		user, _ := get[iProovUser](t, iProovUserKind, u.UserID)
		user.Name, user.Status = u.Name, u.Status
		user.save(t)
	}
	return nil
}

// iProovBelief is what iProov believes of a user.
type iProovBelief struct {
	Enrolled bool   `json:"enrolled"` // a user exists, active or suspended
	Status   string `json:"status"`   // Active or Suspended; empty when there is no user
	// OpenTokens counts what still waits for the user or for a photo.
	OpenTokens int `json:"open_tokens"`
	// Passed and GivenOut tell of the newest verification that has finished.
	Passed   bool `json:"passed"`
	GivenOut bool `json:"given_out"`
}

func iProovState(t *txn, subject string) any {
	user, found := get[iProovUser](t, iProovUserKind, subject)
	belief := iProovBelief{Enrolled: found, Status: user.Status}
	for _, claim := range iProovClaimsOf(t, subject) {
		if claim.open(t) {
			belief.OpenTokens++
		}
		if claim.Type == iProovVerify && claim.Finished {
			belief.Passed, belief.GivenOut = claim.Passed, claim.Validated
		}
	}
	return belief
}
