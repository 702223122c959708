package simulator

import (
	"bytes"
	"encoding/base64"
	"image/jpeg"
	"image/png"
	"net/http"

	"github.com/google/uuid"
)

// iProovTokenRequest is the body of both token calls; further fields that clients send are ignored.
type iProovTokenRequest struct {
	iProovCredentials
	Resource      string `json:"resource"`
	UserID        string `json:"user_id"`
	AssuranceType string `json:"assurance_type"`
	RiskProfile   string `json:"risk_profile"`
}

// iProovTokenAnswer hands a token out, with where the SDK may stream to.
type iProovTokenAnswer struct {
	Token          string           `json:"token"`
	UserID         string           `json:"user_id"`
	Primary        string           `json:"primary"`
	Pod            string           `json:"pod"`
	Fallback       []iProovFallback `json:"fallback"`
	RedirectDomain string           `json:"redirect_domain"`
	RiskProfile    string           `json:"risk_profile"`
}

type iProovFallback struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// iProovEnrolToken opens an enrolment. Several may be open for one user; the first that is used wins.
func iProovEnrolToken(c *call) reply {
	if sc, magic := script[iProovScript](c.txn, iProovName, c.entry.Subject); magic {
		sc.begin(c.txn, c.entry.Subject) // a new journey finds the user as the row says, whatever happened before
	}
	ask, refusal, ok := iProovReadTokenRequest(c)
	if !ok {
		return refusal
	}
	if ask.UserID == "" {
		ask.UserID = uuid.NewString()
		c.entry.Subject = ask.UserID
	}
	if _, enrolled := get[iProovUser](c.txn, iProovUserKind, ask.UserID); enrolled {
		return iProovBad(iProovAlreadyEnrolled, "The user has already been enrolled.")
	}
	return iProovHandOutToken(c, iProovEnrol, ask)
}

// iProovVerifyToken opens a verification of an enrolled user.
func iProovVerifyToken(c *call) reply {
	ask, refusal, ok := iProovReadTokenRequest(c)
	if !ok {
		return refusal
	}
	if ask.UserID == "" {
		return iProovBad(iProovMissingData, "user_id is missing.")
	}
	user, enrolled := get[iProovUser](c.txn, iProovUserKind, ask.UserID)
	if !enrolled {
		return iProovBad(iProovNoUser, "The user does not exist.")
	}
	if user.Status != iProovActive {
		return iProovBad(iProovInactiveUser, "The user is suspended.")
	}
	return iProovHandOutToken(c, iProovVerify, ask)
}

func iProovReadTokenRequest(c *call) (iProovTokenRequest, reply, bool) {
	var ask iProovTokenRequest
	if refusal, ok := iProovRead(c, &ask); !ok {
		return ask, refusal, false
	}
	if ask.AssuranceType == "" {
		ask.AssuranceType = iProovGenuinePresence
	}
	switch {
	case !ask.accepted(c.txn):
		return ask, iProovKeyRefused(), false
	case ask.Resource == "":
		return ask, iProovBad(iProovMissingData, "resource is missing."), false
	case ask.UserID != "" && !iProovUserIDForm.MatchString(ask.UserID):
		return ask, iProovBad(iProovInvalidUserID, "The user_id has characters or a length that are not allowed."), false
	case ask.AssuranceType != iProovGenuinePresence && ask.AssuranceType != iProovLiveness:
		return ask, iProovRefuse(http.StatusForbidden, iProovInvalidAssuranceType, "The assurance type is not enabled."), false
	}
	return ask, reply{}, true
}

func iProovHandOutToken(c *call, kind string, ask iProovTokenRequest) reply {
	token := iProovNewToken()
	claim := iProovClaim{
		Ref: fingerprint(token), Number: c.number(iProovClaimKind), Type: kind, UserID: ask.UserID,
		AssuranceType: ask.AssuranceType, RiskProfile: ask.RiskProfile, Created: c.now,
	}
	claim.save(c.txn)
	c.entry.Ref = claim.Ref
	c.effect(kind + "_token_created")
	if sc, magic := script[iProovScript](c.txn, iProovName, ask.UserID); magic && kind == iProovVerify && sc.user != "" {
		c.schedule(c.autoUserAt(), iProovName, "auto_user", claim.Ref)
	}
	return jsonReply(http.StatusOK, iProovTokenAnswer{
		Token: token, UserID: ask.UserID, Primary: "wss://" + c.r.Host + "/ws", Pod: "simulator",
		Fallback: []iProovFallback{}, RedirectDomain: "", RiskProfile: ask.RiskProfile,
	})
}

// iProovResult is the answer of both validate calls.
type iProovResult struct {
	Passed        bool           `json:"passed"`
	Token         string         `json:"token"`
	Type          string         `json:"type"`
	HasFrame      any            `json:"frame_available,omitempty"` // declared as text, read as a bool by vendor clients
	Frame         string         `json:"frame,omitempty"`
	FrameJPEG     string         `json:"frame_jpeg,omitempty"`
	Reason        string         `json:"reason,omitempty"`
	RiskProfile   string         `json:"risk_profile,omitempty"`
	AssuranceType string         `json:"assurance_type"`
	Signals       *iProovSignals `json:"signals,omitempty"`
}

