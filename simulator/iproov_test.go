package simulator_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
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

// send posts a JSON body with the credentials added.
func (c *iProov) send(path string, body fields) (answer, error) {
	c.t.Helper()
	full := fields{"api_key": "sim-api-key", "secret": "sim-secret"}
	for k, v := range body {
		full[k] = v
	}
	raw, err := json.Marshal(full)
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
	for k, v := range change {
		values[k] = v
	}
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
	body := fields{"provider": "iproov", "token": token}
	for k, v := range more {
		body[k] = v
	}
	c.control(http.MethodPost, "capture", body)
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
	frame, err := base64.StdEncoding.DecodeString(got["frame"].(string))
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

func TestIProovTokenRefusals(t *testing.T) {
	c := newIProov(t)
	c.control(http.MethodPost, "preload", fields{"iproov": fields{"users": []fields{
		{"user_id": "there"}, {"user_id": "asleep", "status": "Suspended"},
	}}})
	good := func(change fields) fields {
		body := fields{"user_id": "new", "resource": "test"}
		for k, v := range change {
			body[k] = v
		}
		return body
	}
	for name, row := range map[string]struct {
		kind   string
		change fields
		status int
		code   string
	}{
		"wrong_secret":             {"enrol", fields{"secret": "x"}, 401, "invalid_key"},
		"unknown_key":              {"verify", fields{"api_key": "x"}, 401, "invalid_key"},
		"no_resource":              {"enrol", fields{"resource": ""}, 400, "missing_data"},
		"user_id_with_a_space":     {"enrol", fields{"user_id": "a b"}, 400, "invalid_user_id"},
		"user_id_too_long":         {"enrol", fields{"user_id": strings.Repeat("a", 257)}, 400, "invalid_user_id"},
		"user_id_of_another_type":  {"enrol", fields{"user_id": 7}, 400, "invalid_request"},
		"unknown_assurance_type":   {"enrol", fields{"assurance_type": "hope"}, 403, "invalid_assurance_type"},
		"enrol_of_a_user":          {"enrol", fields{"user_id": "there"}, 400, "already_enrolled"},
		"enrol_of_a_suspended":     {"enrol", fields{"user_id": "asleep"}, 400, "already_enrolled"},
		"verify_of_nobody":         {"verify", nil, 400, "no_user"},
		"verify_without_a_user_id": {"verify", fields{"user_id": ""}, 400, "missing_data"},
		"verify_of_a_suspended":    {"verify", fields{"user_id": "asleep"}, 400, "inactive_user"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.post("/claim/"+row.kind+"/token", good(row.change))
			requireRefused(t, a, row.status, row.code)
			require.NotContains(t, a.body, "token\"")
		})
	}
	t.Run("body_that_is_no_json", func(t *testing.T) {
		requireRefused(t, c.do(http.MethodPost, iProovBase+"/claim/enrol/token", "user_id=u"), 400, "invalid_request")
	})
	t.Run("unknown_path", func(t *testing.T) {
		requireRefused(t, c.do(http.MethodGet, iProovBase+"/claims", ""), 404, "invalid_request")
	})
}

func TestIProovTokenLeniency(t *testing.T) {
	c := newIProov(t)
	t.Run("unknown_fields_and_empty_risk_profile_are_fine", func(t *testing.T) {
		a := c.post("/claim/enrol/token", fields{"user_id": "u", "resource": "r", "client": "ios", "riskProfile": "x", "risk_profile": "", "assurance_type": "liveness"})
		require.Equal(t, http.StatusOK, a.status, a.body)
		for _, name := range []string{"token", "user_id", "primary", "pod", "fallback"} {
			require.Contains(t, a.json(t), name)
		}
	})
	t.Run("a_user_id_is_made_when_none_is_given", func(t *testing.T) {
		a := c.post("/claim/enrol/token", fields{"resource": "r"})
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.NotEmpty(t, a.json(t)["user_id"])
	})
	t.Run("a_content_type_and_a_basic_header_do_not_matter", func(t *testing.T) {
		a := c.do(http.MethodPost, iProovBase+"/claim/enrol/token", `{"api_key":"sim-api-key","secret":"sim-secret","resource":"r","user_id":"v"}`,
			header{"Content-Type", "text/plain"}, header{"Authorization", "Basic eDp5"})
		require.Equal(t, http.StatusOK, a.status, a.body)
	})
}

