package simulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

// Basic sim-app:sim-secret.
const bioIDKey = "Basic c2ltLWFwcDpzaW0tc2VjcmV0"

// bioID is a plain client of the simulated BioID.
type bioID struct{ *sim }

func newBioID(t *testing.T) bioID {
	t.Helper()
	return bioID{newSim(t)}
}

func (c bioID) app(method, path string) answer {
	c.t.Helper()
	return c.do(method, "/extension/"+path, "", header{"Authorization", bioIDKey})
}

// token returns a token to enroll the class bws.1.42.
func (c bioID) token(more string) string {
	c.t.Helper()
	a := c.app(http.MethodGet, "token?id=sim-app&bcid=bws.1.42&task=enroll"+more)
	require.Equal(c.t, http.StatusOK, a.status, a.body)
	return a.body
}

func (c bioID) with(token, method, path, body string) answer {
	c.t.Helper()
	return c.do(method, "/extension/"+path, body, header{"Authorization", "Bearer " + token})
}

func (c bioID) upload(token, kind, more string) answer {
	c.t.Helper()
	a := c.with(token, http.MethodPost, "upload?trait=FACE"+more, simulator.SampleDataURL(kind))
	require.Equal(c.t, http.StatusOK, a.status, a.body)
	return a
}

// bioIDClaims are the claims of a token that the tests look at.
type bioIDClaims struct {
	BCID      string `json:"bcid"`
	Task      int    `json:"task"`
	Traits    int    `json:"traits"`
	Issuer    string `json:"iss"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
	Challenge string `json:"challenge"`
}

// movements reads the challenge, which is JSON within a string.
func (claims bioIDClaims) movements(t *testing.T) [][]string {
	t.Helper()
	var challenge [][]string
	require.NoError(t, json.Unmarshal([]byte(claims.Challenge), &challenge))
	return challenge
}

func (c bioID) claims(token string) bioIDClaims {
	c.t.Helper()
	parts := strings.Split(token, ".")
	require.Len(c.t, parts, 3)
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(c.t, err)
	var claims bioIDClaims
	require.NoError(c.t, json.Unmarshal(raw, &claims))
	return claims
}

func TestBioIDToken(t *testing.T) {
	t.Run("plain_text_with_the_claims_of_real_tokens", func(t *testing.T) {
		c := newBioID(t)
		a := c.app(http.MethodGet, "token?id=sim-app&bcid=bws.1.42&task=enroll")
		require.True(t, strings.HasPrefix(a.header.Get("Content-Type"), "text/plain"))
		claims := c.claims(a.body)
		require.Equal(t, "bws/1/42", claims.BCID)
		require.Equal(t, "BWS", claims.Issuer)
		require.Equal(t, 0x123, claims.Task)
		require.Equal(t, 3, claims.Traits)
		require.EqualValues(t, 600, claims.Expires-claims.NotBefore)
		require.Empty(t, claims.Challenge)
	})
	t.Run("task_bits", func(t *testing.T) {
		c := newBioID(t)
		for query, want := range map[string]int{
			"":                     0x103,
			"&task=verify":         0x103,
			"&task=identify":       0x113,
			"&task=enroll":         0x123,
			"&livedetection=False": 0x003,
			"&maxtries=15":         0x10F,
			"&autoenroll=true":     0x1103,
			"&challenge=true":      0x303,
		} {
			a := c.app(http.MethodGet, "token?id=sim-app&bcid=bws/1/42"+query)
			require.Equal(t, want, c.claims(a.body).Task, query)
		}
		live := c.app(http.MethodGet, "token?id=sim-app&task=livenessdetection")
		require.Equal(t, 0x183, c.claims(live.body).Task)
	})
	t.Run("challenge_is_json_within_a_string", func(t *testing.T) {
		c := newBioID(t)
		challenge := c.claims(c.token("&challenge=true&challenges=4&maxtries=2")).movements(t)
		require.Len(t, challenge, 2)
		require.Len(t, challenge[0], 4)
	})
	for query, want := range map[string]int{
		"id=sim-app&bcid=bws.1":                     400,
		"id=sim-app&bcid=bws.one.42":                400,
		"id=sim-app&bcid=bws..42":                   400,
		"id=sim-app":                                400,
		"bcid=bws.1.42":                             400,
		"id=other-app&bcid=bws.1.42":                403,
		"id=sim-app&bcid=bws.1.42&task=sing":        400,
		"id=sim-app&bcid=bws.1.42&maxtries=16":      400,
		"id=sim-app&bcid=bws.1.42&maxtries=0":       400,
		"id=sim-app&bcid=bws.1.42&challenges=8":     400,
		"id=sim-app&bcid=bws.1.42&traits=Nose":      400,
		"id=sim-app&bcid=bws.1.42&livedetection=ja": 400,
	} {
		t.Run("refuses_"+query, func(t *testing.T) {
			a := newBioID(t).app(http.MethodGet, "token?"+query)
			require.Equal(t, want, a.status, a.body)
			require.NotEmpty(t, a.json(t)["Message"])
		})
	}
}

func TestBioIDCredentials(t *testing.T) {
	c := newBioID(t)
	for _, path := range []string{"token?id=sim-app&bcid=bws.1.1", "isenrolled?bcid=bws.1.1", "result?access_token=x", "status"} {
		a := c.do(http.MethodGet, "/extension/"+path, "", header{"Authorization", "Basic d3Jvbmc6d3Jvbmc="})
		require.Equal(t, http.StatusUnauthorized, a.status, path)
		require.Equal(t, "Basic", a.header.Get("WWW-Authenticate"))
	}
	for _, path := range []string{"enroll", "verify", "identify", "livenessdetection"} {
		require.Equal(t, http.StatusUnauthorized, c.with("made.up.token", http.MethodGet, path, "").status, path)
	}
	token := c.token("")
	require.Equal(t, http.StatusForbidden, c.with(token, http.MethodGet, "verify", "").status, "the token is for another task")
	jwt := c.do(http.MethodGet, "/extension/enroll", "", header{"Authorization", "JWT " + token})
	require.Equal(t, http.StatusBadRequest, jwt.status, "the scheme JWT is taken, too")
	forged := token[:len(token)-4] + "AAAA"
	require.Equal(t, http.StatusUnauthorized, c.with(forged, http.MethodGet, "enroll", "").status)
}

func TestBioIDUpload(t *testing.T) {
	t.Run("accepted_sample_has_a_list_of_warnings", func(t *testing.T) {
		c := newBioID(t)
		a := c.upload(c.token(""), simulator.SampleLive, "&tag=any&index=1")
		require.JSONEq(t, `{"Accepted":true,"Warnings":[]}`, a.body)
	})
	for kind, want := range map[string]string{simulator.SampleNoFace: "NoFaceFound", simulator.SampleMultipleFaces: "MultipleFacesFound"} {
		t.Run(want, func(t *testing.T) {
			c := newBioID(t)
			token := c.token("")
			require.JSONEq(t, `{"Accepted":false,"Error":"`+want+`"}`, c.upload(token, kind, "").body)
			require.Equal(t, http.StatusBadRequest, c.with(token, http.MethodGet, "enroll", "").status, "a refused sample is not kept")
		})
	}
	t.Run("content_type_does_not_matter", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("")
		for _, contentType := range []string{"", "text/plain; charset=utf-8", "application/x-www-form-urlencoded; charset=UTF-8"} {
			a := c.do(http.MethodPost, "/extension/upload", simulator.SampleDataURL(simulator.SampleLive),
				header{"Authorization", "Bearer " + token}, header{"Content-Type", contentType})
			require.Equal(t, http.StatusOK, a.status)
		}
	})
	t.Run("voice_is_not_of_the_expected_type", func(t *testing.T) {
		c := newBioID(t)
		wave := "data:audio/wav;base64," + base64.StdEncoding.EncodeToString([]byte("RIFF....WAVE"))
		a := c.with(c.token(""), http.MethodPost, "upload?trait=Face", wave)
		require.Equal(t, "SampleNotOfExpectedType", a.json(t)["Error"])
	})
	for name, body := range map[string]string{
		"empty":               "",
		"no_data_url":         base64.StdEncoding.EncodeToString(simulator.SampleImage(simulator.SampleLive)),
		"no_base64":           "data:image/png;base64,%%%",
		"no_picture":          "data:image/png;base64,aGVsbG8=",
		"another_data_format": "data:image/png,hello",
	} {
		t.Run("refuses_"+name, func(t *testing.T) {
			c := newBioID(t)
			a := c.with(c.token(""), http.MethodPost, "upload", body)
			require.Equal(t, http.StatusBadRequest, a.status)
			require.NotEmpty(t, a.json(t)["Message"])
		})
	}
}

func TestBioIDEnroll(t *testing.T) {
	enroll := func(c bioID, token, more string) answer { return c.with(token, http.MethodGet, "enroll"+more, "") }
	t.Run("two_live_samples_train_the_class", func(t *testing.T) {
		c := newBioID(t)
		require.Equal(t, http.StatusNotFound, c.app(http.MethodGet, "isenrolled?bcid=bws.1.42").status)
		token := c.token("")
		require.Equal(t, http.StatusNoContent, c.app(http.MethodGet, "result?access_token="+token).status)
		c.upload(token, simulator.SampleLive, "&index=1")
		c.upload(token, simulator.SampleLive, "&index=2")
		require.JSONEq(t, `{"Success":true}`, enroll(c, token, "").body)
		require.JSONEq(t, `{"Action":"enrollment","BCID":"bws/1/42","Success":true}`, c.app(http.MethodGet, "result?access_token="+token).body)
		is := c.app(http.MethodGet, "isenrolled?bcid=bws/1/42&trait=Face")
		require.Equal(t, http.StatusOK, is.status)
		require.Empty(t, is.body)
		require.Equal(t, http.StatusBadRequest, enroll(c, token, "").status, "the samples are consumed")
		require.Equal(t, 1, c.effects("bws.1.42", "class_trained"))
	})
	t.Run("failure_consumes_samples_and_an_attempt", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("&maxtries=2")
		for range 2 {
			c.upload(token, simulator.SampleLive, "")
			c.upload(token, simulator.SampleNotLive, "")
			require.JSONEq(t, `{"Success":false,"Error":"LiveDetectionFailed"}`, enroll(c, token, "").body)
		}
		require.Equal(t, "LiveDetectionFailed", c.app(http.MethodGet, "result?access_token="+token).json(t)["Error"])
		c.upload(token, simulator.SampleLive, "")
		a := enroll(c, token, "")
		require.Equal(t, http.StatusForbidden, a.status)
		require.Contains(t, a.json(t)["Message"], "already exceeded")
		require.Equal(t, false, c.state("bioid", "bws.1.42")["enrolled"])
	})
	t.Run("one_sample_is_not_enough_for_liveness", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("")
		c.upload(token, simulator.SampleLive, "")
		require.Equal(t, "NotEnoughSamples", enroll(c, token, "?livedetection=false").json(t)["Error"], "false does not override the token")
	})
	t.Run("one_sample_is_enough_without_liveness", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("&livedetection=false")
		c.upload(token, simulator.SampleNotLive, "")
		require.Equal(t, true, enroll(c, token, "").json(t)["Success"])
		c.upload(token, simulator.SampleLive, "")
		require.Equal(t, "NotEnoughSamples", enroll(c, token, "?livedetection=true").json(t)["Error"])
	})
	t.Run("movements_must_be_those_asked_for_in_order", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("&challenge=true&challenges=2&maxtries=2")
		challenge := c.claims(token).movements(t)
		c.upload(token, simulator.SampleLive, "&index=1&tag=any")
		c.upload(token, simulator.SampleLive, "&index=2&tag=any")
		require.Equal(t, "ChallengeResponseFailed", enroll(c, token, "").json(t)["Error"])
		c.upload(token, simulator.SampleLive, "&index=3&tag="+strings.ToUpper(challenge[1][1]))
		c.upload(token, simulator.SampleLive, "&index=2&tag="+challenge[1][0])
		c.upload(token, simulator.SampleLive, "&index=1&tag=any")
		require.Equal(t, true, enroll(c, token, "").json(t)["Success"])
	})
	t.Run("token_ends_after_ten_minutes", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("")
		c.upload(token, simulator.SampleLive, "")
		c.clock.advance(10 * time.Minute)
		a := enroll(c, token, "")
		require.Equal(t, http.StatusUnauthorized, a.status)
		require.Contains(t, a.json(t)["Message"], "expired")
		require.Equal(t, http.StatusNoContent, c.app(http.MethodGet, "result?access_token="+token).status, "result is still told")
	})
	t.Run("tokens_and_samples_survive_a_reopen", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("")
		c.upload(token, simulator.SampleLive, "")
		c.reopen()
		c.upload(token, simulator.SampleLive, "")
		require.Equal(t, true, enroll(c, token, "").json(t)["Success"])
	})
	t.Run("lost_answer_trains_once", func(t *testing.T) {
		c := newBioID(t)
		token := c.token("")
		c.upload(token, simulator.SampleLive, "")
		c.upload(token, simulator.SampleLive, "")
		c.fault(simulator.Fault{Match: simulator.FaultMatch{Endpoint: "bioid.enroll"}, Kind: "reset_after"})
		_, err := c.try(http.MethodGet, "/extension/enroll", "", header{"Authorization", "Bearer " + token})
		require.Error(t, err)
		require.Equal(t, true, c.app(http.MethodGet, "result?access_token="+token).json(t)["Success"])
		require.Equal(t, 1, c.effects("bws.1.42", "class_trained"))
	})
}

func TestBioIDOtherTasks(t *testing.T) {
	perform := func(c bioID, task, query string) map[string]any {
		c.t.Helper()
		token := c.app(http.MethodGet, "token?id=sim-app&task="+task+query).body
		c.upload(token, simulator.SampleLive, "")
		c.upload(token, simulator.SampleLive, "")
		return c.with(token, http.MethodGet, task, "").json(c.t)
	}
	t.Run("verify_needs_a_template", func(t *testing.T) {
		c := newBioID(t)
		require.Equal(t, "NoTemplateAvailable", perform(c, "verify", "&bcid=bws.1.42")["Error"])
		c.control(http.MethodPost, "preload", map[string]any{"bioid": map[string]any{"classes": []any{map[string]any{"bcid": "bws.1.42"}}}})
		require.Equal(t, true, perform(c, "verify", "&bcid=bws.1.42")["Success"])
	})
	t.Run("identify_lists_the_classes_of_the_partition", func(t *testing.T) {
		c := newBioID(t)
		c.control(http.MethodPost, "preload", map[string]any{"bioid": map[string]any{"classes": []any{
			map[string]any{"bcid": "bws.1.42"}, map[string]any{"bcid": "bws.2.43"},
		}}})
		matches, ok := perform(c, "identify", "&bcid=bws.1.0")["Matches"].([]any)
		require.True(t, ok)
		require.Equal(t, []any{map[string]any{"Score": 0.99, "Storage": "bws", "Partition": 1.0, "ClassID": 42.0}}, matches)
	})
	t.Run("livenessdetection_needs_no_class", func(t *testing.T) {
		require.Equal(t, true, perform(newBioID(t), "livenessdetection", "")["Success"])
	})
}

func TestBioIDService(t *testing.T) {
	c := newBioID(t)
	t.Run("status", func(t *testing.T) {
		require.Equal(t, "2.3", c.app(http.MethodGet, "status").json(t)["Version"])
	})
	t.Run("deleteclass", func(t *testing.T) {
		c.control(http.MethodPost, "preload", map[string]any{"bioid": map[string]any{"classes": []any{map[string]any{"bcid": "bws.1.42"}}}})
		require.Equal(t, http.StatusOK, c.app(http.MethodDelete, "deleteclass?bcid=bws.1.42").status)
		require.Equal(t, http.StatusNotFound, c.app(http.MethodGet, "isenrolled?bcid=bws.1.42").status)
		require.Equal(t, http.StatusBadRequest, c.app(http.MethodDelete, "deleteclass?bcid=nonsense").status)
		require.Equal(t, http.StatusBadRequest, c.app(http.MethodGet, "isenrolled?bcid=bws.1.42&trait=Nose").status)
	})
	t.Run("qualitycheck", func(t *testing.T) {
		for kind, want := range map[string]bool{simulator.SampleLive: true, simulator.SampleNoFace: false, simulator.SampleMultipleFaces: false} {
			a := c.do(http.MethodPost, "/extension/qualitycheck?issuer=ICAO", simulator.SampleDataURL(kind), header{"Authorization", bioIDKey})
			require.Equal(t, want, a.json(t)["Success"], kind)
		}
	})
	t.Run("photoverify_and_livedetection_take_a_form_or_json", func(t *testing.T) {
		pictures := map[string]string{"idphoto": simulator.SampleLive, "liveimage1": simulator.SampleLive, "liveimage2": simulator.SampleNotLive}
		form := url.Values{}
		for name, kind := range pictures {
			form.Set(name, simulator.SampleDataURL(kind))
			pictures[name] = simulator.SampleDataURL(kind)
		}
		raw, err := json.Marshal(pictures)
		require.NoError(t, err)
		for _, path := range []string{"photoverify", "livedetection"} {
			for _, body := range []string{form.Encode(), string(raw)} {
				a := c.do(http.MethodPost, "/extension/"+path, body, header{"Authorization", bioIDKey})
				require.Equal(t, "false", a.body, path)
			}
			a := c.do(http.MethodPost, "/extension/"+path, "", header{"Authorization", bioIDKey})
			require.Equal(t, http.StatusBadRequest, a.status)
			require.Equal(t, "MissingData", a.json(t)["Message"])
		}
	})
	t.Run("unknown_path", func(t *testing.T) {
		a := c.app(http.MethodGet, "enrol")
		require.Equal(t, http.StatusNotFound, a.status)
		require.NotEmpty(t, a.json(t)["Message"])
	})
}

func TestBioIDBrowsersMayCall(t *testing.T) {
	c := newBioID(t)
	for _, path := range []string{"upload", "enroll", "verify", "identify", "livenessdetection"} {
		a := c.do(http.MethodOptions, "/extension/"+path, "", header{"Origin", "https://bank.example"},
			header{"Access-Control-Request-Method", "POST"}, header{"Access-Control-Request-Headers", "authorization,content-type"})
		require.Equal(t, http.StatusNoContent, a.status, path)
		require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "authorization,content-type", a.header.Get("Access-Control-Allow-Headers"))
	}
	a := c.with("x.y.z", http.MethodGet, "enroll", "")
	require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"), "the browser may read a refusal, too")
	require.Empty(t, c.app(http.MethodGet, "status").header.Get("Access-Control-Allow-Origin"))
}

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
	case outcome["Error"] == "ExecutionOfJobTimedOut":
		return "failed"
	case outcome["Error"] == "SomethingNobodyHeardOf":
		return "unknown"
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

func FuzzBioIDUpload(f *testing.F) {
	f.Add(simulator.SampleDataURL(simulator.SampleLive))
	f.Add("data:image/png;base64,")
	f.Add("data:;base64,AAAA")
	server, err := simulator.New(simulator.Options{DataDir: f.TempDir()})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, server.Close()) })
	ask := func(t *testing.T, method, path, body, authorization string) answer {
		t.Helper()
		return serve(t, server.Handler(), method, path, body, header{"Authorization", authorization})
	}
	f.Fuzz(func(t *testing.T, body string) {
		token := ask(t, http.MethodGet, "/extension/token?id=sim-app&bcid=bws.1.42&task=enroll", "", bioIDKey).body
		a := ask(t, http.MethodPost, "/extension/upload", body, "Bearer "+token)
		require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, a.status)
		require.True(t, json.Valid([]byte(a.body)))
	})
}
