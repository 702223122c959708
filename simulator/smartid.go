package simulator

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

const (
	smartIDName     = "smartid"
	smartIDUserKind = "smartid.user"
)

// The stable names of SmartID's endpoints that magic rows refer to.
const (
	smartIDEnrollCall   = "smartid.enroll"
	smartIDUnenrollCall = "smartid.unenroll"
)

// The codes of SmartID's pages. As HTTP statuses most of them mean something else, so they have names of their own here.
const (
	smartIDOK              = 200
	smartIDUserEmpty       = 403
	smartIDNotEnrolled     = 406
	smartIDTemplateInvalid = 407
	smartIDEnrolled        = 408
	smartIDFaceDiffers     = 409
	smartIDNoChannel       = 410
	smartIDTemplateFormat  = 412
	smartIDLowSimilarity   = 413
	smartIDChannelDisabled = 414
	smartIDTimeInvalid     = 425
	smartIDTemplateExpired = 426
	smartIDInternal        = 500
	smartIDServiceFailed   = 701
)

// The ways a code travels; the pages leave it open.
const (
	smartIDAsStatus = "status" // as the HTTP status
	smartIDInBody   = "body"   // inside a 200 JSON body
	smartIDBare     = "bare"   // as the HTTP status, and not repeated in the body
)

// smartIDMeaning is the text the pages give a code.
func smartIDMeaning(code int) string {
	switch code {
	case smartIDOK:
		return "Successful"
	case smartIDUserEmpty:
		return "User cannot be null or empty"
	case smartIDNotEnrolled:
		return "User not found"
	case smartIDTemplateInvalid:
		return "Template validation failed"
	case smartIDEnrolled:
		return "User already enrolled"
	case smartIDFaceDiffers:
		return "Face comparison failed"
	case smartIDNoChannel:
		return "User channel not found"
	case smartIDTemplateFormat:
		return "Template format invalid"
	case smartIDLowSimilarity:
		return "Similarity below threshold"
	case smartIDChannelDisabled:
		return "User channel disabled"
	case smartIDTimeInvalid:
		return "Timestamp invalid"
	case smartIDTemplateExpired:
		return "Template expired"
	case smartIDInternal:
		return "Internal error"
	case smartIDServiceFailed:
		return "Service call error"
	}
	return "Code without a meaning on the pages"
}

// smartID simulates the KYC interface of the Smart ID Suite.
func (s *Server) smartID() provider {
	post := func(name, path string, handle func(*call, smartIDRequest) int) endpoint {
		return endpoint{name: name, pattern: "POST /api/kyc" + path, subject: smartIDSubject, handle: smartIDAnswer(handle)}
	}
	return provider{
		name: smartIDName,
		root: "/api/kyc/",
		endpoints: []endpoint{
			post(smartIDEnrollCall, "/enroll", smartIDEnroll),
			post(smartIDUnenrollCall, "/unenroll", smartIDUnenroll),
			post("smartid.verify", "/verify", smartIDVerify),
			post("smartid.onboard", "/onboard", smartIDOnboard),
		},
		controls: []endpoint{{name: "smartid.capture", pattern: "POST /_sim/smartid/capture", handle: smartIDCapture}},
		refuse:   smartIDRefuseStatus,
		preload:  smartIDPreload,
		state:    smartIDState,
	}
}

// smartIDUser is what SmartID knows of a user.
type smartIDUser struct {
	// Enrolled is set while a template is stored; Face is whom it shows, when the simulated SDK made it.
	Enrolled    bool      `json:"enrolled"`
	Face        string    `json:"face"`
	EnrolledAt  time.Time `json:"enrolled_at"`
	Enrollments int       `json:"enrollments"` // how many templates were stored in all
	// Channel is empty for a user whose channel works, else missing or disabled.
	Channel string `json:"channel"`
}

// The troubles of a user's channel.
const (
	smartIDChannelMissing = "missing"
	smartIDChannelOff     = "disabled"
)

func (u smartIDUser) save(t *txn, name string) { put(t, smartIDUserKind, name, u) }

// smartIDRequest is the body of all calls; each uses a part of it.
type smartIDRequest struct {
	User      string          `json:"User"`      //nolint:tagliatelle // the vendor's casing
	Template  string          `json:"Template"`  //nolint:tagliatelle // the vendor's casing
	PayLoad   string          `json:"PayLoad"`   //nolint:tagliatelle // the vendor's casing
	OverWrite json.RawMessage `json:"OverWrite"` //nolint:tagliatelle // the vendor's casing
	DNI       string          `json:"DNI"`       //nolint:tagliatelle // the vendor's casing
}

// overwrites reports whether an enrollment may be replaced: the text "true", or the boolean, which the pages do not mention.
func (r smartIDRequest) overwrites() bool {
	return strings.EqualFold(strings.Trim(string(r.OverWrite), `"`), "true")
}

type smartIDReply struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// smartIDReplyWith sends a code the way asked for.
func smartIDReplyWith(form string, code int, message string) reply {
	switch form {
	case smartIDInBody:
		return jsonReply(http.StatusOK, smartIDReply{Code: code, Message: message})
	case smartIDBare:
		return jsonReply(code, map[string]string{"message": message})
	}
	return jsonReply(code, smartIDReply{Code: code, Message: message})
}

