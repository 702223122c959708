package activities_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/providers/iproov"
	"github.com/bioenroll/bioenroll/providers/rest"
)

const (
	iproovUser  = "user-1"
	iproovToken = "token-1"
	photoRef    = enroll.SealedRef("photo")
	photo       = "\xff\xd8\xff a face"
)

// drawer is sealed storage that is opened.
type drawer map[enroll.SealedRef]string

func (d drawer) Open(_ context.Context, ref enroll.SealedRef) (io.ReadCloser, int64, error) {
	content, ok := d[ref]
	if !ok {
		return nil, 0, &enroll.Error{Op: "seal: open", Kind: enroll.KindInputGone}
	}
	return io.NopCloser(strings.NewReader(content)), int64(len(content)), nil
}

// perform runs a step as a worker does, by its registered name.
func perform[In, Out any](t *testing.T, steps interface{ Register(worker.ActivityRegistry) }, name enroll.Activity[In, Out], in In) (Out, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment().SetDataConverter(codec.Plain())
	steps.Register(env)
	var out Out
	value, err := env.ExecuteActivity(string(name), in)
	if err != nil {
		return out, err
	}
	require.NoError(t, value.Get(&out))
	return out, nil
}

// requireFailure holds a failure to its kind, as an operator and a story see
// it.
func requireFailure(t *testing.T, err error, kind enroll.Kind) enroll.FailureDetails {
	t.Helper()
	failure, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, string(kind), failure.Type())
	require.Equal(t, !kind.Retryable(), failure.NonRetryable())
	var details enroll.FailureDetails
	require.NoError(t, failure.Details(&details))
	return details
}

// iproovSteps returns the steps at an iProov that answers with the handler.
func iproovSteps(t *testing.T, sealed activities.Opener, handler http.HandlerFunc) *activities.IProov {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/access_token") {
			_, _ = w.Write([]byte(`{"access_token":"a","expires_in":3600,"scope":["user-write"]}`))
			return
		}
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	client, err := iproov.New(iproov.Config{
		BaseURL: server.URL + "/api/v2", APIKey: "key-value", APISecret: "secret-value", OAuthUsername: "u", OAuthPassword: "password-value",
	}, rest.WithAllowHTTP(true))
	require.NoError(t, err)
	return activities.NewIProov(client, sealed, unfenced{})
}

func replies(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// hangsUp takes a request, counts it and breaks the connection.
func hangsUp(count *atomic.Int64) http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) {
		count.Add(1)
		panic(http.ErrAbortHandler)
	}
}

