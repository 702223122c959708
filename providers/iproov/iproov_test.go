package iproov_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/iproov"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/providers/rest/resttest"
)

func asError(err error) *enroll.Error {
	known, _ := errors.AsType[*enroll.Error](err)
	return known
}

// seen is a request as iProov got it.
type seen struct {
	method, path, contentType, user string
	body                            map[string]any
}

// note keeps the request and answers with the body.
func note(into *seen, answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		into.method, into.path, into.contentType = r.Method, r.URL.EscapedPath(), r.Header.Get("Content-Type")
		into.user = r.Header.Get("Authorization")
		raw, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(raw, &into.body)
		says(http.StatusOK, answer)(w, r)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	var calls []resttest.Call
	for _, s := range steps() {
		calls = append(calls, resttest.Call{
			Name:    s.name,
			Good:    s.good,
			Once:    s.once,
			Secrets: append([]string{apiKey, apiSecret}, s.hidden...),
			Aside:   handsOutAccess,
			Do: func(ctx context.Context, base string, options ...rest.Option) (bool, error) {
				client, err := iproov.New(config(base), options...)
				require.NoError(t, err)
				err = s.do(ctx, client)
				return err == nil, err
			},
		})
	}
	resttest.Run(t, calls)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := rest.WithClock(func() time.Time { return now })

	t.Run("an_enrol_token_is_asked_for_with_the_credentials_in_the_body", func(t *testing.T) {
		t.Parallel()
		var got seen
		value, err := newClient(t, note(&got, tokenBody)).EnrolToken(t.Context(), userID, enroll.GenuinePresence)
		require.NoError(t, err)
		require.Equal(t, token, value.Reveal())
		require.Equal(t, "/region/api/v2/claim/enrol/token", got.path)
		require.Equal(t, http.MethodPost, got.method)
		require.Equal(t, "application/json", got.contentType)
		require.Empty(t, got.user)
		require.Equal(t, map[string]any{
			"api_key": apiKey, "secret": apiSecret, "resource": "bioenroll", "user_id": userID, "assurance_type": "genuine_presence",
		}, got.body)
	})

	t.Run("a_verify_token_comes_with_its_end_and_the_address_for_the_sdk", func(t *testing.T) {
		t.Parallel()
		var got seen
		verify, err := newClient(t, note(&got, tokenBody), clock).VerifyToken(t.Context(), userID, enroll.Liveness)
		require.NoError(t, err)
		require.Equal(t, "/region/api/v2/claim/verify/token", got.path)
		require.Equal(t, "liveness", got.body["assurance_type"])
		require.Equal(t, token, verify.Token.Reveal())
		require.Equal(t, now.Add(2*time.Minute), verify.ExpiresAt)
		require.True(t, strings.HasSuffix(verify.StreamingURL, "/region"), verify.StreamingURL)
	})

	for name, body := range map[string]string{
		"a_token_for_another_user_is_never_handed_over": `{"token":"` + token + `","user_id":"somebody-else"}`,
		"an_answer_without_a_token_is_no_success":       `{"user_id":"` + userID + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, says(http.StatusOK, body))
			_, err := client.EnrolToken(t.Context(), userID, enroll.GenuinePresence)
			require.Equal(t, unexpected, meaningOf(err))
			_, err = client.VerifyToken(t.Context(), userID, enroll.GenuinePresence)
			require.Equal(t, unexpected, meaningOf(err))
		})
	}
}

