package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

// smartID talks to the simulated SmartID with the documented key.
type smartID struct{ *sim }

func newSmartID(t *testing.T) *smartID {
	t.Helper()
	return &smartID{newSim(t)}
}

func (c *smartID) send(verb string, body fields) (answer, error) {
	c.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(c.t, err)
	return c.try(http.MethodPost, "/api/kyc/"+verb, string(raw), header{"X-Api-Key", "sim-api-key"})
}

// code sends a call and returns its code, which must be told alike by status and body.
func (c *smartID) code(verb string, body fields) int {
	c.t.Helper()
	a, err := c.send(verb, body)
	require.NoError(c.t, err)
	require.InDelta(c.t, a.status, a.json(c.t)["code"], 0)
	require.NotEmpty(c.t, a.json(c.t)["message"])
	return a.status
}

// captured lets the simulated SDK make a template for a user.
func (c *smartID) captured(user string, how fields) fields {
	c.t.Helper()
	made := c.control(http.MethodPost, "smartid/capture", how).json(c.t)
	return fields{"User": user, "Template": made["template"], "PayLoad": made["payload"]}
}

func anyTemplate(user string) fields {
	return fields{"User": user, "Template": "any bytes", "PayLoad": "any payload"}
}

func TestSmartIDEnrollAndUnenroll(t *testing.T) {
	c := newSmartID(t)
	require.Equal(t, 406, c.code("unenroll", fields{"User": "u@example.com"}))
	require.Equal(t, 200, c.code("enroll", c.captured("u@example.com", fields{"face": "ann"})))
	require.Equal(t, 408, c.code("enroll", c.captured("u@example.com", nil)))
	require.Equal(t, 200, c.code("enroll", changed(c.captured("u@example.com", nil), fields{"OverWrite": "true"})))
	require.Equal(t, 200, c.code("enroll", changed(anyTemplate("u@example.com"), fields{"OverWrite": true})), "the boolean is taken, too")
	require.Equal(t, 408, c.code("enroll", changed(anyTemplate("u@example.com"), fields{"OverWrite": "false"})))
	require.InDelta(t, 3, c.state("smartid", "u@example.com")["enrollments"], 0)
	require.Equal(t, 200, c.code("unenroll", fields{"User": "u@example.com"}))
	require.Equal(t, false, c.state("smartid", "u@example.com")["enrolled"])
	require.Equal(t, 1, c.effects("u@example.com", "template_stored"))
	require.Equal(t, 2, c.effects("u@example.com", "template_replaced"))
	require.Equal(t, 1, c.effects("u@example.com", "template_removed"))
	require.NotContains(t, c.control(http.MethodGet, "ledger", nil).body, "any bytes")
}

func TestSmartIDEnrollCodes(t *testing.T) {
	c := newSmartID(t)
	swapped := c.captured("u", nil)
	swapped["PayLoad"] = c.captured("u", nil)["PayLoad"]
	old := c.captured("u", nil)
	c.clock.advance(5 * time.Minute)
	for name, row := range map[string]struct {
		body fields
		code int
	}{
		"no_user":              {anyTemplate(""), 403},
		"no_template":          {fields{"User": "u", "PayLoad": "p"}, 412},
		"no_payload":           {fields{"User": "u", "Template": "t"}, 412},
		"tampered_template":    {c.captured("u", fields{"flaw": "tampered"}), 407},
		"payload_of_another":   {swapped, 407},
		"malformed_template":   {c.captured("u", fields{"flaw": "malformed"}), 412},
		"no_timestamp":         {c.captured("u", fields{"flaw": "no_time"}), 425},
		"timestamp_to_come":    {c.captured("u", fields{"flaw": "future"}), 425},
		"expired_template":     {c.captured("u", fields{"flaw": "expired"}), 426},
		"template_grown_old":   {old, 426},
		"unknown_form_is_fine": {anyTemplate("v"), 200},
	} {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"enroll", "onboard"} {
				require.Equal(t, row.code, c.code(verb, changed(row.body, fields{"DNI": "123", "OverWrite": "true"})))
			}
		})
	}
	require.Equal(t, false, c.state("smartid", "u")["enrolled"])
	require.Equal(t, 403, c.code("onboard", anyTemplate("w")), "onboard needs the DNI")
}

