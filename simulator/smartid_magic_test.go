package simulator_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

func TestSmartIDMagicRows(t *testing.T) {
	c := newSmartID(t)
	for _, row := range simulator.MagicSubjects() {
		if row.Provider != "smartid" {
			continue
		}
		t.Run(row.Subject, func(t *testing.T) {
			for range 2 {
				if row.Outcome == "unknown" {
					c.clock.advance(3 * time.Minute) // The journey before gave up, and is forgotten.
				}
				require.Equal(t, row.Outcome, c.journey(row), "each run ends the same")
				enrolled := c.state("smartid", row.Subject)["enrolled"]
				switch row.Outcome {
				case "enrolled", "already_enrolled":
					require.Equal(t, true, enrolled)
				case "removed":
					require.Equal(t, false, enrolled)
				}
			}
		})
	}
}

// journey forwards a template, or removes one, and repeats the call until an answer settles what became of it.
func (c *smartID) journey(row simulator.Magic) string {
	c.t.Helper()
	verb := strings.TrimPrefix(row.Journey, "smartid.")
	body := fields{"User": row.Subject}
	if verb == "enroll" {
		body = anyTemplate(row.Subject)
	}
	if row.Inputs["over_write"] != nil {
		body["OverWrite"] = row.Inputs["over_write"]
	}
	repeated, end := false, "failed"
	for range 5 {
		a, err := c.send(verb, body)
		if err != nil || !json.Valid([]byte(a.body)) {
			repeated, end = true, "unknown"
			continue
		}
		outcome := smartIDOutcome(verb, a.json(c.t), a.status, repeated)
		if outcome != "" && outcome != "unknown" {
			return outcome
		}
		end = cmp.Or(outcome, end)
		repeated = repeated || a.status != http.StatusTooManyRequests
	}
	return end
}

// smartIDOutcome tells what an answer means; empty when the call is to be repeated.
func smartIDOutcome(verb string, body map[string]any, status int, repeated bool) string {
	code := status
	if inBody, ok := body["code"].(float64); ok {
		code = int(inBody)
	}
	switch {
	case code == 500 || code == 701 || code == http.StatusTooManyRequests:
		return ""
	case body["success"] == false, code == 426 && repeated:
		return "unknown"
	case code == 200 && verb == "enroll":
		return "enrolled"
	case code == 200, code == 406 && repeated:
		return "removed"
	case code == 408:
		return "already_enrolled"
	case code == 403, code == 406, code == 407, code == 410, code == 412, code == 425, code == 426:
		return "rejected"
	}
	return "failed"
}

func TestSmartIDMagicRowsStoreATemplateOnce(t *testing.T) {
	c := newSmartID(t)
	for _, subject := range []string{"magic-enroll-lost", "magic-enroll-garbled", "magic-enroll-never-answered", "magic-enroll-stored-then-expired"} {
		t.Run(subject, func(t *testing.T) {
			c.journey(simulator.Magic{Journey: "smartid.enroll", Subject: subject})
			require.Equal(t, 1, c.effects(subject, "template_stored"), "a call that is repeated finds the template")
		})
	}
}

func TestSmartIDMagicRowsCoverEveryCodeInBothForms(t *testing.T) {
	c := newSmartID(t)
	for verb, codes := range map[string][]int{
		"enroll":   {200, 403, 407, 408, 412, 425, 426, 499, 500, 701},
		"unenroll": {200, 403, 406, 410, 499, 500, 701},
	} {
		for _, code := range codes {
			for form, status := range map[string]int{"status": code, "body": http.StatusOK} {
				subject := "magic-" + verb + "-" + strconv.Itoa(code) + "-" + form
				a, err := c.send(verb, anyTemplate(subject))
				require.NoError(t, err)
				require.Equal(t, status, a.status, subject)
				require.InDelta(t, code, a.json(t)["code"], 0, subject)
			}
		}
	}
}