func TestEnrolImage(t *testing.T) {
	t.Parallel()
	const good = `{"token":"` + token + `","user_id":"` + userID + `","success":true}`

	for _, photo := range []struct{ name, content, file, kind string }{
		{"png", "\x89PNG\r\n\x1a\n rest", "image.png", "image/png"},
		{"jpeg", "\xff\xd8\xff rest", "image.jpg", "image/jpeg"},
		{"jpeg_2000", "\x00\x00\x00\x0cjP  \r\n\x87\n rest", "image.jp2", "image/jp2"},
		{"jpeg_2000_of_a_chip", "\xff\x4f\xff\x51 rest", "image.jp2", "image/jp2"},
	} {
		t.Run("sends_"+photo.name+"_bit_by_bit_under_its_true_type", func(t *testing.T) {
			t.Parallel()
			client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				file, header, err := r.FormFile("image")
				if err != nil || r.URL.Path != "/region/api/v2/claim/enrol/image" {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				content, _ := io.ReadAll(file)
				got := []string{
					string(content), header.Filename, header.Header.Get("Content-Type"), r.FormValue("api_key"),
					r.FormValue("secret"), r.FormValue("rotation"), r.FormValue("token"), r.FormValue("source"),
				}
				if want := []string{photo.content, photo.file, photo.kind, apiKey, apiSecret, "0", token, "oid"}; fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("sent %q, want %q", got, want)
				}
				says(http.StatusOK, good)(w, r)
			})
			require.NoError(t, client.EnrolImage(t.Context(), userID, token, resttest.Stream([]byte(photo.content)), enroll.SourceOID))
		})
	}

	t.Run("success_false_is_a_refused_image", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, says(http.StatusOK, `{"token":"`+token+`","user_id":"u","success":false}`))
		err := client.EnrolImage(t.Context(), userID, token, resttest.Stream([]byte("\xff\xd8\xff")), enroll.SourceEID)
		require.Equal(t, "rejected/image_refused", meaningOf(err))
	})

	t.Run("an_answer_about_another_token_leaves_the_effect_unknown", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, says(http.StatusOK, `{"token":"other","user_id":"u","success":true}`))
		err := client.EnrolImage(t.Context(), userID, token, resttest.Stream([]byte("\xff\xd8\xff")), enroll.SourceEID)
		require.Equal(t, lost, meaningOf(err))
	})

	t.Run("what_is_no_image_is_not_sent", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
		err := client.EnrolImage(t.Context(), userID, token, resttest.Stream([]byte("%PDF")), enroll.SourceEID)
		require.Equal(t, invalid, meaningOf(err))
		require.True(t, asError(err).NotSent)
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	ask := func(t *testing.T, body string) (enroll.Verdict, error) {
		t.Helper()
		return newClient(t, says(http.StatusOK, body)).Validate(t.Context(), userID, token, clientAgent)
	}
	answer := func(fields string) string { return `{"token":"` + token + `","type":"verify",` + fields + `}` }

	t.Run("sends_user_token_and_client", func(t *testing.T) {
		t.Parallel()
		var got seen
		verdict, err := newClient(t, note(&got, validateBody)).Validate(t.Context(), userID, token, clientAgent)
		require.NoError(t, err)
		require.Equal(t, enroll.Enrolled, verdict.Outcome)
		require.Equal(t, "/region/api/v2/claim/verify/validate", got.path)
		require.Equal(t, map[string]any{
			"api_key": apiKey, "secret": apiSecret, "user_id": userID, "token": token, "client": clientAgent,
		}, got.body)
	})

	for name, row := range map[string]struct {
		fields string
		reason enroll.Reason
	}{
		"face_refused":              {`"passed":false,"reason":"Too dark"`, enroll.ReasonFaceRefused},
		"spoofed":                   {`"passed":false,"reason":"Too dark","signals":{"anti_spoofing":{"passed":false},"matching":{"passed":true}}`, enroll.ReasonLivenessFailed},
		"mismatched":                {`"passed":false,"reason":"Too dark","signals":{"anti_spoofing":{"passed":true},"matching":{"passed":false}}`, enroll.ReasonBiometryFailed},
		"spoofed_and_mismatched":    {`"passed":false,"reason":"Too dark","signals":{"anti_spoofing":{"passed":false},"matching":{"passed":false}}`, enroll.ReasonBiometryAndLivenessFailed},
		"signals_of_unknown_shape":  {`"passed":false,"reason":"Too dark","signals":["x"]`, enroll.ReasonFaceRefused},
		"signals_without_a_verdict": {`"passed":false,"reason":"Too dark","signals":{"matching":{}}`, enroll.ReasonFaceRefused},
	} {
		t.Run("a_person_who_did_not_pass_is_rejected_"+name, func(t *testing.T) {
			t.Parallel()
			verdict, err := ask(t, answer(row.fields))
			require.NoError(t, err)
			require.Equal(t, enroll.Verdict{
				Outcome: enroll.Rejected, Reason: row.reason, ProviderCode: "passed=false", Message: "Too dark", CanRetry: true,
			}, verdict)
		})
	}

	for name, available := range map[string]string{"text": `"true"`, "boolean": "true"} {
		t.Run("the_face_in_the_answer_is_not_kept_frame_available_as_"+name, func(t *testing.T) {
			t.Parallel()
			verdict, err := ask(t, answer(`"passed":true,"frame_available":`+available+`,"frame":"RkFDRQ==","frame_jpeg":"RkFDRQ=="`))
			require.NoError(t, err)
			require.Equal(t, enroll.Verdict{Outcome: enroll.Enrolled, ProviderCode: "passed=true"}, verdict)
		})
	}

	for name, body := range map[string]string{
		"another_token":   `{"passed":true,"token":"other","type":"verify"}`,
		"no_token":        `{"passed":true,"type":"verify"}`,
		"another_user":    answer(`"passed":true,"user_id":"other"`),
		"no_verdict":      answer(`"reason":"x"`),
		"a_textual_true":  answer(`"passed":"true"`),
		"a_null_verdict":  answer(`"passed":null`),
		"a_numeric_true":  answer(`"passed":1`),
		"two_json_values": answer(`"passed":true`) + "{}",
	} {
		t.Run("is_never_a_success_with_"+name, func(t *testing.T) {
			t.Parallel()
			verdict, err := ask(t, body)
			require.Equal(t, lost, meaningOf(err), "the only answer was given and cannot be used")
			require.Equal(t, enroll.Verdict{}, verdict)
		})
	}
}