func TestIProovTokens(t *testing.T) {
	t.Parallel()
	const body = `{"token":"token-1","user_id":"user-1","primary":"p","pod":"p","fallback":[]}`
	enrol := enroll.IProovEnrolTokenInput{UserID: iproovUser, AssuranceType: enroll.Liveness}
	verify := enroll.IProovVerifyTokenInput{UserID: iproovUser, AssuranceType: enroll.Liveness}

	t.Run("an_enrol_token_is_returned", func(t *testing.T) {
		t.Parallel()
		got, err := perform(t, iproovSteps(t, nil, replies(200, body)), enroll.IProovEnrolToken, enrol)
		require.NoError(t, err)
		require.Equal(t, enroll.IProovToken{Token: iproovToken}, got)
	})
	t.Run("a_verify_token_is_returned_with_what_the_sdk_needs", func(t *testing.T) {
		t.Parallel()
		before := time.Now()
		got, err := perform(t, iproovSteps(t, nil, replies(200, body)), enroll.IProovVerifyToken, verify)
		require.NoError(t, err)
		require.Equal(t, iproovToken, got.Token.Reveal())
		require.True(t, strings.HasPrefix(got.StreamingURL, "http://"))
		require.False(t, got.ExpiresAt.Before(before.Add(2*time.Minute)))
	})
	t.Run("a_user_from_before_is_a_value", func(t *testing.T) {
		t.Parallel()
		got, err := perform(t, iproovSteps(t, nil, replies(400, `{"error":"already_enrolled"}`)), enroll.IProovEnrolToken, enrol)
		require.NoError(t, err)
		require.Equal(t, enroll.AlreadyEnrolled, got.Refusal().Outcome)
		require.Equal(t, "already_enrolled", got.Refusal().ProviderCode)
	})
	t.Run("a_suspended_user_is_a_value", func(t *testing.T) {
		t.Parallel()
		got, err := perform(t, iproovSteps(t, nil, replies(400, `{"error":"inactive_user"}`)), enroll.IProovVerifyToken, verify)
		require.NoError(t, err)
		require.Equal(t, enroll.ReasonUserInactive, got.Refusal().Reason)
	})
	t.Run("trouble_is_a_failure_of_its_kind", func(t *testing.T) {
		t.Parallel()
		for kind, reply := range map[enroll.Kind]http.HandlerFunc{
			enroll.KindUnavailable: replies(500, `{"error":"server_error"}`),
			enroll.KindDenied:      replies(401, `{"error":"invalid_key"}`),
			enroll.KindInvalid:     replies(400, `{"error":"missing_data"}`),
			enroll.KindUnexpected:  replies(200, "<html>"),
		} {
			_, err := perform(t, iproovSteps(t, nil, reply), enroll.IProovEnrolToken, enrol)
			requireFailure(t, err, kind)
			_, err = perform(t, iproovSteps(t, nil, reply), enroll.IProovVerifyToken, verify)
			requireFailure(t, err, kind)
		}
	})
	t.Run("retry_after_becomes_the_delay_of_the_next_attempt", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, iproovSteps(t, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			replies(429, `{"error":"too_many_requests"}`)(w, nil)
		}), enroll.IProovEnrolToken, enrol)
		requireFailure(t, err, enroll.KindThrottled)
		failure, _ := errors.AsType[*temporal.ApplicationError](err)
		require.Equal(t, 7*time.Second, failure.NextRetryDelay())
	})
}

func TestIProovEnrolImage(t *testing.T) {
	t.Parallel()
	in := enroll.IProovEnrolImageInput{Token: iproovToken, Image: photoRef, Source: enroll.SourceEID}
	kept := drawer{photoRef: photo}

	t.Run("the_sealed_photo_is_sent", func(t *testing.T) {
		t.Parallel()
		var content atomic.Value
		_, err := perform(t, iproovSteps(t, kept, func(w http.ResponseWriter, r *http.Request) {
			file, _, err := r.FormFile("image")
			if err != nil {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			data := make([]byte, len(photo)+1)
			n, _ := file.Read(data)
			content.Store(string(data[:n]))
			replies(200, `{"token":"token-1","user_id":"user-1","success":true}`)(w, r)
		}), enroll.IProovEnrolImage, in)
		require.NoError(t, err)
		require.Equal(t, photo, content.Load())
	})
	t.Run("a_photo_that_is_gone_is_never_repeated", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, iproovSteps(t, drawer{}, replies(200, "")), enroll.IProovEnrolImage, in)
		requireFailure(t, err, enroll.KindInputGone)
	})
	t.Run("a_refused_photo_is_a_value", func(t *testing.T) {
		t.Parallel()
		for _, reply := range []http.HandlerFunc{
			replies(400, `{"error":"invalid_enrol_image"}`),
			replies(200, `{"token":"token-1","user_id":"user-1","success":false}`),
		} {
			got, err := perform(t, iproovSteps(t, kept, reply), enroll.IProovEnrolImage, in)
			require.NoError(t, err)
			require.Equal(t, enroll.ReasonImageRefused, got.Refusal().Reason)
			require.True(t, got.Refusal().CanRetry)
		}
	})
	t.Run("a_lost_answer_is_never_repeated", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int64
		_, err := perform(t, iproovSteps(t, kept, hangsUp(&calls)), enroll.IProovEnrolImage, in)
		require.False(t, requireFailure(t, err, enroll.KindLost).NotSent)
		require.EqualValues(t, 1, calls.Load())
	})
}

