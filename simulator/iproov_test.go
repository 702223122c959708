package simulator_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

const iProovBase = "/api/v2"

// iProov talks to the simulated iProov with the documented credentials.
type iProov struct{ *sim }

func newIProov(t *testing.T) *iProov {
	t.Helper()
	return &iProov{newSim(t)}
}

type fields map[string]any

// changed returns base with the fields of more put in place of its own.
func changed(base, more fields) fields {
	all := maps.Clone(base)
	maps.Copy(all, more)
	return all
}

// send posts a JSON body with the credentials added.
func (c *iProov) send(path string, body fields) (answer, error) {
	c.t.Helper()
	raw, err := json.Marshal(changed(fields{"api_key": "sim-api-key", "secret": "sim-secret"}, body))
	require.NoError(c.t, err)
	return c.try(http.MethodPost, iProovBase+path, string(raw))
}

func (c *iProov) post(path string, body fields) answer {
	c.t.Helper()
	a, err := c.send(path, body)
	require.NoError(c.t, err)
	return a
}

// token asks for a token that must be given.
func (c *iProov) token(kind, user string) string {
	c.t.Helper()
	a := c.post("/claim/"+kind+"/token", fields{"user_id": user, "resource": "test"})
	require.Equal(c.t, http.StatusOK, a.status, a.body)
	token, _ := a.json(c.t)["token"].(string)
	require.Len(c.t, token, 64)
	return token
}

