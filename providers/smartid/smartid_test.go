package smartid_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/providers/rest/resttest"
	"github.com/bioenroll/bioenroll/providers/smartid"
)

const (
	apiKey   = "key-4f1d-secret"
	subject  = "maria.rossi@example.com"
	template = "dGVtcGxhdGU=<&>\u2028é\"\\"
	payLoad  = `{"device":"pixel","lat":45.1}`
)

// newClient returns a client for the handler, on a base address with a path.
func newClient(t *testing.T, handler http.HandlerFunc) *smartid.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := smartid.New(smartid.Config{BaseURL: server.URL + "/tenant", APIKey: apiKey}, rest.WithAllowHTTP(true))
	require.NoError(t, err)
	return client
}

// says answers with a status and a body.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func capture() smartid.Enrollment {
	return smartid.Enrollment{User: subject, Template: template, PayLoad: payLoad}
}

func TestEnrollSendsWhatTheSDKCaptured(t *testing.T) {
	t.Parallel()
	for name, overWrite := range map[string]string{"without_over_write": "", "with_over_write": "true"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got map[string]any
			client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost || r.URL.Path != "/tenant/api/kyc/enroll" ||
					r.Header.Get("X-Api-Key") != apiKey || r.Header.Get("Content-Type") != "application/json" {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				_ = json.NewDecoder(r.Body).Decode(&got)
			})
			capture := capture()
			capture.OverWrite = overWrite
			verdict, err := client.Enroll(t.Context(), capture)
			require.NoError(t, err)
			require.Equal(t, enroll.Enrolled, verdict.Outcome)

			want := map[string]any{"User": subject, "Template": template, "PayLoad": payLoad}
			if overWrite != "" {
				want["OverWrite"] = overWrite
			}
			require.Equal(t, want, got)
		})
	}
}

func TestEnrollDoesNotEscapeTheTemplate(t *testing.T) {
	t.Parallel()
	var raw []byte
	client := newClient(t, func(_ http.ResponseWriter, r *http.Request) { raw, _ = io.ReadAll(r.Body) })
	_, err := client.Enroll(t.Context(), smartid.Enrollment{User: "u", Template: "<a&b>", PayLoad: "p"})
	require.NoError(t, err)
	require.JSONEq(t, `{"User":"u","Template":"<a&b>","PayLoad":"p"}`, string(raw))
	require.Contains(t, string(raw), "<a&b>")
}

func TestUnenrollSendsTheUser(t *testing.T) {
	t.Parallel()
	var got map[string]any
	client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/tenant/api/kyc/unenroll" || r.Header.Get("X-Api-Key") != apiKey {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		_ = json.NewDecoder(r.Body).Decode(&got)
	})
	verdict, err := client.Unenroll(t.Context(), subject, false)
	require.NoError(t, err)
	require.Equal(t, enroll.Removed, verdict.Outcome)
	require.Equal(t, map[string]any{"User": subject}, got)
}

func TestCheckChangesNothing(t *testing.T) {
	t.Parallel()
	var method, path, key string
	client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		method, path, key = r.Method, r.URL.Path, r.Header.Get("X-Api-Key")
		w.WriteHeader(http.StatusNotFound)
	})
	_, err := client.Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, http.MethodHead, method)
	require.Equal(t, "/tenant", path)
	require.Empty(t, key)
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := smartid.New(smartid.Config{})
	require.ErrorContains(t, err, "BaseURL")
	require.ErrorContains(t, err, "APIKey")

	_, err = smartid.New(smartid.Config{BaseURL: "http://example.com", APIKey: apiKey})
	require.ErrorContains(t, err, "https")
	require.NotContains(t, err.Error(), apiKey)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	client := func(t *testing.T, base string, options []rest.Option) *smartid.Client {
		t.Helper()
		c, err := smartid.New(smartid.Config{BaseURL: base, APIKey: apiKey}, options...)
		require.NoError(t, err)
		return c
	}
	// A verdict that is no success is given to the suite as a refusal, so that
	// it is searched for secrets as well.
	told := func(v enroll.Verdict, err error) (bool, error) {
		if err == nil && !v.Outcome.Success() {
			err = &enroll.Refusal{Op: "smartid", Verdict: v}
		}
		return err == nil, err
	}
	secrets := []string{apiKey, subject, template, payLoad}
	enrolls := func(overWrite string) func(context.Context, string, ...rest.Option) (bool, error) {
		return func(ctx context.Context, base string, options ...rest.Option) (bool, error) {
			capture := capture()
			capture.OverWrite = overWrite
			return told(client(t, base, options).Enroll(ctx, capture))
		}
	}
	// An empty body and an empty object are successes here; the bodies that
	// are not have a test of their own.
	resttest.Run(t, []resttest.Call{
		{Name: "enroll", Good: `{"code":200}`, BodyIgnored: true, Once: true, Secrets: secrets, Do: enrolls("")},
		{Name: "enroll_with_over_write", Good: `{"code":200}`, BodyIgnored: true, Secrets: secrets, Do: enrolls("true")},
		{
			Name: "unenroll", Good: `{"code":200}`, BodyIgnored: true, Secrets: []string{apiKey, subject},
			Do: func(ctx context.Context, base string, options ...rest.Option) (bool, error) {
				return told(client(t, base, options).Unenroll(ctx, subject, false))
			},
		},
	})
}

// kindOf returns the kind of an error, or nothing.
func kindOf(err error) enroll.Kind {
	if known, ok := errors.AsType[*enroll.Error](err); ok {
		return known.Kind
	}
	return ""
}

func TestLoadConfigNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	src := config.NewSource(config.Map(map[string]string{"SMARTID_BASE_URL": "https://smartid.example.com/", "SMARTID_API_KEY": apiKey}))
	require.Equal(t, smartid.Config{BaseURL: "https://smartid.example.com", APIKey: apiKey}, smartid.LoadConfig(src))
	require.NoError(t, src.Err())

	src = config.NewSource(config.Map(nil))
	smartid.LoadConfig(src)
	require.ErrorContains(t, src.Err(), "SMARTID_BASE_URL")
	require.ErrorContains(t, src.Err(), "SMARTID_API_KEY")
}