func TestIProovImageRefusals(t *testing.T) {
	c := newIProov(t)
	for name, row := range map[string]struct {
		image  []byte
		change map[string]string
		status int
		code   string
	}{
		"wrong_secret":        {photo(), map[string]string{"secret": "x"}, 401, "invalid_key"},
		"no_image":            {nil, nil, 400, "invalid_enrol_image"},
		"a_gif":               {[]byte("GIF89a and more"), nil, 400, "invalid_enrol_image"},
		"larger_than_2_mb":    {append(photo(), make([]byte, 2<<20)...), nil, 400, "invalid_enrol_image"},
		"nobody_on_it":        {simulator.SampleImage(simulator.SampleNoFace), nil, 400, "invalid_enrol_image"},
		"too_many_on_it":      {simulator.SampleImage(simulator.SampleMultipleFaces), nil, 400, "invalid_enrol_image"},
		"unknown_source":      {photo(), map[string]string{"source": "fax"}, 400, "invalid_source"},
		"rotated":             {photo(), map[string]string{"rotation": "90"}, 400, "invalid_request"},
		"token_never_issued":  {photo(), map[string]string{"token": strings.Repeat("0", 64)}, 400, "invalid_token"},
		"token_not_mentioned": {photo(), map[string]string{"token": ""}, 400, "missing_data"},
	} {
		t.Run(name, func(t *testing.T) {
			user := "user_" + name
			requireRefused(t, c.image(c.token("enrol", user), row.image, row.change), row.status, row.code)
			require.Equal(t, false, c.state("iproov", user)["enrolled"])
		})
	}
	t.Run("not_a_form", func(t *testing.T) {
		requireRefused(t, c.do(http.MethodPost, iProovBase+"/claim/enrol/image", "{}"), 401, "invalid_key")
	})
}