func TestInvalidate(t *testing.T) {
	t.Parallel()

	t.Run("sends_the_reason_and_no_credentials", func(t *testing.T) {
		t.Parallel()
		var got seen
		client := newClient(t, note(&got, `{"claim_aborted":false,"user_informed":false}`))
		require.NoError(t, client.Invalidate(t.Context(), userID, "a/b?c", "journey ended"))
		require.Equal(t, "/region/api/v2/claim/a%2Fb%3Fc/invalidate", got.path)
		require.Equal(t, map[string]any{"reason": "journey ended"}, got.body)
		require.Empty(t, got.user)
	})

	for name, reason := range map[string]string{"empty": "", "too_long": strings.Repeat("x", 801), "outside_the_pattern": "face <b>"} {
		t.Run("refuses_a_reason_that_is_"+name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
			require.Equal(t, invalid, meaningOf(client.Invalidate(t.Context(), userID, token, reason)))
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	service := func(up, verify string, status int) http.HandlerFunc {
		return withAccess(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/region/api/v2/availability":
				if r.URL.Query().Get("api_key") != apiKey {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				says(http.StatusOK, up)(w, r)
			case "/region/api/v2/claim/verify/token":
				says(status, verify)(w, r)
			default:
				t.Errorf("check asked %s %s", r.Method, r.URL.Path)
			}
		})
	}

	for name, row := range map[string]struct {
		up, verify string
		status     int
		want       string
	}{
		"passes_when_only_the_probed_user_is_unknown": {`{"up":true}`, `{"error":"no_user"}`, 400, "success"},
		"fails_when_the_service_is_down":              {`{"up":false}`, `{"error":"no_user"}`, 400, unavailable},
		"fails_when_the_key_is_refused":               {`{"up":true}`, `{"error":"invalid_key"}`, 401, denied},
		"fails_on_any_other_refusal":                  {`{"up":true}`, `{"error":"inactive_user"}`, 400, "rejected/user_inactive"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, service(row.up, row.verify, row.status)).Check(t.Context())
			require.Equal(t, row.want, meaningOf(err))
		})
	}

	t.Run("fails_when_the_oauth_credentials_are_refused", func(t *testing.T) {
		t.Parallel()
		good := service(`{"up":true}`, `{"error":"no_user"}`, 400)
		client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/access_token") {
				says(http.StatusBadRequest, `{"error":"invalid_client"}`)(w, r)
				return
			}
			good(w, r)
		})
		_, err := client.Check(t.Context())
		require.Equal(t, denied, meaningOf(err))
	})
}
