package activities_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/providers/authid"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// authIDSteps returns the steps at an authID that issues tokens and answers
// everything else with the handler.
func authIDSteps(t *testing.T, handler http.HandlerFunc) *activities.AuthID {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/auth/token") {
			_, _ = io.WriteString(w, `{"AccessToken":"access-1","RefreshToken":"refresh-1"}`)
			return
		}
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	client, err := authid.New(authid.Config{BaseURL: server.URL + "/uat", APIKeyID: "id", APIKeyValue: "value"}, rest.WithAllowHTTP(true))
	require.NoError(t, err)
	return activities.NewAuthID(client, unfenced{}, keys.New())
}

// delayOf is how long the server is asked to wait before the next attempt.
func delayOf(t *testing.T, err error) time.Duration {
	t.Helper()
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, temporal.ApplicationErrorCategoryBenign, failure.Category(), "waiting is no error")
	return failure.NextRetryDelay()
}

func TestAuthIDReadAccount(t *testing.T) {
	t.Parallel()
	in := enroll.AuthIDReadAccountInput{AccountNumber: "jane-1"}

	t.Run("finds_the_account", func(t *testing.T) {
		t.Parallel()
		account, err := perform(t, authIDSteps(t, replies(200, `{"AccountNumber":"jane-1"}`)), enroll.AuthIDReadAccount, in)
		require.NoError(t, err)
		require.Nil(t, account.Refused)
	})
	t.Run("a_missing_account_is_a_refusal", func(t *testing.T) {
		t.Parallel()
		account, err := perform(t, authIDSteps(t, replies(200, "null")), enroll.AuthIDReadAccount, in)
		require.NoError(t, err)
		require.Equal(t, enroll.ReasonAccountNotFound, account.Refused.Reason)
	})
	t.Run("trouble_is_a_failure_of_its_kind", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, authIDSteps(t, replies(503, "")), enroll.AuthIDReadAccount, in)
		require.Equal(t, "503", requireFailure(t, err, enroll.KindUnavailable).Code)
		require.NotContains(t, err.Error(), "jane-1")
	})
	t.Run("a_throttled_call_waits_as_long_as_it_is_told", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, authIDSteps(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		}), enroll.AuthIDReadAccount, in)
		requireFailure(t, err, enroll.KindThrottled)
		var failure *temporal.ApplicationError
		require.ErrorAs(t, err, &failure)
		require.Equal(t, 7*time.Second, failure.NextRetryDelay())
	})
}

func TestAuthIDCreateOperation(t *testing.T) {
	t.Parallel()
	in := enroll.AuthIDCreateOperationInput{
		Journey: enroll.AuthIDEnroll, AccountNumber: "jane-1", Codeword: "sesame", Tag: "tag-1", TimeoutSeconds: 600,
	}
	byMessage := in
	byMessage.TransportType = enroll.TransportSMS

	t.Run("hands_over", func(t *testing.T) {
		t.Parallel()
		var asked map[string]any
		operation, err := perform(t, authIDSteps(t, func(w http.ResponseWriter, r *http.Request) {
			if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, `{"OperationId":"op-1","OneTimeSecret":"s=="}`)
		}), enroll.AuthIDCreateOperation, in)
		require.NoError(t, err)
		require.Equal(t, map[string]any{
			"AccountNumber": "jane-1", "Codeword": "sesame", "Tag": "tag-1", "Name": "EnrollBioCredential", "Timeout": 600.0, "TransportType": 0.0,
		}, asked)
		require.Equal(t, "op-1", operation.AuthID.OperationID)
		require.Regexp(t, "^[0-9a-f]{32}$", operation.Hash, "a search attribute is written in clear")
		require.Equal(t, "s==", operation.AuthID.OneTimeSecret.Reveal(), "secrets travel in payloads, which are encrypted")
		require.WithinDuration(t, time.Now().Add(10*time.Minute), operation.ExpiresAt, time.Minute)
	})
	t.Run("an_account_with_a_credential_is_a_refusal", func(t *testing.T) {
		t.Parallel()
		operation, err := perform(t, authIDSteps(t, replies(409, `{"ID":"E_ACCOUNT_BIOCREDENTIAL_ALREADY_EXISTS"}`)), enroll.AuthIDCreateOperation, in)
		require.NoError(t, err)
		require.Equal(t, enroll.AlreadyEnrolled, operation.Refused.Outcome)
		require.Nil(t, operation.AuthID)
	})
	t.Run("a_message_is_sent_once_when_the_answer_is_lost", func(t *testing.T) {
		t.Parallel()
		var sent atomic.Int64
		_, err := perform(t, authIDSteps(t, hangsUp(&sent)), enroll.AuthIDCreateOperation, byMessage)
		require.False(t, requireFailure(t, err, enroll.KindLost).NotSent)
		require.Equal(t, int64(1), sent.Load())
	})
	t.Run("a_message_without_a_phone_is_a_refusal", func(t *testing.T) {
		t.Parallel()
		operation, err := perform(t, authIDSteps(t, replies(400, `{"Message":"Account has no phone number."}`)), enroll.AuthIDCreateOperation, byMessage)
		require.NoError(t, err)
		require.Equal(t, enroll.ReasonContactMissing, operation.Refused.Reason)
	})
}