func TestIProovImageLeniency(t *testing.T) {
	c := newIProov(t)
	for name, row := range map[string]struct {
		image  []byte
		change map[string]string
	}{
		"rotation_as_eight_zero_bytes": {photo(), map[string]string{"rotation": strings.Repeat("\x00", 8)}},
		"source_in_mixed_case":         {photo(), map[string]string{"source": "Selfie"}},
		"source_left_out":              {photo(), map[string]string{"source": ""}},
		"a_jpeg":                       {[]byte("\xff\xd8\xff\xe0 and more"), nil},
		"a_jpeg_2000_file":             {[]byte("\x00\x00\x00\x0cjP  \r\n\x87\x0a and more"), nil},
		"a_jpeg_2000_codestream":       {[]byte("\xff\x4f\xff\x51 and more"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.image(c.token("enrol", "user_"+name), row.image, row.change)
			require.Equal(t, http.StatusOK, a.status, a.body)
		})
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

func TestIProovValidateRefusals(t *testing.T) {
	c := newIProov(t)
	c.enrolled("u")
	token := c.token("verify", "u")
	c.userActs(token, fields{"result": "complete"})
	for name, row := range map[string]struct {
		change fields
		status int
		code   string
	}{
		"wrong_secret":         {fields{"secret": "x"}, 401, "invalid_key"},
		"another_user_id":      {fields{"user_id": "v"}, 400, "invalid_validation"},
		"another_risk_profile": {fields{"risk_profile": "high"}, 400, "invalid_validation"},
		"no_client":            {fields{"client": ""}, 400, "missing_data"},
		"token_never_issued":   {fields{"token": strings.Repeat("0", 64)}, 404, "invalid_token"},
	} {
		t.Run(name, func(t *testing.T) {
			body := fields{"user_id": "u", "token": token, "client": "test"}
			for k, v := range row.change {
				body[k] = v
			}
			requireRefused(t, c.post("/claim/verify/validate", body), row.status, row.code)
		})
	}
	require.Equal(t, true, c.validate("u", token).json(t)["passed"], "a refused call did not use the result up")
}

func TestIProovEnrolValidate(t *testing.T) {
	c := newIProov(t)
	run := func(user string, more fields) {
		token := c.token("enrol", user)
		c.userActs(token, fields{"result": "complete"})
		body := fields{"user_id": user, "token": token, "client": "test"}
		for k, v := range more {
			body[k] = v
		}
		got := c.post("/claim/enrol/validate", body).json(t)
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

func TestIProovAccessToken(t *testing.T) {
	c := newIProov(t)
	c.enrolled("u")
	t.Run("scope_is_an_array", func(t *testing.T) {
		got := c.oauth("sim-oauth-secret", "grant_type=client_credentials").json(t)
		require.Equal(t, []any{"user-read", "user-write"}, got["scope"])
		require.Equal(t, "Bearer", got["token_type"])
		require.InDelta(t, 3600, got["expires_in"], 0)
	})
	for name, row := range map[string]struct {
		password, form, code string
	}{
		"wrong_password":   {"x", "grant_type=client_credentials", "invalid_client"},
		"no_grant_type":    {"sim-oauth-secret", "", "invalid_grant"},
		"other_grant_type": {"sim-oauth-secret", "grant_type=password", "unsupported_grant_type"},
		"unknown_scope":    {"sim-oauth-secret", "grant_type=client_credentials&scope=all", "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, c.oauth(row.password, row.form), 400, row.code) })
	}
	t.Run("unknown_key_is_404", func(t *testing.T) {
		requireRefused(t, c.do(http.MethodPost, iProovBase+"/other/access_token", ""), 404, "invalid_key")
	})
	t.Run("good_for_50_requests", func(t *testing.T) {
		token := c.bearer("user-read")
		for range 50 {
			require.Equal(t, http.StatusOK, c.do(http.MethodGet, iProovBase+"/users/u", "", token).status)
		}
		requireRefused(t, c.do(http.MethodGet, iProovBase+"/users/u", "", token), 401, "token_quota_exceeded")
	})
	t.Run("good_for_an_hour", func(t *testing.T) {
		token := c.bearer("user-read")
		c.clock.advance(time.Hour)
		requireRefused(t, c.do(http.MethodGet, iProovBase+"/users/u", "", token), 401, "invalid_oauth")
	})
	t.Run("good_for_its_scope", func(t *testing.T) {
		requireRefused(t, c.do(http.MethodDelete, iProovBase+"/users/u", "", c.bearer("user-read")), 403, "invalid_oauth")
	})
	t.Run("needed", func(t *testing.T) {
		requireRefused(t, c.do(http.MethodGet, iProovBase+"/users/u", ""), 401, "invalid_oauth")
	})
}

func TestIProovUsers(t *testing.T) {
	c := newIProov(t)
	token := c.bearer("user-read user-write")
	user := func(method, end, body string) answer { return c.do(method, iProovBase+"/users/a%27b"+end, body, token) }
	requireRefused(t, user(http.MethodGet, "", ""), 400, "invalid_user_id")
	c.enrolled("a'b")
	require.Equal(t, "Active", user(http.MethodGet, "", "").json(t)["status"])
	require.Equal(t, "Suspended", user(http.MethodPost, "/suspend", "").json(t)["status"])
	requireRefused(t, c.post("/claim/verify/token", fields{"user_id": "a'b", "resource": "r"}), 400, "inactive_user")
	later := c.clock.Now().Add(time.Minute).Format(time.RFC3339)
	require.Equal(t, "Suspended", user(http.MethodPost, "/activate", `{"date_time":"`+later+`"}`).json(t)["status"], "not yet")
	c.clock.advance(time.Minute)
	require.Equal(t, "Active", user(http.MethodGet, "", "").json(t)["status"])
	require.Equal(t, "Deleted", user(http.MethodDelete, "", "").json(t)["status"])
	requireRefused(t, user(http.MethodDelete, "", ""), 400, "invalid_user_id")
	c.enrolled("a'b")
}

func TestIProovAvailability(t *testing.T) {
	c := newIProov(t)
	require.JSONEq(t, `{"up":true}`, c.do(http.MethodGet, iProovBase+"/availability?api_key=sim-api-key", "").body)
	requireRefused(t, c.do(http.MethodGet, iProovBase+"/availability?api_key=x", ""), 400, "invalid_key")
}

func TestIProovSurvivesAReopen(t *testing.T) {
	c := newIProov(t)
	c.enrolled("u")
	finished, own := c.token("verify", "u"), ""
	c.userActs(finished, fields{"result": "fail", "reason": "too_dark"})
	c.enrolled("magic-passed")
	own = c.token("verify", "magic-passed")
	bearer := c.bearer("user-read")
	c.reopen()
	require.Equal(t, false, c.validate("u", finished).json(t)["passed"])
	requireRefused(t, c.validate("magic-passed", own), 400, "invalid_token")
	c.clock.advance(time.Second)
	require.Equal(t, true, c.validate("magic-passed", own).json(t)["passed"], "the simulated user was not forgotten")
	require.Equal(t, http.StatusOK, c.do(http.MethodGet, iProovBase+"/users/u", "", bearer).status)
}

func TestIProovCaptureRequestsAreChecked(t *testing.T) {
	c := newIProov(t)
	c.enrolled("u")
	c.token("verify", "u")
	for name, body := range map[string]string{
		"unknown_result": `{"provider":"iproov","subject":"u","result":"sleep"}`,
		"unknown_reason": `{"provider":"iproov","subject":"u","result":"fail","reason":"ugly"}`,
		"unknown_token":  `{"provider":"iproov","token":"x","result":"complete"}`,
		"typing_error":   `{"provider":"iproov","subjekt":"u","result":"complete"}`,
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, http.StatusBadRequest, c.do(http.MethodPost, "/_sim/capture", body).status)
		})
	}
	require.Equal(t, 1.0, c.state("iproov", "u")["open_tokens"], "nothing happened")
}
