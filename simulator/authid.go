package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The paths of authID's services, below the host.
const (
	authIDName     = "authid"
	authIDRoot     = "/IDCompleteBackendEngine/"
	authIDIdentity = authIDRoot + "IdentityService/v1"
	authIDAdmin    = authIDRoot + "Default/AdministrationServiceRest"
	authIDAuth     = authIDRoot + "Default/AuthorizationServiceRest"
)

const (
	authIDTokenKind   = "authid.token" //nolint:gosec // the name of a bucket
	authIDRefreshKind = "authid.refresh"
)

// The error constants of authID. Those below the blank line are our choice; no page names them.
const (
	authIDNotAuthenticated = "E_USER_NOT_AUTHENTICATED"
	authIDAccountExists    = "E_ACCOUNT_ALREADY_EXISTS"
	authIDCredentialExists = "E_ACCOUNT_BIOCREDENTIAL_ALREADY_EXISTS" //nolint:gosec // an error constant

	authIDAccountMissing   = "E_ACCOUNT_NOT_FOUND"
	authIDCredentialAbsent = "E_ACCOUNT_BIOCREDENTIAL_NOT_FOUND" //nolint:gosec // an error constant
	authIDOperationMissing = "E_OPERATION_NOT_FOUND"
	authIDContactMissing   = "E_ACCOUNT_CONTACT_NOT_FOUND"
	authIDSelfieMissing    = "E_TEMP_DATA_NOT_FOUND"
	authIDArgument         = "E_INVALID_ARGUMENT"
	authIDThrottled        = "E_TOO_MANY_REQUESTS"
	authIDInternal         = "E_INTERNAL_ERROR"
	authIDNoResource       = "E_RESOURCE_NOT_FOUND"
)

// authIDProblem is authID's error body.
type authIDProblem struct {
	Message        string
	ID             string
	Code           string
	Type           string
	StackTrace     *string
	InnerException *string
	HelpLink       *string
	IsITAException bool
	Args           []string
}

func authIDRefuse(status int, id, message string) reply {
	return jsonReply(status, authIDProblem{
		Message: message, ID: id, Code: id, Type: "ITAException", IsITAException: true, Args: []string{},
	})
}

// authIDRefuseStatus answers with a status that no endpoint chose.
func authIDRefuseStatus(status int, message string) reply {
	id := authIDArgument
	switch {
	case status == http.StatusUnauthorized:
		id, message = authIDNotAuthenticated, "User is not authenticated."
	case status == http.StatusNotFound:
		id = authIDNoResource
	case status == http.StatusTooManyRequests:
		id = authIDThrottled
	case status >= http.StatusInternalServerError:
		id = authIDInternal
	}
	return authIDRefuse(status, id, message)
}

func (s *Server) authID() provider {
	endpoints := []endpoint{
		{name: "authid.token", pattern: "POST " + authIDIdentity + "/auth/token", handle: authIDIssueToken},
		{name: "authid.refresh", pattern: "POST " + authIDIdentity + "/auth/refresh", handle: authIDRefresh},
		{name: "authid.capture_page", pattern: "GET /{$}", subject: authIDPageSubject, handle: authIDPage},
		{name: "authid.webauth_script", pattern: "GET /webauthhandler.js", browser: true, handle: authIDScriptFile},
		{name: "authid.control_script", pattern: "GET /controlhandler.js", browser: true, handle: authIDScriptFile},
	}
	endpoints = append(endpoints, authIDOperationEndpoints()...)
	// Old clients leave the version out of the administration paths.
	for _, base := range []string{authIDAdmin + "/v1", authIDAdmin} {
		endpoints = append(endpoints, authIDAccountEndpoints(base)...)
		endpoints = append(endpoints, authIDSettingsEndpoints(base)...)
	}
	return provider{
		name: authIDName, root: authIDRoot, endpoints: endpoints, refuse: authIDRefuseStatus,
		happens: map[string]func(*txn, string){
			"expire":       authIDExpire,
			"user":         authIDAutoUser,
			"token_ends":   func(t *txn, ref string) { remove(t, authIDTokenKind, ref) },
			"refresh_ends": func(t *txn, ref string) { remove(t, authIDRefreshKind, ref) },
			"selfie_ends":  func(t *txn, ref string) { remove(t, authIDSelfieKind, ref) },
		},
		capture: authIDCapture, preload: authIDPreload, state: authIDState,
	}
}

