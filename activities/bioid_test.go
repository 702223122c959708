package activities_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/providers/bioid"
	"github.com/bioenroll/bioenroll/providers/rest"
)

const bcid = "bws.1.42"

// bwsToken is a token that lasts ten minutes.
func bwsToken() enroll.Secret {
	claims := fmt.Sprintf(`{"bcid":"bws/1/42","task":291,"traits":3,"exp":%d}`, time.Now().Add(10*time.Minute).Unix())
	return enroll.Secret("e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln")
}

func bioIDSteps(t *testing.T, sealed activities.Opener, handler http.HandlerFunc) *activities.BioID {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := bioid.New(bioid.Config{BaseURL: server.URL + "/extension", AppID: "app", AppSecret: "secret"}, rest.WithAllowHTTP(true))
	require.NoError(t, err)
	return activities.NewBioID(client, sealed, unfenced{})
}

func TestBioIDIsEnrolled(t *testing.T) {
	t.Parallel()
	in := enroll.BioIDIsEnrolledInput{BCID: bcid}
	for name, row := range map[string]struct {
		status   int
		enrolled bool
		refused  bool
	}{"a_class_that_is_there": {200, true, false}, "a_class_that_is_not": {404, false, false}, "a_class_of_others": {403, false, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			class, err := perform(t, bioIDSteps(t, nil, replies(row.status, "")), enroll.BioIDIsEnrolled, in)
			require.NoError(t, err)
			require.Equal(t, row.enrolled, class.Enrolled)
			require.Equal(t, row.refused, class.Refused != nil)
		})
	}
	t.Run("our_credentials_are_a_failure", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, bioIDSteps(t, nil, replies(401, "")), enroll.BioIDIsEnrolled, in)
		requireFailure(t, err, enroll.KindDenied)
	})
}

func TestBioIDCreateToken(t *testing.T) {
	t.Parallel()
	in := enroll.BioIDCreateTokenInput{BCID: bcid, PerformedBy: enroll.ByUs}
	issued := bwsToken()
	t.Run("hands_over", func(t *testing.T) {
		t.Parallel()
		token, err := perform(t, bioIDSteps(t, nil, replies(200, issued.Reveal())), enroll.BioIDCreateToken, in)
		require.NoError(t, err)
		require.Equal(t, issued.Reveal(), token.BioID.Token.Reveal())
		require.False(t, token.ExpiresAt.IsZero())
	})
	t.Run("a_class_of_others_is_a_refusal", func(t *testing.T) {
		t.Parallel()
		token, err := perform(t, bioIDSteps(t, nil, replies(403, `{"Message":"No."}`)), enroll.BioIDCreateToken, in)
		require.NoError(t, err)
		require.Equal(t, enroll.ReasonNotAllowed, token.Refused.Reason)
	})
}

func TestBioIDUploadSamples(t *testing.T) {
	t.Parallel()
	sealed := drawer{"a": "\x89PNG\r\n\x1a\n1", "b": "\x89PNG\r\n\x1a\n2", "c": "\xff\xd8\xff3"}
	in := enroll.BioIDUploadSamplesInput{Token: bwsToken(), Samples: []enroll.BioIDSampleRef{
		{Data: "a", Index: 1}, {Data: "b", Index: 2, Tag: "up"}, {Data: "c", Index: 3},
	}}
	// counting accepts samples, up to the number, and answers the next as told.
	counting := func(uploads *atomic.Int64, good int64, next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if uploads.Add(1) > good {
				next(w, r)
				return
			}
			_, _ = io.WriteString(w, `{"Accepted":true,"Warnings":[]}`)
		}
	}

	t.Run("uploads_every_sample", func(t *testing.T) {
		t.Parallel()
		var uploads atomic.Int64
		upload, err := perform(t, bioIDSteps(t, sealed, counting(&uploads, 3, nil)), enroll.BioIDUploadSamples, in)
		require.NoError(t, err)
		require.Equal(t, enroll.BioIDUpload{Accepted: 3}, upload)
		require.Equal(t, int64(3), uploads.Load())
	})
	t.Run("a_refused_sample_is_the_end", func(t *testing.T) {
		t.Parallel()
		var uploads atomic.Int64
		next := replies(200, `{"Accepted":false,"Error":"NoFaceFound"}`)
		upload, err := perform(t, bioIDSteps(t, sealed, counting(&uploads, 1, next)), enroll.BioIDUploadSamples, in)
		require.NoError(t, err)
		require.Equal(t, 1, upload.Accepted)
		require.Equal(t, "NoFaceFound", upload.Refused.ProviderCode)
		require.Equal(t, int64(2), uploads.Load())
	})
	t.Run("a_repeated_step_goes_on_after_the_accepted_ones", func(t *testing.T) {
		t.Parallel()
		var uploads atomic.Int64
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestActivityEnvironment().SetDataConverter(codec.Plain())
		bioIDSteps(t, sealed, counting(&uploads, 3, nil)).Register(env)
		env.SetHeartbeatDetails(2)
		value, err := env.ExecuteActivity(string(enroll.BioIDUploadSamples), in)
		require.NoError(t, err)
		var upload enroll.BioIDUpload
		require.NoError(t, value.Get(&upload))
		require.Equal(t, 3, upload.Accepted)
		require.Equal(t, int64(1), uploads.Load())
	})
	t.Run("samples_that_are_gone_are_told", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, bioIDSteps(t, drawer{}, replies(500, "")), enroll.BioIDUploadSamples, in)
		requireFailure(t, err, enroll.KindInputGone)
	})
	t.Run("trouble_is_a_failure", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, bioIDSteps(t, sealed, replies(500, "")), enroll.BioIDUploadSamples, in)
		requireFailure(t, err, enroll.KindUnavailable)
	})
}

