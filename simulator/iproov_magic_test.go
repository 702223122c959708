package simulator_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

// The tests here walk the table of magic subjects with the simplest client that can tell the outcomes apart, so that each
// row is known to do on the wire what it promises, every time. What a journey makes of it is shown elsewhere.

// end is what the simplest client learns: an outcome, and the provider's code behind it.
type end struct{ outcome, code string }

func TestIProovMagicRows(t *testing.T) {
	c := newIProov(t)
	seen := map[string]bool{}
	for _, row := range simulator.MagicSubjects() {
		if row.Provider != "iproov" {
			continue
		}
		t.Run(row.Subject, func(t *testing.T) {
			for range 2 {
				got := c.journey(row.Subject)
				seen[got.code] = true
				require.Equal(t, row.Outcome, got.outcome, "each run ends the same")
				wantUser := row.Outcome == "enrolled" || row.Outcome == "already_enrolled" || row.Subject == "magic-clean-up-refused"
				require.Equal(t, wantUser, c.state("iproov", row.Subject)["enrolled"])
			}
		})
	}
	for _, code := range []string{
		"invalid_agent", "invalid_user_id", "invalid_token", "invalid_validation", "invalid_risk_appetite", "invalid_ip", "invalid_request",
		"missing_data", "no_user", "inactive_user", "invalid_enrol_image", "invalid_source", "already_enrolled", "invalid_key",
		"invalid_assurance_type", "too_many_requests", "server_error", "success_false",
	} {
		require.True(t, seen[code], "no magic subject shows %s", code)
	}
}

// journey enrolls a photo, waits for the simulated user, validates, and removes the user unless the face passed.
func (c *iProov) journey(user string) end {
	c.t.Helper()
	got := c.photoJourney(user)
	switch got.outcome {
	case "enrolled", "already_enrolled":
	default:
		_, err := c.repeated(func() (answer, error) {
			return c.try(http.MethodDelete, iProovBase+"/users/"+user, "", c.bearer("user-write"))
		})
		require.NoError(c.t, err)
	}
	return got
}

func (c *iProov) photoJourney(user string) end {
	c.t.Helper()
	enrol, refusal := c.magicToken("enrol", user)
	if refusal.outcome != "" {
		return refusal
	}
	if refusal := c.magicImage(user, enrol); refusal.outcome != "" {
		return refusal
	}
	verify, refusal := c.magicToken("verify", user)
	if refusal.outcome != "" {
		return refusal
	}
	c.clock.advance(time.Second)
	return c.magicValidate(user, verify)
}

// magicImage enrolls the photo. When its answer is lost, whether the user is active tells what became of it.
func (c *iProov) magicImage(user, token string) end {
	c.t.Helper()
	a, err := c.sendImage(token, photo(), nil)
	switch {
	case lost(a, err):
		return c.magicUser(user)
	case a.status != http.StatusOK:
		return iProovRefusal(a)
	case a.json(c.t)["success"] != true:
		return end{"rejected", "success_false"}
	}
	return end{}
}

func (c *iProov) magicUser(user string) end {
	c.t.Helper()
	a, err := c.repeated(func() (answer, error) {
		return c.try(http.MethodGet, iProovBase+"/users/"+user, "", c.bearer("user-read"))
	})
	switch {
	case lost(a, err):
		return end{"unknown", "no_answer"}
	case a.status == http.StatusOK && a.json(c.t)["status"] == "Active":
		return end{}
	}
	return end{"failed", "lost_answer"}
}

func (c *iProov) magicToken(kind, user string) (string, end) {
	c.t.Helper()
	a, err := c.repeated(func() (answer, error) {
		return c.send("/claim/"+kind+"/token", fields{"user_id": user, "resource": "test"})
	})
	if err != nil {
		return "", end{"failed", "no_answer"}
	}
	if a.status != http.StatusOK {
		return "", iProovRefusal(a)
	}
	token, _ := a.json(c.t)["token"].(string)
	return token, end{}
}

// repeated sends a request up to three times, as long as it is not answered for good.
func (c *iProov) repeated(send func() (answer, error)) (answer, error) {
	c.t.Helper()
	var a answer
	var err error
	for range 3 {
		a, err = send()
		if err == nil && a.status < 500 && a.status != 401 && a.status != 429 && json.Valid([]byte(a.body)) {
			break
		}
	}
	return a, err
}

func (c *iProov) magicValidate(user, token string) end {
	c.t.Helper()
	ask := func() (answer, error) {
		return c.send("/claim/verify/validate", fields{"user_id": user, "token": token, "client": "test"})
	}
	a, err := ask()
	if a.status == http.StatusTooManyRequests {
		a, err = ask()
	}
	if lost(a, err) {
		return end{"unknown", "no_answer"}
	}
	if a.status == http.StatusOK {
		if a.json(c.t)["passed"] == true {
			return end{"enrolled", ""}
		}
		return end{"rejected", "passed_false"}
	}
	refusal := iProovRefusal(a)
	if refusal.code == "invalid_token" {
		return end{"expired", ""} // a journey asks until its time is up
	}
	return end{"unknown", refusal.code}
}

// lost reports whether a call that can be made once may have had its effect all the same.
func lost(a answer, err error) bool {
	return err != nil || a.status >= http.StatusInternalServerError || !json.Valid([]byte(a.body))
}

// iProovRefusal reads an error answer.
func iProovRefusal(a answer) end {
	var body struct {
		Error string `json:"error"`
	}
	if json.Unmarshal([]byte(a.body), &body) != nil {
		return end{"failed", "unreadable"}
	}
	switch body.Error {
	case "already_enrolled":
		return end{"already_enrolled", body.Error}
	case "no_user", "inactive_user", "invalid_assurance_type", "invalid_enrol_image":
		return end{"rejected", body.Error}
	}
	return end{"failed", body.Error}
}

func TestIProovMagicFramesAreThere(t *testing.T) {
	c := newIProov(t)
	for user, available := range map[string]any{"magic-passed-with-frame": true, "magic-passed-with-frame-text": "true"} {
		c.enrolled(user)
		token := c.token("verify", user)
		c.clock.advance(time.Second)
		got := c.validate(user, token).json(t)
		require.Equal(t, available, got["frame_available"])
		require.NotEmpty(t, got["frame"])
		require.NotEmpty(t, got["frame_jpeg"])
	}
}
