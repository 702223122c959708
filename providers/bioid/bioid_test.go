package bioid_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/providers/bioid"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/providers/rest/resttest"
)

const (
	bcid     = "bws.1.42"
	png      = "\x89PNG\r\n\x1a\nrest of the image"
	noTenant = `"task":291,"traits":3`
)

// clock stands still before every token of these tests ends.
func clock() time.Time { return time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC) }

// jwt is a token with these claims beside the usual ones.
func jwt(claims string) string {
	all := fmt.Sprintf(`{"bcid":"bws/1/42","exp":%d%s}`, clock().Add(10*time.Minute).Unix(), ","+claims)
	return "eyJ0eXAiOiJKV1QifQ." + base64.RawURLEncoding.EncodeToString([]byte(all)) + ".c2lnbmVk"
}

func token() enroll.Secret { return enroll.Secret(jwt(noTenant)) }

func newClient(t *testing.T, handle http.HandlerFunc) *bioid.Client {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	client, err := bioid.New(bioid.Config{BaseURL: server.URL + "/extension", AppID: "app-1", AppSecret: "app-secret"},
		rest.WithAllowHTTP(true), rest.WithClock(clock))
	require.NoError(t, err)
	return client
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func kindOf(t *testing.T, err error) enroll.Kind {
	t.Helper()
	failed, ok := errors.AsType[*enroll.Error](err)
	require.True(t, ok, "want an enroll.Error, got %v", err)
	return failed.Kind
}

func verdictOf(t *testing.T, err error) enroll.Verdict {
	t.Helper()
	refusal, ok := errors.AsType[*enroll.Refusal](err)
	require.True(t, ok, "want an enroll.Refusal, got %v", err)
	return refusal.Verdict
}

func TestConformance(t *testing.T) {
	call := func(name, good string, ask func(context.Context, *bioid.Client) (bool, error), secrets ...string) resttest.Call {
		return resttest.Call{
			Name: name, Good: good, Secrets: secrets,
			Do: func(ctx context.Context, baseURL string, options ...rest.Option) (bool, error) {
				config := bioid.Config{BaseURL: baseURL, AppID: "app-1", AppSecret: "app-secret"}
				client, err := bioid.New(config, append([]rest.Option{rest.WithClock(clock)}, options...)...)
				if err != nil {
					return false, err
				}
				return ask(ctx, client)
			},
		}
	}
	isEnrolled := call("is_enrolled", "", func(ctx context.Context, c *bioid.Client) (bool, error) {
		return c.IsEnrolled(ctx, bcid, "Face")
	}, bcid, "bws/1/42", "app-secret")
	isEnrolled.BodyIgnored = true
	deleteClass := call("delete_class", "", func(ctx context.Context, c *bioid.Client) (bool, error) {
		_, err := c.DeleteClass(ctx, bcid)
		return err == nil, err
	}, bcid, "bws/1/42", "app-secret")
	deleteClass.BodyIgnored, deleteClass.Success = true, []int{http.StatusOK, http.StatusNotFound}
	perform := call("enroll", `{"Success":true}`, func(ctx context.Context, c *bioid.Client) (bool, error) {
		attempt, err := c.Enroll(ctx, token(), new(true))
		return attempt.Verdict.Outcome.Success(), err
	}, jwt(noTenant), bcid, "bws/1/42")
	perform.Once = true
	resttest.Run(t, []resttest.Call{
		isEnrolled, deleteClass, perform,
		call("token", jwt(noTenant), func(ctx context.Context, c *bioid.Client) (bool, error) {
			handOver, err := c.Token(ctx, enroll.BioIDCreateTokenInput{BCID: bcid})
			return handOver.BioID != nil, err
		}, bcid, "bws/1/42", "app-secret"),
		call("upload", `{"Accepted":true,"Warnings":[]}`, func(ctx context.Context, c *bioid.Client) (bool, error) {
			err := c.Upload(ctx, token(), bioid.Sample{Image: resttest.Stream([]byte(png)), Index: 1})
			return err == nil, err
		}, jwt(noTenant), bcid, "bws/1/42"),
		call("result", `{"Action":"enrollment","BCID":"bws/1/42","Success":true}`, func(ctx context.Context, c *bioid.Client) (bool, error) {
			attempt, err := c.Result(ctx, token())
			return attempt.Verdict.Outcome.Success(), err
		}, jwt(noTenant), bcid, "bws/1/42", "app-secret"),
		call("status", `{"Version":"2.3"}`, func(ctx context.Context, c *bioid.Client) (bool, error) {
			_, err := c.Check(ctx)
			return err == nil, err
		}, "app-secret"),
	})
}

func TestToken(t *testing.T) {
	var query url.Values
	var header http.Header
	issuing := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/extension/token" {
				http.NotFound(w, r)
				return
			}
			query, header = r.URL.Query(), r.Header
			_, _ = io.WriteString(w, body)
		}
	}
	ask := func(body string, in enroll.BioIDCreateTokenInput) (enroll.HandOver, error) {
		in.BCID = bcid
		return newClient(t, issuing(body)).Token(t.Context(), in)
	}

	t.Run("is_handed_over_ready_to_use", func(t *testing.T) {
		handOver, err := ask(jwt(noTenant)+"\n", enroll.BioIDCreateTokenInput{PerformedBy: enroll.ByBrowser})
		require.NoError(t, err)
		require.Equal(t, clock().Add(10*time.Minute), handOver.ExpiresAt)
		require.Equal(t, jwt(noTenant), handOver.BioID.Token.Reveal())
		require.True(t, strings.HasSuffix(handOver.BioID.BaseURL, "/extension"))
		require.Equal(t, "Face,Periocular", handOver.BioID.Traits)
		require.Equal(t, 4, handOver.BioID.Recordings)
		require.Equal(t, enroll.ByBrowser, handOver.BioID.PerformedBy)
	})
	t.Run("leaves_the_services_defaults_alone", func(t *testing.T) {
		_, err := ask(jwt(noTenant), enroll.BioIDCreateTokenInput{})
		require.NoError(t, err)
		require.Equal(t, url.Values{"id": {"app-1"}, "bcid": {bcid}, "task": {"enroll"}}, query)
		require.Equal(t, "text/plain", header.Get("Accept"))
		require.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("app-1:app-secret")), header.Get("Authorization"))
	})
	t.Run("sends_what_is_set", func(t *testing.T) {
		_, err := ask(jwt(noTenant), enroll.BioIDCreateTokenInput{MaxTries: 5, LiveDetection: new(false), Traits: "Face"})
		require.NoError(t, err)
		require.Equal(t, url.Values{
			"id": {"app-1"}, "bcid": {bcid}, "task": {"enroll"}, "maxtries": {"5"}, "livedetection": {"false"}, "traits": {"Face"},
		}, query)
	})
	t.Run("hands_over_the_movements_of_a_challenge", func(t *testing.T) {
		handOver, err := ask(jwt(`"task":803,"challenge":"[[\"up\",\"down\"],[\"left\",\"up\"]]"`), enroll.BioIDCreateTokenInput{Challenge: true})
		require.NoError(t, err)
		require.Equal(t, "true", query.Get("challenge"))
		require.Equal(t, [][]string{{"up", "down"}, {"left", "up"}}, handOver.BioID.Challenge)
		require.Equal(t, 3, handOver.BioID.Recordings, "one straight look and two movements")
	})
	t.Run("without_liveness_needs_fewer_recordings", func(t *testing.T) {
		handOver, err := ask(jwt(`"task":35`), enroll.BioIDCreateTokenInput{LiveDetection: new(false), Traits: "Face"})
		require.NoError(t, err)
		require.Equal(t, 3, handOver.BioID.Recordings)
		require.Equal(t, "Face", handOver.BioID.Traits, "an older token does not tell its traits")
	})
	for name, body := range map[string]string{
		"of_two_parts":         "eyJ0.eyJ0",
		"as_json":              `{"token":"x"}`,
		"without_an_end":       "e30.e30.sig",
		"that_has_ended":       "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1}`)) + ".sig",
		"for_another_task":     jwt(`"task":259`),
		"with_a_bad_challenge": jwt(`"task":803,"challenge":"up"`),
		"for_another_class":    jwt(`"bcid":"bws/1/43"`),
	} {
		t.Run("refuses_one_"+name, func(t *testing.T) {
			_, err := ask(body, enroll.BioIDCreateTokenInput{})
			require.Equal(t, enroll.KindUnexpected, kindOf(t, err))
		})
	}
}