type iProovSignals struct {
	AntiSpoofing  iProovSignal `json:"anti_spoofing"`
	Matching      iProovSignal `json:"matching"`
	MultipleFaces bool         `json:"multiple_faces_found"`
}

type iProovSignal struct {
	Passed bool `json:"passed"`
}

type iProovValidateRequest struct {
	iProovCredentials
	UserID      string `json:"user_id"`
	Token       string `json:"token"`
	Client      string `json:"client"`
	RiskProfile string `json:"risk_profile"`
	Activate    *bool  `json:"activate"` // enrolments only
}

// iProovValidateAs gives the result of a finished claim out, once. A claim that is not finished and one whose result was
// given out are told alike: invalid_token.
func iProovValidateAs(kind string) func(*call) reply {
	return func(c *call) reply {
		var ask iProovValidateRequest
		if refusal, ok := iProovRead(c, &ask); !ok {
			return refusal
		}
		if !ask.accepted(c.txn) {
			return iProovKeyRefused()
		}
		claim, refusal, ok := iProovFindResult(c.txn, kind, ask)
		c.entry.Ref = claim.Ref
		if !ok {
			return refusal
		}
		claim.Validated = true
		claim.save(c.txn)
		c.effect("result_given_out")
		if kind == iProovEnrol && claim.Passed && (ask.Activate == nil || *ask.Activate) {
			iProovMakeUser(c.txn, claim.UserID)
			c.effect("user_created")
		}
		return jsonReply(http.StatusOK, claim.result(ask.Token))
	}
}

// iProovFindResult finds the claim whose result can be given out.
func iProovFindResult(t *txn, kind string, ask iProovValidateRequest) (iProovClaim, reply, bool) {
	if ask.UserID == "" || ask.Token == "" || ask.Client == "" {
		return iProovClaim{}, iProovBad(iProovMissingData, "user_id, token and client are required."), false
	}
	claim, found := iProovFindClaim(t, ask.Token)
	switch {
	case !found:
		return claim, iProovRefuse(http.StatusNotFound, iProovInvalidToken, "The token does not exist."), false
	case claim.UserID != ask.UserID || claim.RiskProfile != ask.RiskProfile:
		return claim, iProovBad(iProovInvalidValidation, "The token was issued for another user or risk profile."), false
	case claim.Type != kind || !claim.Finished || claim.Validated || claim.Invalidated:
		return claim, iProovBad(iProovInvalidToken, "The token has no result to validate, or it has been validated."), false
	}
	return claim, reply{}, true
}

func (k iProovClaim) result(token string) iProovResult {
	out := iProovResult{
		Passed: k.Passed, Token: token, Type: k.Type, Reason: k.Reason,
		RiskProfile: k.RiskProfile, AssuranceType: k.AssuranceType,
	}
	if k.Spoofed || k.Mismatched {
		out.Signals = &iProovSignals{AntiSpoofing: iProovSignal{!k.Spoofed}, Matching: iProovSignal{!k.Mismatched}}
	}
	switch k.Frame {
	case iProovFrameBool:
		out.HasFrame = true
	case iProovFrameText:
		out.HasFrame = "true"
	default:
		return out
	}
	out.Frame, out.FrameJPEG = iProovFrames()
	return out
}

// The ways validate can say that it carries a frame.
const (
	iProovFrameBool = "bool"
	iProovFrameText = "text"
)

// iProovFrames returns a picture as Base64, as PNG and as JPEG.
func iProovFrames() (asPNG, asJPEG string) {
	picture := SampleImage(SampleLive)
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", ""
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, decoded, nil); err != nil {
		return "", ""
	}
	encode := base64.StdEncoding.EncodeToString
	return encode(picture), encode(out.Bytes())
}

// iProovInvalidate calls a claim off. It needs no credentials beyond the token.
func iProovInvalidate(c *call) reply {
	var ask struct {
		Reason *string `json:"reason"`
	}
	if refusal, ok := iProovRead(c, &ask); !ok {
		return refusal
	}
	claim, found := iProovFindClaim(c.txn, c.r.PathValue("token"))
	switch {
	case ask.Reason == nil:
		return iProovBad(iProovMissingData, "reason is missing.")
	case !iProovReasonForm.MatchString(*ask.Reason):
		return iProovBad(iProovInvalidReason, "The reason has characters or a length that are not allowed.")
	case !found:
		return iProovBad(iProovInvalidToken, "The token does not exist.")
	}
	c.entry.Ref = claim.Ref
	informed := claim.open(c.txn) && claim.Claimed
	aborted := !claim.ImageUsed && !claim.Validated && !claim.Invalidated
	if aborted {
		claim.Invalidated = true
		claim.save(c.txn)
		c.effect("token_invalidated")
	}
	return jsonReply(http.StatusOK, map[string]bool{"claim_aborted": aborted, "user_informed": informed})
}