func TestBioIDEnrollSamples(t *testing.T) {
	t.Parallel()
	in := enroll.BioIDEnrollSamplesInput{Token: bwsToken()}

	t.Run("a_failed_attempt_is_a_value", func(t *testing.T) {
		t.Parallel()
		attempt, err := perform(t, bioIDSteps(t, nil, replies(200, `{"Success":false,"Error":"LiveDetectionFailed"}`)), enroll.BioIDEnrollSamples, in)
		require.NoError(t, err)
		require.Equal(t, enroll.ReasonLivenessFailed, attempt.Verdict.Reason)
		require.True(t, attempt.Again && attempt.Used)
	})
	t.Run("a_token_that_has_ended_is_a_verdict", func(t *testing.T) {
		t.Parallel()
		attempt, err := perform(t, bioIDSteps(t, nil, replies(401, "")), enroll.BioIDEnrollSamples, in)
		require.NoError(t, err)
		require.Equal(t, enroll.Expired, attempt.Verdict.Outcome)
		require.False(t, attempt.Again)
	})
	t.Run("is_sent_once_when_the_answer_is_lost", func(t *testing.T) {
		t.Parallel()
		var sent atomic.Int64
		_, err := perform(t, bioIDSteps(t, nil, hangsUp(&sent)), enroll.BioIDEnrollSamples, in)
		requireFailure(t, err, enroll.KindLost)
		require.Equal(t, int64(1), sent.Load())
	})
	t.Run("a_server_error_may_have_had_its_effect", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, bioIDSteps(t, nil, replies(500, `{"Message":"A server side exception occurred."}`)), enroll.BioIDEnrollSamples, in)
		requireFailure(t, err, enroll.KindLost)
	})
}

func TestBioIDReadResult(t *testing.T) {
	t.Parallel()
	pace := enroll.DefaultPace()
	in := enroll.BioIDReadResultInput{Token: bwsToken()}
	poll := in
	poll.Poll = &pace
	const failed = `{"Action":"enrollment","BCID":"bws/1/42","Success":false,"Error":"LiveDetectionFailed"}`

	t.Run("no_attempt_yet_is_a_value", func(t *testing.T) {
		t.Parallel()
		attempt, err := perform(t, bioIDSteps(t, nil, replies(204, "")), enroll.BioIDReadResult, in)
		require.NoError(t, err)
		require.True(t, attempt.NotPerformed)
	})
	t.Run("no_attempt_yet_is_pending_for_the_poll", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, bioIDSteps(t, nil, replies(204, "")), enroll.BioIDReadResult, poll)
		require.Empty(t, requireFailure(t, err, enroll.KindPending).Code)
		require.InDelta(t, pace.PollFirst.Seconds(), delayOf(t, err).Seconds(), 0.1*pace.PollFirst.Seconds())
	})
	t.Run("a_failed_attempt_is_a_value", func(t *testing.T) {
		t.Parallel()
		attempt, err := perform(t, bioIDSteps(t, nil, replies(200, failed)), enroll.BioIDReadResult, in)
		require.NoError(t, err)
		require.True(t, attempt.Again)
		require.Equal(t, enroll.Rejected, attempt.Verdict.Outcome)
	})
	t.Run("a_failed_attempt_is_pending_for_the_poll", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, bioIDSteps(t, nil, replies(200, failed)), enroll.BioIDReadResult, poll)
		requireFailure(t, err, enroll.KindPending)
	})
	t.Run("a_success_is_a_verdict", func(t *testing.T) {
		t.Parallel()
		attempt, err := perform(t, bioIDSteps(t, nil, replies(200, strings.NewReplacer("false", "true", `,"Error":"LiveDetectionFailed"`, "").Replace(failed))), enroll.BioIDReadResult, poll)
		require.NoError(t, err)
		require.Equal(t, enroll.Enrolled, attempt.Verdict.Outcome)
	})
	t.Run("tells_neither_token_nor_subject", func(t *testing.T) {
		t.Parallel()
		_, err := perform(t, bioIDSteps(t, nil, replies(400, `{"Message":"The class bws/1/42 has no token `+in.Token.Reveal()+`."}`)), enroll.BioIDReadResult, in)
		told := requireFailure(t, err, enroll.KindInvalid)
		require.Contains(t, told.Said, "The class", "operators read the provider's own words")
		for _, text := range []string{told.Said, err.Error()} {
			require.NotContains(t, text, "bws/1/42")
			require.NotContains(t, text, in.Token.Reveal())
		}
	})
}

func TestBioIDDeleteClass(t *testing.T) {
	t.Parallel()
	in := enroll.BioIDDeleteClassInput{BCID: bcid}
	for _, status := range []int{200, 404} {
		_, err := perform(t, bioIDSteps(t, nil, replies(status, "")), enroll.BioIDDeleteClass, in)
		require.NoError(t, err)
	}
	_, err := perform(t, bioIDSteps(t, nil, replies(500, "")), enroll.BioIDDeleteClass, in)
	requireFailure(t, err, enroll.KindUnavailable)
}