func TestAuthIDConfirmStatus(t *testing.T) {
	t.Parallel()
	pace := enroll.DefaultPace()
	in := enroll.AuthIDConfirmStatusInput{Journey: enroll.AuthIDEnroll, OperationIDs: []string{"op-1"}}
	poll := in
	poll.Poll = &pace

	t.Run("an_end_is_a_verdict", func(t *testing.T) {
		t.Parallel()
		status, err := perform(t, authIDSteps(t, replies(200, `{"Status":2,"Message":"Liveness failed."}`)), enroll.AuthIDConfirmStatus, in)
		require.NoError(t, err)
		require.Equal(t, enroll.Verdict{
			Outcome: enroll.Rejected, Reason: enroll.ReasonLivenessFailed, ProviderCode: "2", Message: "Liveness failed.", CanRetry: true,
		}, status.Verdict)
	})
	t.Run("pending_is_a_benign_failure_of_the_poll", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, authIDSteps(t, replies(200, `{"Status":0}`)), enroll.AuthIDConfirmStatus, poll)
		require.Empty(t, requireFailure(t, err, enroll.KindPending).Code, "pending has no code of its own")
		require.InDelta(t, pace.PollFirst.Seconds(), delayOf(t, err).Seconds(), 0.1*pace.PollFirst.Seconds())
	})
	t.Run("pending_after_a_hint_is_asked_again_briskly", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, authIDSteps(t, replies(200, `{"Status":0}`)), enroll.AuthIDConfirmStatus, in)
		requireFailure(t, err, enroll.KindPending)
		require.Equal(t, time.Second, delayOf(t, err))
	})
	t.Run("a_status_outside_the_documentation_is_pending_by_name", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, authIDSteps(t, replies(200, `{"Status":9}`)), enroll.AuthIDConfirmStatus, poll)
		require.Equal(t, "status 9", requireFailure(t, err, enroll.KindPending).Code)
	})
	t.Run("a_captured_selfie_comes_with_its_reference", func(t *testing.T) {
		t.Parallel()
		selfie := in
		selfie.Journey = enroll.AuthIDSelfie
		status, err := perform(t, authIDSteps(t, replies(200, `{"Status":1,"TempId":"temp-1","Image":"AAAA"}`)), enroll.AuthIDConfirmStatus, selfie)
		require.NoError(t, err)
		require.Equal(t, enroll.Captured, status.Verdict.Outcome)
		require.Equal(t, "temp-1", status.Selfie.TempID)
		require.WithinDuration(t, time.Now().Add(72*time.Hour), status.Selfie.EndsAt, time.Minute)
	})
	t.Run("no_selfie_is_captured_without_its_reference", func(t *testing.T) {
		t.Parallel()
		selfie := in
		selfie.Journey = enroll.AuthIDSelfie
		_, err := perform(t, authIDSteps(t, replies(200, `{"Status":1}`)), enroll.AuthIDConfirmStatus, selfie)
		requireFailure(t, err, enroll.KindUnexpected)
	})
}

func TestAuthIDAttachCredential(t *testing.T) {
	t.Parallel()
	in := enroll.AuthIDAttachCredentialInput{AccountNumber: "jane-1", TempID: "temp-1"}

	t.Run("attaches", func(t *testing.T) {
		t.Parallel()
		attachment, err := perform(t, authIDSteps(t, replies(200, "{}")), enroll.AuthIDAttachCredential, in)
		require.NoError(t, err)
		require.Nil(t, attachment.Refused)
	})
	t.Run("an_account_with_a_credential_is_a_refusal", func(t *testing.T) {
		t.Parallel()
		attachment, err := perform(t, authIDSteps(t, replies(409, `{}`)), enroll.AuthIDAttachCredential, in)
		require.NoError(t, err)
		require.Equal(t, enroll.AlreadyEnrolled, attachment.Refused.Outcome)
		require.Equal(t, enroll.ReasonCredentialExists, attachment.Refused.Reason)
	})
}