// authIDTokens is what both token endpoints answer.
type authIDTokens struct {
	AccessToken               string
	RefreshToken              string
	AccessTokenExpirationDate string
}

type authIDToken struct {
	Ends time.Time `json:"ends"`
}

// authIDIssueToken exchanges the API key for tokens. The body is ignored: clients send none, null or {}.
func authIDIssueToken(c *call) reply {
	keys := c.srv.opts.Credentials
	if !basicAuth(c.r, keys.AuthIDKeyID, keys.AuthIDKeyValue) {
		return authIDRefuseStatus(http.StatusUnauthorized, "")
	}
	return authIDNewTokens(c)
}

// authIDRefresh takes the bare refresh token as a JSON string.
func authIDRefresh(c *call) reply {
	var token string
	if err := json.Unmarshal(c.body, &token); err != nil {
		return authIDRefuse(http.StatusBadRequest, authIDArgument, "The refresh token must be a JSON string.")
	}
	known, found := get[authIDToken](c.txn, authIDRefreshKind, fingerprint(token))
	if !found || !known.Ends.After(c.now) {
		return authIDRefuseStatus(http.StatusUnauthorized, "")
	}
	return authIDNewTokens(c)
}

func authIDNewTokens(c *call) reply {
	life := c.srv.opts.Lifetimes
	ends, refreshEnds := c.now.Add(life.AuthIDAccessToken), c.now.Add(life.AuthIDRefreshToken)
	tokens := authIDTokens{
		AccessToken:               opaqueJWT(c.srv.opts.Credentials.AuthIDKeyID, c.now, ends),
		RefreshToken:              opaqueJWT("refresh", c.now, refreshEnds),
		AccessTokenExpirationDate: ends.Format(time.RFC3339),
	}
	c.keepUntil(authIDTokenKind, "token_ends", tokens.AccessToken, ends)
	c.keepUntil(authIDRefreshKind, "refresh_ends", tokens.RefreshToken, refreshEnds)
	c.entry.Ref = fingerprint(tokens.AccessToken)
	c.effect("token_issued")
	return jsonReply(http.StatusOK, tokens)
}

func (c *call) keepUntil(kind, end, token string, ends time.Time) {
	key := fingerprint(token)
	put(c.txn, kind, key, authIDToken{Ends: ends})
	c.schedule(ends, authIDName, end, key)
}

// authIDGuard lets an endpoint act only for a caller with a living access token.
func authIDGuard(handle func(*call) reply) func(*call) reply {
	return func(c *call) reply {
		token := bearer(c.r, "Bearer")
		known, found := get[authIDToken](c.txn, authIDTokenKind, fingerprint(token))
		if token == "" || !found || !known.Ends.After(c.now) {
			return authIDRefuseStatus(http.StatusUnauthorized, "")
		}
		return handle(c)
	}
}

// authIDDecode reads a request body the way the service does: unknown fields and the casing of names do not matter.
func authIDDecode(c *call, into any) (reply, bool) {
	if err := json.Unmarshal(c.body, into); err != nil {
		return authIDRefuse(http.StatusBadRequest, authIDArgument, fmt.Sprintf("The request body cannot be read: %v.", err)), false
	}
	return reply{}, true
}

// authIDBodySubject finds the account a JSON body names.
func authIDBodySubject(c *call) string {
	var body authIDAccountBody
	if _, readable := authIDDecode(c, &body); !readable {
		return ""
	}
	return body.AccountNumber
}

func authIDPathSubject(c *call) string { return c.r.PathValue("account") }

func authIDOperationSubject(c *call) string {
	op, _ := get[authIDOperation](c.txn, authIDOperationKind, strings.ToLower(c.r.PathValue("operation")))
	return op.AccountNumber
}