func TestUpload(t *testing.T) {
	t.Run("sends_a_raw_data_url", func(t *testing.T) {
		client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			want := "data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte(png))
			if err != nil || string(body) != want || r.Header.Get("Authorization") != "Bearer "+jwt(noTenant) ||
				r.Header.Get("Content-Type") != "text/plain; charset=utf-8" || r.URL.RawQuery != "index=2&tag=up%2Cleft&trait=Face" {
				t.Errorf("upload was asked with %s", body)
			}
			_, _ = io.WriteString(w, `{"Accepted":true,"Warnings":["ImageTooBlurry"]}`)
		})
		require.NoError(t, client.Upload(t.Context(), token(), bioid.Sample{Image: resttest.Stream([]byte(png)), Tag: "up,left", Index: 2, Trait: "Face"}))
	})
	t.Run("leaves_out_what_is_not_set", func(t *testing.T) {
		client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery != "" {
				t.Errorf("query is %q", r.URL.RawQuery)
			}
			_, _ = io.WriteString(w, `{"Accepted":true}`)
		})
		require.NoError(t, client.Upload(t.Context(), token(), bioid.Sample{Image: resttest.Stream([]byte(png))}))
	})
	for _, code := range []string{"NoFaceFound", "MultipleFacesFound", "SampleNotOfExpectedType", "BadSignalQuality", "SomethingNew"} {
		t.Run("is_refused_with_"+code, func(t *testing.T) {
			err := newClient(t, says(200, `{"Accepted":false,"Error":"`+code+`"}`)).Upload(t.Context(), token(), bioid.Sample{Image: resttest.Stream([]byte(png))})
			verdict := verdictOf(t, err)
			require.Equal(t, enroll.ReasonSampleRefused, verdict.Reason)
			require.Equal(t, code, verdict.ProviderCode)
			require.True(t, verdict.CanRetry)
		})
	}
	t.Run("sends_nothing_that_is_no_image", func(t *testing.T) {
		client := newClient(t, func(http.ResponseWriter, *http.Request) { t.Error("was sent") })
		require.Equal(t, enroll.KindInvalid, kindOf(t, client.Upload(t.Context(), token(), bioid.Sample{Image: resttest.Stream([]byte("text"))})))
	})
}

