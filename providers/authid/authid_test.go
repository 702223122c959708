package authid_test

import (
	"context"
	"encoding/json"
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
	"github.com/bioenroll/bioenroll/providers/authid"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/providers/rest/resttest"
)

func newServer(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL + "/uat"
}

func TestConformance(t *testing.T) {
	// token answers what every call asks first.
	token := func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/IdentityService/v1/auth/") {
			return false
		}
		_, _ = io.WriteString(w, `{"AccessToken":"acc-tok-1","RefreshToken":"ref-tok-1"}`)
		return true
	}
	call := func(name, good string, ask func(context.Context, *authid.Client) (bool, error), secrets ...string) resttest.Call {
		return resttest.Call{
			Name: name, Good: good, Aside: token, Secrets: append(secrets, "acc-tok-1"),
			Do: func(ctx context.Context, baseURL string, options ...rest.Option) (bool, error) {
				client, err := authid.New(authid.Config{BaseURL: baseURL, APIKeyID: "key-id", APIKeyValue: "key-value"}, options...)
				if err != nil {
					return false, err
				}
				return ask(ctx, client)
			},
		}
	}
	create := func(transport int) func(context.Context, *authid.Client) (bool, error) {
		return func(ctx context.Context, client *authid.Client) (bool, error) {
			o := operation(enroll.AuthIDEnroll, transport)
			o.AccountNumber = "jane/1"
			created, err := client.CreateOperation(ctx, o)
			return created.AuthID != nil, err
		}
	}
	byMessage := call("create_by_message", `{"OperationId":"op"}`, create(enroll.TransportSMS), "jane/1", "open sesame")
	byMessage.Once = true
	attach := call("attach", `{}`, func(ctx context.Context, client *authid.Client) (bool, error) {
		err := client.AttachCredential(ctx, "jane/1", "temp-id-1")
		return err == nil, err
	}, "jane/1", "jane%2F1", "temp-id-1")
	attach.BodyIgnored = true
	remove := call("remove", ``, func(ctx context.Context, client *authid.Client) (bool, error) {
		_, err := client.RemoveCredential(ctx, "jane/1")
		return err == nil, err
	}, "jane/1", "jane%2F1")
	remove.BodyIgnored, remove.Success = true, []int{http.StatusOK, http.StatusNoContent, http.StatusNotFound}
	issue := call("token", `{"AccessToken":"a"}`, func(ctx context.Context, client *authid.Client) (bool, error) {
		_, err := client.Check(ctx)
		return err == nil, err
	})
	issue.Aside, issue.Secrets = nil, []string{"key-value"}
	resttest.Run(t, []resttest.Call{
		issue, byMessage, attach, remove,
		call("create", `{"OperationId":"op","OneTimeSecret":"s"}`, create(enroll.TransportInline), "jane/1", "open sesame"),
		call("read_account", `{"AccountNumber":"jane/1"}`, func(ctx context.Context, client *authid.Client) (bool, error) {
			err := client.ReadAccount(ctx, "jane/1")
			return err == nil, err
		}, "jane/1", "jane%2F1"),
		call("status", `{"Status":1}`, func(ctx context.Context, client *authid.Client) (bool, error) {
			status, err := client.Status(ctx, enroll.AuthIDEnroll, "op-id-1")
			return status.Verdict.Outcome.Success(), err
		}, "op-id-1"),
		call("result", `{"Status":1,"Payload":{"TempId":"t"}}`, func(ctx context.Context, client *authid.Client) (bool, error) {
			result, err := client.Result(ctx, "op-id-1")
			return result.Done, err
		}, "op-id-1"),
		call("selfie", `{"Status":1,"TempId":"t"}`, func(ctx context.Context, client *authid.Client) (bool, error) {
			selfie, err := client.SelfieReference(ctx, "op-id-1")
			return selfie.TempID != "", err
		}, "op-id-1"),
	})
}

