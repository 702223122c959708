package simulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
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
