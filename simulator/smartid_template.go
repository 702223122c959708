package simulator

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// smartIDTemplatePrefix marks a template that the simulated SDK made and that can be judged:
//
//	sim-template.BASE64URL(JSON).FINGERPRINT
//
// where the fingerprint is that of the JSON. A template of any other form is taken as good.
const smartIDTemplatePrefix = "sim-template."

// smartIDTemplate is what a simulated capture holds.
type smartIDTemplate struct {
	CapturedAt time.Time `json:"captured_at"`
	Face       string    `json:"face"`    // whom it shows
	Blurred    bool      `json:"blurred"` // too little similar to anything
	PayLoad    string    `json:"payload"` // the fingerprint of the payload made with it
}

func (s smartIDTemplate) text() (string, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	return smartIDTemplatePrefix + base64.RawURLEncoding.EncodeToString(raw) + "." + fingerprint(string(raw)), nil
}

// smartIDJudge reads a template and says with a code what is wrong with it.
func smartIDJudge(t *txn, template, payload string) (smartIDTemplate, int) {
	var judged smartIDTemplate
	if template == "" || payload == "" {
		return judged, smartIDTemplateFormat
	}
	body, ours := strings.CutPrefix(template, smartIDTemplatePrefix)
	if !ours {
		return judged, smartIDOK
	}
	encoded, check, _ := strings.Cut(body, ".")
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || json.Unmarshal(raw, &judged) != nil {
		return judged, smartIDTemplateFormat
	}
	age := t.now.Sub(judged.CapturedAt)
	switch {
	case check != fingerprint(string(raw)) || judged.PayLoad != fingerprint(payload):
		return judged, smartIDTemplateInvalid
	case judged.CapturedAt.IsZero() || age < 0:
		return judged, smartIDTimeInvalid
	case age >= t.srv.opts.Lifetimes.SmartIDTemplate:
		return judged, smartIDTemplateExpired
	}
	return judged, smartIDOK
}

// The flaws a simulated capture can be asked to have, with the code each leads to.
const (
	smartIDFlawTampered  = "tampered"  // 407: changed on the way
	smartIDFlawMalformed = "malformed" // 412
	smartIDFlawNoTime    = "no_time"   // 425: without a timestamp
	smartIDFlawFuture    = "future"    // 425: made after now
	smartIDFlawExpired   = "expired"   // 426: made too long ago
)

func smartIDFlaws() []string {
	return []string{smartIDFlawTampered, smartIDFlawMalformed, smartIDFlawNoTime, smartIDFlawFuture, smartIDFlawExpired}
}

// smartIDCapture is the SDK on the person's device: it returns a template and a payload to be forwarded.
func smartIDCapture(c *call) reply {
	ask := struct {
		Face    string `json:"face"`
		Blurred bool   `json:"blurred"`
		Flaw    string `json:"flaw"`
	}{}
	if len(c.body) > 0 {
		if err := decodeStrict(c.body, &ask); err != nil {
			return c.undo(err)
		}
	}
	if ask.Flaw != "" && !slices.Contains(smartIDFlaws(), ask.Flaw) {
		return c.undo(problem("flaw is %q; allowed are %s, or none", ask.Flaw, strings.Join(smartIDFlaws(), ", ")))
	}
	payload, err := json.Marshal(map[string]string{"device": "simulated phone", "location": "47.3769,8.5417", "nonce": iProovNewToken()})
	if err != nil {
		return c.undo(err)
	}
	made := base64.StdEncoding.EncodeToString(payload)
	template, err := smartIDTemplate{
		CapturedAt: smartIDCaptureTime(c.txn, ask.Flaw), Face: ask.Face, Blurred: ask.Blurred, PayLoad: fingerprint(made),
	}.text()
	if err != nil {
		return c.undo(err)
	}
	switch ask.Flaw {
	case smartIDFlawTampered:
		template = template[:len(template)-1] + "!"
	case smartIDFlawMalformed:
		template = smartIDTemplatePrefix + "not Base64."
	}
	return jsonReply(http.StatusOK, map[string]string{"template": template, "payload": made})
}

func smartIDCaptureTime(t *txn, flaw string) time.Time {
	switch flaw {
	case smartIDFlawNoTime:
		return time.Time{}
	case smartIDFlawFuture:
		return t.now.Add(time.Hour)
	case smartIDFlawExpired:
		return t.now.Add(-t.srv.opts.Lifetimes.SmartIDTemplate)
	}
	return t.now
}