func TestReadAccount(t *testing.T) {
	read := func(body string) error {
		return newFake(t, says(body)).client().ReadAccount(t.Context(), "jane-1")
	}
	require.NoError(t, read(account))
	for _, missing := range []string{"null", "", " \n"} {
		verdict := verdictOf(t, read(missing))
		require.Equal(t, enroll.Rejected, verdict.Outcome)
		require.Equal(t, enroll.ReasonAccountNotFound, verdict.Reason)
		require.False(t, verdict.CanRetry)
	}
	require.Equal(t, enroll.KindUnexpected, kindOf(t, read(`{"AccountNumber":"john-2"}`)), "another account is no answer")

	f := newFake(t, says(`{"AccountNumber":"a/b c"}`))
	require.NoError(t, f.client().ReadAccount(t.Context(), "a/b c"))
	require.Contains(t, f.requests(), "GET "+adminPath+"/accounts/a%2Fb%20c")
}

func TestCreateOperation(t *testing.T) {
	var sent map[string]any
	answering := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != authPath+"/operations" {
				http.NotFound(w, r)
				return
			}
			sent = nil
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, body)
		}
	}
	c := newClock()

	t.Run("inline_hands_over_a_ready_address", func(t *testing.T) {
		f := newFake(t, answering(`{"OperationId":"113e838b","OneTimeSecret":"TbAeE/w+Oc=="}`))
		handOver, err := f.client(rest.WithClock(c.Now)).CreateOperation(t.Context(), operation(enroll.AuthIDEnroll, enroll.TransportInline))
		require.NoError(t, err)
		require.Equal(t, map[string]any{
			"AccountNumber": "jane-1", "Codeword": "open sesame", "Name": "EnrollBioCredential",
			"Timeout": 3600.0, "TransportType": 0.0, "Tag": "tag-1",
		}, sent)
		require.Equal(t, c.Now().Add(time.Hour), handOver.ExpiresAt)
		require.Equal(t, f.url+"/?i=113e838b&s=TbAeE%2Fw%2BOc%3D%3D", handOver.AuthID.CaptureURL.Reveal())
		parsed, err := url.Parse(handOver.AuthID.CaptureURL.Reveal())
		require.NoError(t, err)
		require.Equal(t, "TbAeE/w+Oc==", parsed.Query().Get("s"))
	})
	t.Run("empty_codeword_and_tag_are_sent", func(t *testing.T) {
		o := operation(enroll.AuthIDSelfie, enroll.TransportInline)
		o.Codeword, o.Tag = "", ""
		_, err := newFake(t, answering(`{"OperationId":"1","OneTimeSecret":"s"}`)).client().CreateOperation(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, "GetForeignBiometry", sent["Name"])
		require.Contains(t, sent, "Codeword")
		require.Contains(t, sent, "Tag")
	})
	t.Run("out_of_band_hands_over_no_secret", func(t *testing.T) {
		f := newFake(t, answering(`{"OperationId":"1"}`))
		handOver, err := f.client().CreateOperation(t.Context(), operation(enroll.AuthIDEnroll, enroll.TransportEmail))
		require.NoError(t, err)
		require.Equal(t, &enroll.AuthIDHandOver{OperationID: "1", TransportType: enroll.TransportEmail}, handOver.AuthID)
	})
	t.Run("an_answer_without_its_fields_is_no_success", func(t *testing.T) {
		for _, body := range []string{`{}`, `{"OperationId":"1"}`, `{"OneTimeSecret":"s"}`, `null`} {
			_, err := newFake(t, answering(body)).client().CreateOperation(t.Context(), operation(enroll.AuthIDEnroll, enroll.TransportInline))
			require.Equal(t, enroll.KindUnexpected, kindOf(t, err), body)
		}
		_, err := newFake(t, answering(`{}`)).client().CreateOperation(t.Context(), operation(enroll.AuthIDEnroll, enroll.TransportSMS))
		require.Equal(t, enroll.KindLost, kindOf(t, err), "the message may be out")
	})
	t.Run("another_providers_journey_is_refused", func(t *testing.T) {
		_, err := newFake(t, answering(`{}`)).client().CreateOperation(t.Context(), operation(enroll.BioIDEnroll, enroll.TransportInline))
		require.ErrorContains(t, err, "not a journey at authID")
	})
}