func TestSmartIDVerify(t *testing.T) {
	c := newSmartID(t)
	c.control(http.MethodPost, "preload", fields{"smartid": fields{"users": []fields{
		{"user": "u", "enrolled": true, "face": "ann"}, {"user": "off", "enrolled": true, "channel": "disabled"}, {"user": "lost", "enrolled": true, "channel": "missing"},
	}}})
	require.Equal(t, 200, c.code("verify", c.captured("u", fields{"face": "ann"})))
	require.Equal(t, 409, c.code("verify", c.captured("u", fields{"face": "bob"})))
	require.Equal(t, 413, c.code("verify", c.captured("u", fields{"face": "ann", "blurred": true})))
	require.Equal(t, 407, c.code("verify", c.captured("u", fields{"flaw": "tampered"})))
	require.Equal(t, 426, c.code("verify", c.captured("u", fields{"flaw": "expired"})))
	require.Equal(t, 406, c.code("verify", anyTemplate("nobody")))
	require.Equal(t, 414, c.code("verify", anyTemplate("off")))
	require.Equal(t, 403, c.code("verify", anyTemplate("")))
	require.Equal(t, 410, c.code("unenroll", fields{"User": "lost"}))
	require.Equal(t, 403, c.code("unenroll", fields{}))
}

func TestSmartIDGateway(t *testing.T) {
	c := newSmartID(t)
	body := `{"User":"u","Template":"t","PayLoad":"p"}`
	require.Equal(t, 401, c.do(http.MethodPost, "/api/kyc/enroll", body).status)
	require.Equal(t, 401, c.do(http.MethodPost, "/api/kyc/enroll", body, header{"X-Api-Key", "x"}).status)
	require.Equal(t, 400, c.do(http.MethodPost, "/api/kyc/enroll", "User=u", header{"X-Api-Key", "sim-api-key"}).status)
	a := c.do(http.MethodPost, "/api/kyc/forget", body, header{"X-Api-Key", "sim-api-key"})
	require.Equal(t, 404, a.status)
	require.InDelta(t, 404, a.json(t)["code"], 0)
	require.Equal(t, false, c.state("smartid", "u")["enrolled"])
}

func TestSmartIDCodesInTheBody(t *testing.T) {
	server, err := simulator.New(simulator.Options{SmartIDCodes: "body"})
	require.NoError(t, err)
	web := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		web.Close()
		require.NoError(t, server.Close())
	})
	c := &smartID{&sim{t: t, url: web.URL}}
	for _, want := range []float64{200, 408} {
		a, err := c.send("enroll", anyTemplate("u"))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, a.status)
		require.InDelta(t, want, a.json(t)["code"], 0)
	}
}

func TestSmartIDSurvivesAReopen(t *testing.T) {
	c := newSmartID(t)
	require.Equal(t, 200, c.code("enroll", anyTemplate("u")))
	require.Equal(t, 500, c.code("enroll", anyTemplate("magic-enroll-stored-then-enrolled")))
	c.reopen()
	require.Equal(t, 408, c.code("enroll", anyTemplate("u")))
	require.Equal(t, 408, c.code("enroll", anyTemplate("magic-enroll-stored-then-enrolled")), "the repeated call finds the template")
}

func TestSmartIDCaptureRequestsAreChecked(t *testing.T) {
	c := newSmartID(t)
	a := c.do(http.MethodPost, "/_sim/smartid/capture", `{"flaw":"ugly"}`)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "tampered")
	require.Equal(t, http.StatusBadRequest, c.do(http.MethodPost, "/_sim/capture", `{"provider":"smartid"}`).status)
	require.Equal(t, http.StatusBadRequest, c.do(http.MethodPost, "/_sim/preload", `{"smartid":{"users":[{"user":"u","channel":"odd"}]}}`).status)
}
