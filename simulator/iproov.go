package simulator

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"time"
)

const (
	iProovName = "iproov"

	iProovClaimKind    = "iproov.claim"
	iProovClaimsOfKind = "iproov.claims_of" // a user's claims, oldest first
	iProovUserKind     = "iproov.user"
	iProovAccessKind   = "iproov.access_token"
)

// The stable names of iProov's endpoints that magic rows refer to.
const (
	iProovEnrolTokenCall  = "iproov.enrol_token"  //nolint:gosec // the name of an endpoint
	iProovVerifyTokenCall = "iproov.verify_token" //nolint:gosec // the name of an endpoint
	iProovImageCall       = "iproov.enrol_image"
	iProovValidateCall    = "iproov.verify_validate"
	iProovReadUserCall    = "iproov.read_user"
	iProovDeleteUserCall  = "iproov.delete_user"
)

// The kinds of claim, as paths and answers spell them.
const (
	iProovEnrol  = "enrol"
	iProovVerify = "verify"
)

// The assurance types.
const (
	iProovGenuinePresence = "genuine_presence"
	iProovLiveness        = "liveness"
)

// The error constants of the interface that the simulator answers with by itself.
const (
	iProovInvalidKey           = "invalid_key"
	iProovInvalidOAuth         = "invalid_oauth"
	iProovQuotaExceeded        = "token_quota_exceeded"
	iProovInvalidAssuranceType = "invalid_assurance_type"
	iProovTooManyRequests      = "too_many_requests"
	iProovServerError          = "server_error"
	iProovInvalidUserID        = "invalid_user_id"
	iProovInvalidToken         = "invalid_token"
	iProovInvalidValidation    = "invalid_validation"
	iProovInvalidReason        = "invalid_reason"
	iProovInvalidGrant         = "invalid_grant"
	iProovInvalidRequest       = "invalid_request"
	iProovInvalidClient        = "invalid_client"
	iProovInvalidScope         = "invalid_scope"
	iProovUnsupportedGrant     = "unsupported_grant_type"
	iProovMissingData          = "missing_data"
	iProovNoUser               = "no_user"
	iProovInactiveUser         = "inactive_user"
	iProovInvalidImage         = "invalid_enrol_image"
	iProovInvalidSource        = "invalid_source"
	iProovAlreadyEnrolled      = "already_enrolled"
)

var (
	iProovUserIDForm = regexp.MustCompile(`^[a-zA-Z0-9'+_@.-]{1,256}$`)
	iProovReasonForm = regexp.MustCompile(`^[a-zA-Z0-9_.:=()'"/\s]{1,800}$`)
)

// iProov simulates the Photo Enrol part of the iProov REST API v2.
func (s *Server) iProov() provider {
	post := func(name, path string, subject func(*call) string, handle func(*call) reply) endpoint {
		return endpoint{name: name, pattern: "POST /api/v2" + path, subject: subject, handle: handle}
	}
	user := func(name, pattern string, scope string, handle func(*call, iProovUser) reply) endpoint {
		return endpoint{name: name, pattern: pattern, subject: iProovPathUser, handle: iProovAuthorised(scope, handle)}
	}
	invalidate := post("iproov.invalidate", "/claim/{token}/invalidate", iProovPathClaimUser, iProovInvalidate)
	accessToken := post("iproov.access_token", "/{api_key}/access_token", nil, iProovIssueAccess)
	invalidate.secretPath, accessToken.secretPath = true, true
	return provider{
		name: iProovName,
		root: "/api/v2/",
		endpoints: []endpoint{
			post(iProovEnrolTokenCall, "/claim/enrol/token", iProovBodyUser, iProovEnrolToken),
			post(iProovVerifyTokenCall, "/claim/verify/token", iProovBodyUser, iProovVerifyToken),
			post(iProovImageCall, "/claim/enrol/image", iProovFormClaimUser, iProovEnrolImage),
			post(iProovValidateCall, "/claim/verify/validate", iProovBodyClaimUser, iProovValidateAs(iProovVerify)),
			post("iproov.enrol_validate", "/claim/enrol/validate", iProovBodyClaimUser, iProovValidateAs(iProovEnrol)),
			invalidate,
			accessToken,
			user(iProovReadUserCall, "GET /api/v2/users/{user_id}", iProovScopeRead, iProovReadUser),
			user(iProovDeleteUserCall, "DELETE /api/v2/users/{user_id}", iProovScopeWrite, iProovDeleteUser),
			user("iproov.activate_user", "POST /api/v2/users/{user_id}/activate", iProovScopeWrite, iProovSwitchUser(iProovActive)),
			user("iproov.suspend_user", "POST /api/v2/users/{user_id}/suspend", iProovScopeWrite, iProovSwitchUser(iProovSuspended)),
			{name: "iproov.availability", pattern: "GET /api/v2/availability", handle: iProovAvailability},
		},
		refuse:  iProovRefuseStatus,
		happens: map[string]func(*txn, string){"auto_user": iProovAutoUser, "switch_user": iProovSwitchLater},
		capture: iProovCapture,
		preload: iProovPreload,
		state:   iProovState,
	}
}

// iProovError is the body of every answer but 200.
type iProovError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func iProovRefuse(status int, code, description string) reply {
	return jsonReply(status, iProovError{Error: code, Description: description})
}