func TestSelfieReference(t *testing.T) {
	c := newClock()
	read := func(body string) (enroll.SelfieReference, error) {
		f := newFake(t, says(body))
		selfie, err := f.client(rest.WithClock(c.Now)).SelfieReference(t.Context(), "op-1")
		require.Contains(t, f.requests(), "GET "+adminPath+"/foreignOperations/biometry/op-1")
		return selfie, err
	}
	selfie, err := read(`{"Status":1,"TempId":"temp-1"}`)
	require.NoError(t, err)
	require.Equal(t, enroll.SelfieReference{TempID: "temp-1", EndsAt: c.Now().Add(72 * time.Hour)}, selfie)
	for _, body := range []string{`{"Status":0,"TempId":"temp-1"}`, `{"Status":1,"TempId":""}`, `{"TempId":"temp-1"}`} {
		_, err := read(body)
		require.Equal(t, enroll.KindUnexpected, kindOf(t, err), body)
	}
}

func TestResultDropsPictures(t *testing.T) {
	read := func(body string) (authid.Result, error) {
		return newFake(t, says(body)).client().Result(t.Context(), "op-1")
	}
	result, err := read(`{"Status":1,"Payload":{"TempId":"temp-1","Data":{"Image":"` + strings.Repeat("A", 2<<20) + `"}}}`)
	require.NoError(t, err)
	require.Equal(t, authid.Result{Done: true, TempID: "temp-1"}, result)
	result, err = read("null")
	require.NoError(t, err)
	require.False(t, result.Done)
	_, err = read(`{"Status":1}`)
	require.Equal(t, enroll.KindUnexpected, kindOf(t, err))
}

func TestCheckTellsTheClocksSkew(t *testing.T) {
	c := newClock()
	f := newFake(t, nil)
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", c.Now().Add(time.Minute).Format(http.TimeFormat))
		f.ServeHTTP(w, r)
	})
	f.url = server
	skew, err := f.client(rest.WithClock(c.Now)).Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, time.Minute, skew)
}

func TestConfig(t *testing.T) {
	t.Run("is_read_from_the_environment", func(t *testing.T) {
		src := config.NewSource(config.Map(map[string]string{
			"AUTHID_BASE_URL": "https://id-uat.authid.ai", "AUTHID_API_KEY_ID": "id", "AUTHID_API_KEY_VALUE": "value",
		}))
		got := authid.LoadConfig(src)
		require.NoError(t, src.Err())
		require.Equal(t, authid.Config{BaseURL: "https://id-uat.authid.ai", APIKeyID: "id", APIKeyValue: "value"}, got)
		require.NoError(t, got.Validate())
	})
	t.Run("names_every_variable_that_is_missing", func(t *testing.T) {
		src := config.NewSource(config.Map(nil))
		authid.LoadConfig(src)
		for _, name := range []string{"AUTHID_BASE_URL", "AUTHID_API_KEY_ID", "AUTHID_API_KEY_VALUE"} {
			require.ErrorContains(t, src.Err(), name)
		}
	})
	t.Run("names_every_field_that_is_missing", func(t *testing.T) {
		_, err := authid.New(authid.Config{})
		for _, name := range []string{"BaseURL", "APIKeyID", "APIKeyValue"} {
			require.ErrorContains(t, err, name)
		}
		_, err = authid.New(authid.Config{BaseURL: "http://host", APIKeyID: "a", APIKeyValue: "b"})
		require.ErrorContains(t, err, "https")
	})
}