func TestEnrollSendsLiveDetectionOnlyWhenItIsSet(t *testing.T) {
	for name, row := range map[string]struct {
		set  *bool
		want string
	}{"unset": {nil, ""}, "on": {new(true), "livedetection=true"}, "off": {new(false), "livedetection=false"}} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.RequestURI() != strings.TrimSuffix("/extension/enroll?"+row.want, "?") {
					t.Errorf("enroll was asked with %s %s", r.Method, r.URL)
				}
				_, _ = io.WriteString(w, `{"Success":true}`)
			})
			_, err := client.Enroll(t.Context(), token(), row.set)
			require.NoError(t, err)
		})
	}
}

func TestCheckKnowsAnotherServiceAtTheAddress(t *testing.T) {
	_, err := newClient(t, says(200, `{"status":"ok"}`)).Check(t.Context())
	require.Equal(t, enroll.KindUnexpected, kindOf(t, err))
	_, err = newClient(t, says(401, "")).Check(t.Context())
	require.Equal(t, enroll.KindDenied, kindOf(t, err))
}

func TestConfig(t *testing.T) {
	t.Run("is_read_from_the_environment", func(t *testing.T) {
		src := config.NewSource(config.Map(map[string]string{
			"BIOID_BASE_URL": "https://bws.bioid.com/extension/", "BIOID_APP_ID": "id", "BIOID_APP_SECRET": "secret",
		}))
		got := bioid.LoadConfig(src)
		require.NoError(t, src.Err())
		require.Equal(t, bioid.Config{BaseURL: "https://bws.bioid.com/extension", AppID: "id", AppSecret: "secret"}, got)
		require.NoError(t, got.Validate())
	})
	t.Run("names_every_variable_that_is_missing", func(t *testing.T) {
		src := config.NewSource(config.Map(nil))
		bioid.LoadConfig(src)
		for _, name := range []string{"BIOID_BASE_URL", "BIOID_APP_ID", "BIOID_APP_SECRET"} {
			require.ErrorContains(t, src.Err(), name)
		}
	})
	t.Run("names_every_field_that_is_missing", func(t *testing.T) {
		_, err := bioid.New(bioid.Config{})
		for _, name := range []string{"BaseURL", "AppID", "AppSecret"} {
			require.ErrorContains(t, err, name)
		}
		_, err = bioid.New(bioid.Config{BaseURL: "http://host", AppID: "a", AppSecret: "b"})
		require.ErrorContains(t, err, "https")
	})
}

func FuzzReadClaims(f *testing.F) {
	f.Add(jwt(noTenant))
	f.Add("e30.e30.e30")
	f.Add("..")
	f.Add(jwt(`"challenge":"[[]]"`))
	f.Fuzz(func(t *testing.T, token string) {
		if bioid.ReadClaims(token) && strings.Count(token, ".") != 2 {
			t.Errorf("%q passed for a token", token)
		}
	})
}

func TestIsEnrolled_a_page_is_no_answer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html>maintenance</html>")
	}))
	t.Cleanup(server.Close)
	client, err := bioid.New(bioid.Config{BaseURL: server.URL + "/extension", AppID: "app", AppSecret: "app-secret"}, rest.WithAllowHTTP(true))
	require.NoError(t, err)
	_, err = client.IsEnrolled(t.Context(), "bws.1.42", "")
	known, ok := errors.AsType[*enroll.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, enroll.KindUnexpected, known.Kind)
}