// iProovBad is the answer 400, by far the most frequent refusal.
func iProovBad(code, description string) reply {
	return iProovRefuse(http.StatusBadRequest, code, description)
}

// iProovRefuseStatus finds the error constant of a status that no endpoint chose.
func iProovRefuseStatus(status int, message string) reply {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return iProovRefuse(status, iProovInvalidKey, message)
	case http.StatusTooManyRequests:
		return iProovRefuse(status, iProovTooManyRequests, message)
	}
	if status >= http.StatusInternalServerError {
		return iProovRefuse(status, iProovServerError, message)
	}
	return iProovRefuse(status, iProovInvalidRequest, message)
}

// iProovClaim is one transaction, an enrolment or a verification of one user, stored under its token's fingerprint.
type iProovClaim struct {
	Ref           string    `json:"ref"`    // the token's fingerprint
	Number        uint64    `json:"number"` // grows with each claim
	Type          string    `json:"type"`   // enrol or verify
	UserID        string    `json:"user_id"`
	AssuranceType string    `json:"assurance_type"`
	RiskProfile   string    `json:"risk_profile"`
	Created       time.Time `json:"created"`
	Claimed       bool      `json:"claimed"`     // the SDK has opened it
	ImageUsed     bool      `json:"image_used"`  // a photo was enrolled with it
	Finished      bool      `json:"finished"`    // the video has been streamed
	Validated     bool      `json:"validated"`   // the result has been given out
	Invalidated   bool      `json:"invalidated"` // called off
	Passed        bool      `json:"passed"`
	Reason        string    `json:"reason"`
	// Spoofed and Mismatched name the check that failed, where one did.
	Spoofed    bool `json:"spoofed"`
	Mismatched bool `json:"mismatched"`
	// Frame says how the answer of validate carries a frame: not at all when empty, else as a bool or as text.
	Frame string `json:"frame"`
}

// open reports whether the claim still waits for the user: a token has to be claimed within its life, and then has no end.
func (k iProovClaim) open(t *txn) bool {
	waiting := k.Claimed || t.now.Before(k.Created.Add(t.srv.opts.Lifetimes.IProovClaim))
	return waiting && !k.ImageUsed && !k.Finished && !k.Invalidated
}

func (k iProovClaim) save(t *txn) {
	put(t, iProovClaimKind, k.Ref, k)
	put(t, iProovClaimsOfKind, k.UserID+"/"+ordered(k.Number), k.Ref)
}

// iProovClaimsOf returns a user's claims, oldest first.
func iProovClaimsOf(t *txn, userID string) []iProovClaim {
	var claims []iProovClaim
	each(t, iProovClaimsOfKind, userID+"/", func(_, ref string) bool {
		claim, _ := get[iProovClaim](t, iProovClaimKind, ref)
		claims = append(claims, claim)
		return true
	})
	return claims
}

func iProovFindClaim(t *txn, token string) (iProovClaim, bool) {
	if token == "" {
		return iProovClaim{}, false
	}
	return get[iProovClaim](t, iProovClaimKind, fingerprint(token))
}

// iProovCredentials are the Service API's credentials, which travel in the body.
type iProovCredentials struct {
	APIKey string `json:"api_key"`
	Secret string `json:"secret"`
}

func (k iProovCredentials) accepted(t *txn) bool {
	want := t.srv.opts.Credentials
	return same(k.APIKey, want.IProovKey) && same(k.Secret, want.IProovSecret)
}

func iProovKeyRefused() reply {
	return iProovRefuse(http.StatusUnauthorized, iProovInvalidKey, "The API key or secret is not valid for this region.")
}

// iProovRead reads a JSON body, whatever the content type says, and ignores fields it does not know, as vendor clients need.
func iProovRead(c *call, into any) (reply, bool) {
	if err := json.Unmarshal(c.body, into); err != nil {
		return iProovBad(iProovInvalidRequest, "The request body could not be read as JSON."), false
	}
	return reply{}, true
}

// iProovNewToken returns 64 hexadecimal digits.
func iProovNewToken() string { return hex.EncodeToString(randomBytes(32)) }

func iProovBodyUser(c *call) string {
	var body struct {
		UserID string `json:"user_id"`
	}
	if json.Unmarshal(c.body, &body) != nil {
		return ""
	}
	return body.UserID
}

func iProovBodyClaimUser(c *call) string {
	var body struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(c.body, &body) != nil {
		return ""
	}
	return iProovUserOf(c, body.Token)
}

func iProovFormClaimUser(c *call) string { return iProovUserOf(c, iProovForm(c)["token"]) }

func iProovPathClaimUser(c *call) string { return iProovUserOf(c, c.r.PathValue("token")) }

func iProovPathUser(c *call) string { return c.r.PathValue("user_id") }

func iProovUserOf(c *call, token string) string {
	claim, _ := iProovFindClaim(c.txn, token)
	return claim.UserID
}

func iProovAvailability(c *call) reply {
	if c.r.URL.Query().Get("api_key") != c.srv.opts.Credentials.IProovKey {
		return iProovBad(iProovInvalidKey, "The API key is not known.")
	}
	return jsonReply(http.StatusOK, map[string]bool{"up": true})
}
