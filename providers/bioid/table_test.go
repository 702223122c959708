package bioid_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/bioid"
	"github.com/bioenroll/bioenroll/providers/rest/resttest"
)

// asks makes each call of the table.
func asks() map[string]func(context.Context, *bioid.Client) error {
	return map[string]func(context.Context, *bioid.Client) error{
		"token": func(ctx context.Context, c *bioid.Client) error {
			_, err := c.Token(ctx, enroll.BioIDCreateTokenInput{BCID: bcid})
			return err
		},
		"upload": func(ctx context.Context, c *bioid.Client) error {
			return c.Upload(ctx, token(), bioid.Sample{Image: resttest.Stream([]byte(png))})
		},
		"enroll": func(ctx context.Context, c *bioid.Client) error {
			_, err := c.Enroll(ctx, token(), nil)
			return err
		},
		"result": func(ctx context.Context, c *bioid.Client) error {
			_, err := c.Result(ctx, token())
			return err
		},
		"is enrolled": func(ctx context.Context, c *bioid.Client) error {
			_, err := c.IsEnrolled(ctx, bcid, "")
			return err
		},
		"delete class": func(ctx context.Context, c *bioid.Client) error {
			_, err := c.DeleteClass(ctx, bcid)
			return err
		},
		"status": func(ctx context.Context, c *bioid.Client) error {
			_, err := c.Check(ctx)
			return err
		},
	}
}

// TestEveryRowOfTheTable answers each call of each row with its status and
// expects its meaning.
func TestEveryRowOfTheTable(t *testing.T) {
	all := asks()
	taken := map[string]bool{} // The first match counts.
	for i, row := range bioid.Table() {
		calls := row.Calls
		if len(calls) == 0 {
			for name := range all {
				calls = append(calls, name)
			}
		}
		for _, call := range calls {
			key := fmt.Sprintf("%s_%d", call, row.Status)
			if taken[key] {
				continue
			}
			taken[key] = true
			t.Run(fmt.Sprintf("row_%d_%s", i, key), func(t *testing.T) {
				err := all[call](t.Context(), newClient(t, says(row.Status, `{"Message":"Sorry, bws/1/42."}`)))
				if row.Kind != "" {
					require.Equal(t, row.Kind, kindOf(t, err))
					var failed *enroll.Error
					require.ErrorAs(t, err, &failed)
					require.Contains(t, failed.Said, "Sorry, ")
					require.NotContains(t, err.Error(), "Sorry")
					return
				}
				verdict := verdictOf(t, err)
				require.False(t, verdict.Outcome.Success())
				want := row.Verdict
				want.ProviderCode, want.Message = strconv.Itoa(row.Status), "Sorry, "+enroll.Redacted+"."
				require.Equal(t, want, verdict)
			})
		}
	}
}

func TestStatusesOutsideTheTable(t *testing.T) {
	for name, ask := range asks() {
		for status, want := range map[int]enroll.Kind{
			409: enroll.KindInvalid, 429: enroll.KindThrottled, 500: enroll.KindUnavailable, 503: enroll.KindUnavailable, 302: enroll.KindUnexpected,
		} {
			if name == "enroll" && want != enroll.KindInvalid && want != enroll.KindThrottled {
				want = enroll.KindLost
			}
			err := ask(t.Context(), newClient(t, says(status, `{"Message":"Sorry."}`)))
			require.Equal(t, want, kindOf(t, err), "%s %d", name, status)
		}
	}
}

