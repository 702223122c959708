package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

func TestIProovTokenRefusals(t *testing.T) {
	c := newIProov(t)
	c.control(http.MethodPost, "preload", fields{"iproov": fields{"users": []fields{
		{"user_id": "there"}, {"user_id": "asleep", "status": "Suspended"},
	}}})
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
			a := c.post("/claim/"+row.kind+"/token", changed(fields{"user_id": "new", "resource": "test"}, row.change))
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
			body := changed(fields{"user_id": "u", "token": token, "client": "test"}, row.change)
			requireRefused(t, c.post("/claim/verify/validate", body), row.status, row.code)
		})
	}
	require.Equal(t, true, c.validate("u", token).json(t)["passed"], "a refused call did not use the result up")
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
	require.InDelta(t, 1, c.state("iproov", "u")["open_tokens"], 0, "nothing happened")
}