// form builds the multipart body of the image call.
func imageForm(t *testing.T, token string, image []byte, change map[string]string) (body, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	values := map[string]string{"api_key": "sim-api-key", "secret": "sim-secret", "rotation": "0", "token": token, "source": "eid"}
	maps.Copy(values, change)
	for k, v := range values {
		require.NoError(t, w.WriteField(k, v))
	}
	if image != nil {
		// As an existing client does it: no content type, the file name "image".
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="image"; filename="image"`}})
		require.NoError(t, err)
		_, err = part.Write(image)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.String(), w.FormDataContentType()
}

func (c *iProov) sendImage(token string, image []byte, change map[string]string) (answer, error) {
	c.t.Helper()
	body, contentType := imageForm(c.t, token, image, change)
	return c.try(http.MethodPost, iProovBase+"/claim/enrol/image", body, header{"Content-Type", contentType})
}

func (c *iProov) image(token string, image []byte, change map[string]string) answer {
	c.t.Helper()
	a, err := c.sendImage(token, image, change)
	require.NoError(c.t, err)
	return a
}

func photo() []byte { return simulator.SampleImage(simulator.SampleLive) }

// enrolled enrolls a photo for a user.
func (c *iProov) enrolled(user string) {
	c.t.Helper()
	a := c.image(c.token("enrol", user), photo(), nil)
	require.Equal(c.t, http.StatusOK, a.status, a.body)
}

func (c *iProov) validate(user, token string) answer {
	c.t.Helper()
	return c.post("/claim/verify/validate", fields{"user_id": user, "token": token, "client": "test"})
}

// userActs lets the simulated user act on a token.
func (c *iProov) userActs(token string, more fields) {
	c.t.Helper()
	c.control(http.MethodPost, "capture", changed(fields{"provider": "iproov", "token": token}, more))
}

// bearer fetches an access token.
func (c *iProov) bearer(scope string) header {
	c.t.Helper()
	a := c.oauth("sim-oauth-secret", "grant_type=client_credentials&scope="+url.QueryEscape(scope))
	require.Equal(c.t, http.StatusOK, a.status, a.body)
	token, _ := a.json(c.t)["access_token"].(string)
	return header{"Authorization", "Bearer " + token}
}

func (c *iProov) oauth(password, form string) answer {
	c.t.Helper()
	basic := base64.StdEncoding.EncodeToString([]byte("sim-oauth:" + password))
	return c.do(http.MethodPost, iProovBase+"/sim-api-key/access_token", form,
		header{"Authorization", "Basic " + basic}, header{"Content-Type", "application/x-www-form-urlencoded"})
}

// requireRefused checks status, constant and form of an error.
func requireRefused(t *testing.T, a answer, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.status, a.body)
	body := a.json(t)
	require.Equal(t, code, body["error"])
	require.NotEmpty(t, body["error_description"])
	require.Len(t, body, 2)
}

func TestIProovPhotoEnrol(t *testing.T) {
	c := newIProov(t)
	user := "O'Neil+1_a@b.c-d"
	enrol := c.token("enrol", user)
	require.Equal(t, map[string]any{"token": enrol, "user_id": user, "success": true}, c.image(enrol, photo(), nil).json(t))
	verify := c.token("verify", user)
	requireRefused(t, c.validate(user, verify), http.StatusBadRequest, "invalid_token")

	c.userActs(verify, fields{"result": "complete", "frame": true})
	got := c.validate(user, verify).json(t)
	require.Equal(t, true, got["passed"])
	require.Equal(t, verify, got["token"])
	require.Equal(t, "verify", got["type"])
	require.Equal(t, "genuine_presence", got["assurance_type"])
	require.Equal(t, true, got["frame_available"])
	encoded, _ := got["frame"].(string)
	frame, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(frame, []byte("\x89PNG")), "the frame is a PNG")
	requireRefused(t, c.validate(user, verify), http.StatusBadRequest, "invalid_token")

	require.Equal(t, map[string]any{"enrolled": true, "status": "Active", "open_tokens": 0.0, "passed": true, "given_out": true},
		c.state("iproov", url.QueryEscape(user)))
	require.Equal(t, 1, c.effects(url.QueryEscape(user), "user_created"))
	require.Equal(t, 1, c.effects(url.QueryEscape(user), "result_given_out"))
	whole := c.control(http.MethodGet, "ledger", nil).body
	require.NotContains(t, whole, verify, "a token is a secret")
	require.NotContains(t, whole, "sim-secret")
}

func TestIProovFailureTellsItsReason(t *testing.T) {
	c := newIProov(t)
	c.enrolled("u")
	for reason, check := range map[string]string{"eyes_closed": "", "liveness_failed": "anti_spoofing", "matching_failed": "matching", "": ""} {
		token := c.token("verify", "u")
		c.userActs(token, fields{"result": "fail", "reason": reason})
		got := c.validate("u", token).json(t)
		require.Equal(t, false, got["passed"])
		require.Equal(t, reason != "", got["reason"] != nil, "a reason only when there is one")
		require.NotContains(t, got, "frame")
		signals, _ := got["signals"].(map[string]any)
		require.Equal(t, check != "", signals != nil)
		for name, signal := range signals {
			if of, ok := signal.(map[string]any); ok {
				require.Equal(t, name != check, of["passed"])
			}
		}
	}
}

func TestIProovTokensAreUsedOnce(t *testing.T) {
	c := newIProov(t)
	first, second := c.token("enrol", "u"), c.token("enrol", "u")
	require.Equal(t, http.StatusOK, c.image(first, photo(), nil).status)
	requireRefused(t, c.image(first, photo(), nil), 400, "invalid_token")
	requireRefused(t, c.image(second, photo(), nil), 400, "already_enrolled")
	verify := c.token("verify", "u")
	requireRefused(t, c.image(verify, photo(), nil), 400, "invalid_token")
	requireRefused(t, c.validate("u", first), 400, "invalid_token")
	require.Equal(t, 1, c.effects("u", "image_enrolled"))
}

func TestIProovTokenMustBeClaimedInTime(t *testing.T) {
	c := newIProov(t)
	c.enrolled("u")
	enrol, claimed, late := c.token("enrol", "v"), c.token("verify", "u"), c.token("verify", "u")
	c.userActs(claimed, fields{"result": "walk_away", "claim": true})
	c.clock.advance(2 * time.Minute)
	requireRefused(t, c.image(enrol, photo(), nil), 400, "invalid_token")
	a := c.do(http.MethodPost, "/_sim/capture", `{"provider":"iproov","token":"`+late+`","result":"complete"}`)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "not claimed within")
	c.userActs(claimed, fields{"result": "complete"})
	require.Equal(t, true, c.validate("u", claimed).json(t)["passed"], "a token that was claimed in time can be finished later")
	requireRefused(t, c.validate("u", late), 400, "invalid_token")
}

func TestIProovEnrolValidate(t *testing.T) {
	c := newIProov(t)
	run := func(user string, more fields) {
		token := c.token("enrol", user)
		c.userActs(token, fields{"result": "complete"})
		got := c.post("/claim/enrol/validate", changed(fields{"user_id": user, "token": token, "client": "test"}, more)).json(t)
		require.Equal(t, "enrol", got["type"])
		require.Equal(t, true, got["passed"])
	}
	run("u", nil)
	require.Equal(t, true, c.state("iproov", "u")["enrolled"])
	run("v", fields{"activate": false})
	require.Equal(t, false, c.state("iproov", "v")["enrolled"])
}

func TestIProovInvalidate(t *testing.T) {
	c := newIProov(t)
	c.enrolled("u")
	path := func(token string) string { return iProovBase + "/claim/" + token + "/invalidate" }
	token := c.token("verify", "u")
	requireRefused(t, c.do(http.MethodPost, path(token), `{}`), 400, "missing_data")
	requireRefused(t, c.do(http.MethodPost, path(token), `{"reason":"a;b"}`), 400, "invalid_reason")
	requireRefused(t, c.do(http.MethodPost, path("none"), `{"reason":"renewed"}`), 400, "invalid_token")
	require.JSONEq(t, `{"claim_aborted":true,"user_informed":false}`, c.do(http.MethodPost, path(token), `{"reason":"renewed"}`).body)
	require.JSONEq(t, `{"claim_aborted":false,"user_informed":false}`, c.do(http.MethodPost, path(token), `{"reason":"renewed"}`).body)
	requireRefused(t, c.validate("u", token), 400, "invalid_token")
	a := c.do(http.MethodPost, "/_sim/capture", `{"provider":"iproov","subject":"u","result":"complete"}`)
	require.Equal(t, http.StatusBadRequest, a.status, "nothing is open any more")

	token = c.token("verify", "u")
	c.userActs(token, fields{"result": "walk_away", "claim": true})
	require.JSONEq(t, `{"claim_aborted":true,"user_informed":true}`, c.do(http.MethodPost, path(token), `{"reason":"renewed"}`).body)
	for _, entry := range c.ledger("endpoint=iproov.invalidate") {
		require.NotContains(t, entry.Path, token)
	}
}

func TestIProovSurvivesAReopen(t *testing.T) {
	c := newIProov(t)
	c.enrolled("u")
	finished := c.token("verify", "u")
	c.userActs(finished, fields{"result": "fail", "reason": "too_dark"})
	c.enrolled("magic-passed")
	own := c.token("verify", "magic-passed")
	bearer := c.bearer("user-read")
	c.reopen()
	require.Equal(t, false, c.validate("u", finished).json(t)["passed"])
	requireRefused(t, c.validate("magic-passed", own), 400, "invalid_token")
	c.clock.advance(time.Second)
	require.Equal(t, true, c.validate("magic-passed", own).json(t)["passed"], "the simulated user was not forgotten")
	require.Equal(t, http.StatusOK, c.do(http.MethodGet, iProovBase+"/users/u", "", bearer).status)
}