func TestIProovValidate(t *testing.T) {
	t.Parallel()
	in := enroll.IProovValidateInput{UserID: iproovUser, Token: iproovToken, Client: "agent"}
	ask := func(t *testing.T, reply http.HandlerFunc) (enroll.IProovValidation, error) {
		t.Helper()
		return perform(t, iproovSteps(t, nil, reply), enroll.IProovValidate, in)
	}

	for name, row := range map[string]struct {
		status int
		body   string
		want   enroll.IProovValidation
	}{
		"a_person_who_passed_is_enrolled": {
			200, `{"passed":true,"token":"token-1","type":"verify","frame":"RkFDRQ=="}`,
			enroll.IProovValidation{Verdict: enroll.Verdict{Outcome: enroll.Enrolled, ProviderCode: "passed=true"}},
		},
		"a_person_who_did_not_is_rejected": {
			200, `{"passed":false,"token":"token-1","type":"verify","reason":"Eyes closed"}`,
			enroll.IProovValidation{Verdict: enroll.Verdict{
				Outcome: enroll.Rejected, Reason: enroll.ReasonFaceRefused, ProviderCode: "passed=false", Message: "Eyes closed", CanRetry: true,
			}},
		},
		"no_result_yet_is_a_value": {400, `{"error":"invalid_token"}`, enroll.IProovValidation{Pending: true}},
		"a_token_that_is_gone_has_expired": {
			404, `{"error":"invalid_token","error_description":"No such token"}`,
			enroll.IProovValidation{Verdict: enroll.Verdict{
				Outcome: enroll.Expired, Reason: enroll.ReasonTimeout, ProviderCode: "invalid_token", Message: "No such token", CanRetry: true,
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ask(t, replies(row.status, row.body))
			require.NoError(t, err)
			require.Equal(t, row.want, got)
		})
	}

	t.Run("an_answer_about_another_token_is_no_verdict", func(t *testing.T) {
		t.Parallel()
		_, err := ask(t, replies(200, `{"passed":true,"token":"other","type":"verify"}`))
		requireFailure(t, err, enroll.KindLost)
	})
	t.Run("another_user_than_the_token_s_is_invalid", func(t *testing.T) {
		t.Parallel()
		_, err := ask(t, replies(400, `{"error":"invalid_validation"}`))
		require.Equal(t, "invalid_validation", requireFailure(t, err, enroll.KindInvalid).Code)
	})
	t.Run("a_lost_answer_is_never_repeated", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int64
		_, err := ask(t, hangsUp(&calls))
		requireFailure(t, err, enroll.KindLost)
		require.EqualValues(t, 1, calls.Load())
	})
}

func TestIProovCleanUp(t *testing.T) {
	t.Parallel()
	invalidate := enroll.IProovInvalidateTokenInput{Token: iproovToken}
	remove := enroll.IProovRemoveUserInput{UserID: iproovUser}

	t.Run("a_token_is_invalidated_and_one_that_is_useless_already_is_fine", func(t *testing.T) {
		t.Parallel()
		for _, reply := range []http.HandlerFunc{replies(200, `{"claim_aborted":true,"user_informed":true}`), replies(400, `{"error":"invalid_token"}`)} {
			_, err := perform(t, iproovSteps(t, nil, reply), enroll.IProovInvalidateToken, invalidate)
			require.NoError(t, err)
		}
	})
	t.Run("a_token_that_may_still_be_useful_is_not_given_up", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, iproovSteps(t, nil, replies(500, `{"error":"server_error"}`)), enroll.IProovInvalidateToken, invalidate)
		requireFailure(t, err, enroll.KindUnavailable)
	})
	t.Run("a_user_is_removed_and_one_who_is_not_there_is_fine", func(t *testing.T) {
		t.Parallel()
		for body, existed := range map[string]bool{`{"user_id":"user-1","status":"Deleted"}`: true, `{"error":"invalid_user_id"}`: false} {
			status := map[bool]int{true: 200, false: 400}[existed]
			got, err := perform(t, iproovSteps(t, nil, replies(status, body)), enroll.IProovRemoveUser, remove)
			require.NoError(t, err)
			require.Equal(t, existed, got.Existed)
		}
	})
	t.Run("credentials_that_are_refused_are_for_an_operator", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, iproovSteps(t, nil, replies(401, `{"error":"invalid_oauth"}`)), enroll.IProovRemoveUser, remove)
		requireFailure(t, err, enroll.KindDenied)
	})
}