// TestEveryEndOfAnAttempt reads each documented error of an attempt from both
// calls that tell it.
func TestEveryEndOfAnAttempt(t *testing.T) {
	for name, row := range map[string]struct {
		body    string
		outcome enroll.Outcome
		reason  enroll.Reason
		code    string
		again   bool
	}{
		"success":            {`"Success":true`, enroll.Enrolled, "", "Success", false},
		"success_null_error": {`"Success":true,"Error":null`, enroll.Enrolled, "", "Success", false},
		"not_live":           {`"Success":false,"Error":"LiveDetectionFailed"`, enroll.Rejected, enroll.ReasonLivenessFailed, "LiveDetectionFailed", true},
		"challenge":          {`"Success":false,"Error":"ChallengeResponseFailed"`, enroll.Rejected, enroll.ReasonChallengeFailed, "ChallengeResponseFailed", true},
		"too_few":            {`"Success":false,"Error":"NotEnoughSamples"`, enroll.Rejected, enroll.ReasonNotEnoughSamples, "NotEnoughSamples", true},
		"busy":               {`"Success":false,"Error":"ExecutionOfJobTimedOut"`, enroll.Failed, enroll.ReasonProviderUnavailable, "ExecutionOfJobTimedOut", true},
		"an_unknown_error":   {`"Success":false,"Error":"SomethingNew"`, enroll.Failed, enroll.ReasonUnexpectedAnswer, "SomethingNew", false},
		"no_error":           {`"Success":false`, enroll.Failed, enroll.ReasonUnexpectedAnswer, "200", false},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, says(200, `{"Action":"enrollment","BCID":"BWS/1/42",`+row.body+`}`))
			performed, err := client.Enroll(t.Context(), token(), nil)
			require.NoError(t, err)
			require.Equal(t, row.outcome, performed.Verdict.Outcome)
			require.Equal(t, row.reason, performed.Verdict.Reason)
			require.Equal(t, row.code, performed.Verdict.ProviderCode)
			require.Equal(t, row.again, performed.Again)
			require.Equal(t, row.again, performed.Verdict.CanRetry)
			require.True(t, performed.Used)
			require.False(t, performed.NotPerformed)
			read, err := client.Result(t.Context(), token())
			require.NoError(t, err)
			require.Equal(t, performed, read, "both calls tell the same")
		})
	}
}

func TestEnrollWithoutSamplesWasNotPerformed(t *testing.T) {
	attempt, err := newClient(t, says(400, `{"Message":"No samples have been uploaded."}`)).Enroll(t.Context(), token(), nil)
	require.NoError(t, err)
	require.True(t, attempt.NotPerformed)
	require.True(t, attempt.Again)
	require.False(t, attempt.Used)
	require.Equal(t, "No samples have been uploaded.", attempt.Verdict.Message)
}

func TestForbiddenIsToldApartByTheResult(t *testing.T) {
	for name, row := range map[string]struct {
		status   int
		body     string
		reason   enroll.Reason
		canRetry bool
	}{
		"no_attempt_was_made":       {204, "", enroll.ReasonNotAllowed, false},
		"an_attempt_was_made":       {200, `{"Action":"enrollment","Success":false,"Error":"LiveDetectionFailed"}`, enroll.ReasonAttemptsUsedUp, true},
		"the_result_cannot_be_read": {500, "", enroll.ReasonAttemptsUsedUp, true},
	} {
		t.Run(name, func(t *testing.T) {
			var enrolls atomic.Int64
			client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/extension/result" {
					says(row.status, row.body)(w, r)
					return
				}
				enrolls.Add(1)
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, `{"Message":"Not allowed."}`)
			})
			_, err := client.Enroll(t.Context(), token(), nil)
			verdict := verdictOf(t, err)
			require.Equal(t, enroll.Rejected, verdict.Outcome)
			require.Equal(t, row.reason, verdict.Reason)
			require.Equal(t, row.canRetry, verdict.CanRetry)
			require.Equal(t, "Not allowed.", verdict.Message)
			require.Equal(t, int64(1), enrolls.Load())
		})
	}
}

func TestResult(t *testing.T) {
	t.Run("there_was_no_attempt", func(t *testing.T) {
		attempt, err := newClient(t, says(204, "")).Result(t.Context(), token())
		require.NoError(t, err)
		require.Equal(t, enroll.BioIDAttempt{NotPerformed: true}, attempt)
	})
	t.Run("is_asked_for_by_the_app", func(t *testing.T) {
		client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
			if user, secret, _ := r.BasicAuth(); user != "app-1" || secret != "app-secret" || r.URL.Query().Get("access_token") != jwt(noTenant) {
				t.Errorf("result was asked with %s", r.URL)
			}
			w.WriteHeader(http.StatusNoContent)
		})
		_, err := client.Result(t.Context(), token())
		require.NoError(t, err)
	})
	for name, body := range map[string]string{
		"of_another_action": `{"Action":"verification","BCID":"bws/1/42","Success":true}`,
		"of_no_action":      `{"BCID":"bws/1/42","Success":true}`,
		"of_another_class":  `{"Action":"enrollment","BCID":"bws/1/43","Success":true}`,
		"without_success":   `{"Action":"enrollment","BCID":"bws/1/42"}`,
		"with_a_text":       `{"Action":"enrollment","BCID":"bws/1/42","Success":"true"}`,
	} {
		t.Run("refuses_one_"+name, func(t *testing.T) {
			_, err := newClient(t, says(200, body)).Result(t.Context(), token())
			require.Equal(t, enroll.KindUnexpected, kindOf(t, err))
		})
	}
}