// smartIDRefuseStatus answers what the service's gateway refuses: always as the HTTP status.
func smartIDRefuseStatus(status int, message string) reply {
	return smartIDReplyWith(smartIDAsStatus, status, message)
}

func smartIDSubject(c *call) string {
	var ask smartIDRequest
	if json.Unmarshal(c.body, &ask) != nil {
		return ""
	}
	return ask.User
}

// smartIDAnswer lets a call act for a caller with the API key, and sends the code it ends with.
func smartIDAnswer(handle func(*call, smartIDRequest) int) func(*call) reply {
	return func(c *call) reply {
		if !same(c.r.Header.Get("X-Api-Key"), c.srv.opts.Credentials.SmartIDKey) {
			return smartIDRefuseStatus(http.StatusUnauthorized, "X-Api-Key is missing or not known")
		}
		var ask smartIDRequest
		if err := json.Unmarshal(c.body, &ask); err != nil {
			return smartIDRefuseStatus(http.StatusBadRequest, "The body could not be read as JSON")
		}
		form := c.srv.opts.SmartIDCodes
		act := func() int { return handle(c, ask) }
		if sc, magic := script[smartIDScript](c.txn, smartIDName, ask.User); magic {
			setDefault(&sc.form, form)
			code := sc.play(c, ask.User, act)
			return smartIDReplyWith(sc.form, code, smartIDMeaning(code))
		}
		code := act()
		return smartIDReplyWith(form, code, smartIDMeaning(code))
	}
}

// smartIDEnroll stores a template, in place of another only when asked to.
func smartIDEnroll(c *call, ask smartIDRequest) int {
	if ask.User == "" {
		return smartIDUserEmpty
	}
	template, code := smartIDJudge(c.txn, ask.Template, ask.PayLoad)
	if code != smartIDOK {
		return code
	}
	user, _ := get[smartIDUser](c.txn, smartIDUserKind, ask.User)
	if user.Enrolled && !ask.overwrites() {
		return smartIDEnrolled
	}
	effect := "template_stored"
	if user.Enrolled {
		effect = "template_replaced"
	}
	user.Enrolled, user.Face, user.EnrolledAt = true, template.Face, c.now
	user.Enrollments++
	user.save(c.txn, ask.User)
	c.effect(effect)
	return smartIDOK
}

// smartIDOnboard is enrollment together with an identity document's number.
func smartIDOnboard(c *call, ask smartIDRequest) int {
	if ask.DNI == "" {
		return smartIDUserEmpty
	}
	return smartIDEnroll(c, ask)
}

func smartIDUnenroll(c *call, ask smartIDRequest) int {
	if ask.User == "" {
		return smartIDUserEmpty
	}
	user, _ := get[smartIDUser](c.txn, smartIDUserKind, ask.User)
	if user.Channel == smartIDChannelMissing {
		return smartIDNoChannel
	}
	if !user.Enrolled {
		return smartIDNotEnrolled
	}
	user.Enrolled, user.Face = false, ""
	user.save(c.txn, ask.User)
	c.effect("template_removed")
	return smartIDOK
}

func smartIDVerify(c *call, ask smartIDRequest) int {
	if ask.User == "" {
		return smartIDUserEmpty
	}
	user, _ := get[smartIDUser](c.txn, smartIDUserKind, ask.User)
	if user.Channel == smartIDChannelOff {
		return smartIDChannelDisabled
	}
	if !user.Enrolled {
		return smartIDNotEnrolled
	}
	template, code := smartIDJudge(c.txn, ask.Template, ask.PayLoad)
	switch {
	case code != smartIDOK:
		return code
	case template.Face != user.Face && template.Face != "" && user.Face != "":
		return smartIDFaceDiffers
	case template.Blurred:
		return smartIDLowSimilarity
	}
	return smartIDOK
}

// smartIDPreload puts users in place: {"users":[{"user":"…","enrolled":true,"channel":"missing"}]}.
func smartIDPreload(t *txn, request json.RawMessage) error {
	var ask struct {
		Users []struct {
			User     string `json:"user"`
			Enrolled bool   `json:"enrolled"`
			Face     string `json:"face"`
			Channel  string `json:"channel"`
		} `json:"users"`
	}
	if err := decodeStrict(request, &ask); err != nil {
		return err
	}
	for _, u := range ask.Users {
		if u.User == "" {
			return problem("user is missing in one of the users")
		}
		switch u.Channel {
		case "", smartIDChannelMissing, smartIDChannelOff:
		default:
			return problem("channel is %q; allowed are %s, %s, or none", u.Channel, smartIDChannelMissing, smartIDChannelOff)
		}
		user := smartIDUser{Enrolled: u.Enrolled, Face: u.Face, Channel: u.Channel}
		if u.Enrolled {
			user.EnrolledAt = t.now
		}
		user.save(t, u.User)
	}
	return nil
}

// smartIDBelief is what SmartID believes of a user.
type smartIDBelief struct {
	Enrolled    bool   `json:"enrolled"`
	Face        string `json:"face"`
	Enrollments int    `json:"enrollments"` // templates stored since the user is known
	Channel     string `json:"channel"`
}

func smartIDState(t *txn, subject string) any {
	user, _ := get[smartIDUser](t, smartIDUserKind, subject)
	return smartIDBelief{Enrolled: user.Enrolled, Face: user.Face, Enrollments: user.Enrollments, Channel: user.Channel}
}
