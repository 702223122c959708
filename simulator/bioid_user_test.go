package simulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

func TestBioIDSimulatedUser(t *testing.T) {
	type did struct {
		Samples   int `json:"samples"`
		Performed struct {
			Success bool   `json:"success"`
			Error   string `json:"error"`
		} `json:"performed"`
	}
	ask := func(c bioID, body map[string]any) did {
		c.t.Helper()
		body["provider"] = "bioid"
		var answer did
		require.NoError(c.t, json.Unmarshal([]byte(c.control(http.MethodPost, "capture", body).body), &answer))
		return answer
	}
	t.Run("completes_by_token", func(t *testing.T) {
		c := newBioID(t)
		done := ask(c, map[string]any{"token": c.token("&challenge=true"), "result": "complete", "perform": true})
		require.True(t, done.Performed.Success)
		require.Equal(t, 1, c.effects("bws.1.42", "class_trained"))
	})
	t.Run("uploads_by_subject_and_leaves_enroll_to_others", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("")
		require.Equal(t, 3, ask(c, map[string]any{"subject": "bws/1/42", "result": "complete", "samples": 3}).Samples)
		require.Equal(t, true, c.with(token, http.MethodGet, "enroll", "").json(t)["Success"])
	})
	t.Run("fails_as_asked", func(t *testing.T) {
		for reason, want := range map[string]string{"": "LiveDetectionFailed", "wrong_movements": "ChallengeResponseFailed"} {
			c := newBioID(t)
			done := ask(c, map[string]any{"token": c.token("&challenge=true"), "result": "fail", "reason": reason, "perform": true})
			require.Equal(t, want, done.Performed.Error)
		}
	})
	t.Run("walks_away_without_a_trace", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("")
		require.Zero(t, ask(c, map[string]any{"token": token, "result": "walk_away"}).Samples)
		require.Equal(t, http.StatusNoContent, c.app(http.MethodGet, "result?access_token="+token).status)
	})
	t.Run("refuses_what_makes_no_sense", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("")
		for _, body := range []string{
			`{"provider":"bioid","subject":"bws.1.1","result":"complete"}`,
			`{"provider":"bioid","token":"` + token + `","result":"smile"}`,
			`{"provider":"bioid","token":"` + token + `","result":"fail","reason":"shy"}`,
			`{"provider":"bioid","token":"` + token + `","result":"complete","samples":21}`,
		} {
			require.Equal(t, http.StatusBadRequest, c.do(http.MethodPost, "/_sim/capture", body).status, body)
		}
		c.clock.advance(time.Hour)
		late := `{"provider":"bioid","token":"` + token + `","result":"complete"}`
		require.Equal(t, http.StatusBadRequest, c.do(http.MethodPost, "/_sim/capture", late).status)
	})
}

// magicBioID runs a journey's calls for one row as a patient client does, and returns what it learns.
func magicBioID(t *testing.T, c bioID, row simulator.Magic) string {
	t.Helper()
	patient := func(method, path, body, authorization string) (answer, bool) {
		for range 4 {
			a, err := c.try(method, "/extension/"+path, body, header{"Authorization", authorization})
			if err == nil && a.status < 500 && a.status != 429 {
				return a, true
			}
		}
		return answer{}, false
	}
	is, ok := patient(http.MethodGet, "isenrolled?bcid="+row.Subject, "", bioIDKey)
	if !ok || is.status == http.StatusUnauthorized {
		return "failed"
	}
	require.Equal(t, row.Subject == "bws.1.9003", is.status == http.StatusOK)
	challenge := strconv.FormatBool(row.Inputs["challenge"] != nil)
	issued, ok := patient(http.MethodGet, "token?id=sim-app&task=enroll&bcid="+row.Subject+"&challenge="+challenge, "", bioIDKey)
	if !ok || issued.status != http.StatusOK {
		return "failed"
	}
	token := issued.body
	samples, own := row.Inputs["samples"].([]map[string]any)
	for _, sample := range samples {
		picture, ok := sample["data"].([]byte)
		require.True(t, ok)
		url := "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)
		if c.with(token, http.MethodPost, "upload", url).json(t)["Accepted"] != true {
			return "rejected"
		}
	}
	c.clock.advance(15 * time.Second)
	if row.Inputs["performed_by"] == nil || own || row.Reason == "attempts_used_up" {
		a, err := c.try(http.MethodGet, "/extension/enroll", "", header{"Authorization", "Bearer " + token})
		switch {
		case err == nil && a.status == http.StatusForbidden:
			return "rejected"
		case err == nil && a.status == http.StatusUnauthorized:
			return "expired"
		}
	}
	c.clock.advance(10 * time.Minute)
	result, ok := patient(http.MethodGet, "result?access_token="+token, "", bioIDKey)
	require.True(t, ok)
	if result.status == http.StatusNoContent {
		return "expired"
	}
	switch outcome := result.json(t); {
	case outcome["Success"] == true:
		return "enrolled"
	case outcome["Error"] == "ExecutionOfJobTimedOut", outcome["Error"] == "SomethingNobodyHeardOf":
		return "failed"
	}
	return "rejected"
}

func TestBioIDMagicRowsKeepTheirPromiseEveryTime(t *testing.T) {
	t.Parallel()
	for _, row := range simulator.MagicSubjects() {
		if row.Provider != "bioid" {
			continue
		}
		t.Run(row.Subject, func(t *testing.T) {
			t.Parallel()
			c := newBioID(t)
			for range 2 {
				require.Equal(t, row.Outcome, magicBioID(t, c, row), row.Forces)
			}
			require.Equal(t, row.Outcome == "enrolled" || row.Subject == "bws.1.9003", c.state("bioid", row.Subject)["enrolled"])
			if row.Outcome == "enrolled" {
				require.Equal(t, 2, c.effects(row.Subject, "class_trained"))
			}
		})
	}
}
