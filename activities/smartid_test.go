package activities_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/providers/smartid"
)

const (
	templateRef = enroll.SealedRef("template")
	payLoadRef  = enroll.SealedRef("pay-load")
)

// captured is what the device captured, with characters that a careless
// encoder changes.
func captured() drawer {
	return drawer{templateRef: "<template & \u2028 \"quotes\">", payLoadRef: `{"lat":45.1}`}
}

func smartIDSteps(t *testing.T, sealed activities.Opener, handler http.HandlerFunc) *activities.SmartID {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := smartid.New(smartid.Config{BaseURL: server.URL + "/tenant", APIKey: "key-value"}, rest.WithAllowHTTP(true))
	require.NoError(t, err)
	return activities.NewSmartID(client, sealed, unfenced{})
}

func TestSmartIDForwardEnroll(t *testing.T) {
	t.Parallel()
	in := enroll.SmartIDForwardEnrollInput{User: "u", Template: templateRef, PayLoad: payLoadRef}
	repeated := in
	repeated.Repeated = true

	t.Run("template_and_payload_arrive_as_they_were_captured", func(t *testing.T) {
		t.Parallel()
		var got atomic.Value
		replace := in
		replace.OverWrite = "true"
		answer, err := perform(t, smartIDSteps(t, captured(), func(_ http.ResponseWriter, r *http.Request) {
			var body map[string]string
			_ = json.NewDecoder(r.Body).Decode(&body)
			got.Store(body)
		}), enroll.SmartIDForwardEnroll, replace)
		require.NoError(t, err)
		require.Equal(t, enroll.Enrolled, answer.Verdict.Outcome)
		require.Equal(t, map[string]string{
			"User": "u", "Template": captured()[templateRef], "PayLoad": captured()[payLoadRef], "OverWrite": "true",
		}, got.Load())
	})
	t.Run("bytes_that_are_gone_are_never_sent", func(t *testing.T) {
		t.Parallel()
		for _, missing := range []enroll.SealedRef{templateRef, payLoadRef} {
			var calls atomic.Int64
			kept := captured()
			delete(kept, missing)
			_, err := perform(t, smartIDSteps(t, kept, hangsUp(&calls)), enroll.SmartIDForwardEnroll, in)
			requireFailure(t, err, enroll.KindInputGone)
			require.Zero(t, calls.Load())
		}
	})
	t.Run("408_is_an_enrollment_from_before_and_no_time_out", func(t *testing.T) {
		t.Parallel()
		for _, reply := range []http.HandlerFunc{replies(408, ""), replies(200, `{"code":408}`)} {
			answer, err := perform(t, smartIDSteps(t, captured(), reply), enroll.SmartIDForwardEnroll, in)
			require.NoError(t, err)
			require.Equal(t, enroll.ReasonCredentialExists, answer.Verdict.Reason)
			require.False(t, answer.Verdict.CanRetry)

			answer, err = perform(t, smartIDSteps(t, captured(), reply), enroll.SmartIDForwardEnroll, repeated)
			require.NoError(t, err)
			require.Equal(t, enroll.AlreadyEnrolled, answer.Verdict.Outcome)
			require.Equal(t, enroll.ReasonAfterLostAnswer, answer.Verdict.Reason)
			require.True(t, answer.Verdict.CanRetry)
		}
	})
	t.Run("an_old_template_is_captured_again_unless_it_may_have_been_taken", func(t *testing.T) {
		t.Parallel()
		steps := smartIDSteps(t, captured(), replies(426, ""))
		answer, err := perform(t, steps, enroll.SmartIDForwardEnroll, in)
		require.NoError(t, err)
		require.Equal(t, enroll.ReasonCaptureAgain, answer.Verdict.Reason)
		answer, err = perform(t, steps, enroll.SmartIDForwardEnroll, repeated)
		require.NoError(t, err)
		require.Equal(t, enroll.Unknown, answer.Verdict.Outcome)
	})
	t.Run("an_internal_error_is_worth_another_try", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{500, 701} {
			_, err := perform(t, smartIDSteps(t, captured(), replies(status, "")), enroll.SmartIDForwardEnroll, in)
			require.False(t, requireFailure(t, err, enroll.KindUnavailable).NotSent)
		}
	})
	t.Run("a_lost_answer_is_never_repeated_without_over_write", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int64
		steps := smartIDSteps(t, captured(), hangsUp(&calls))
		_, err := perform(t, steps, enroll.SmartIDForwardEnroll, in)
		requireFailure(t, err, enroll.KindLost)
		require.EqualValues(t, 1, calls.Load())

		replace := in
		replace.OverWrite = "true"
		_, err = perform(t, steps, enroll.SmartIDForwardEnroll, replace)
		requireFailure(t, err, enroll.KindUnavailable)
	})
}

func TestSmartIDForwardUnenroll(t *testing.T) {
	t.Parallel()
	in := enroll.SmartIDForwardUnenrollInput{User: "u"}
	repeated := enroll.SmartIDForwardUnenrollInput{User: "u", Repeated: true}

	for name, row := range map[string]struct {
		in      enroll.SmartIDForwardUnenrollInput
		status  int
		outcome enroll.Outcome
		reason  enroll.Reason
	}{
		"an_enrollment_is_removed":                      {in, 200, enroll.Removed, ""},
		"a_user_who_is_not_enrolled_is_told_so":         {in, 406, enroll.Rejected, enroll.ReasonNotEnrolled},
		"not_found_after_a_lost_answer_means_removed":   {repeated, 406, enroll.Removed, enroll.ReasonAfterLostAnswer},
		"a_user_without_a_channel_is_told_so":           {in, 410, enroll.Rejected, enroll.ReasonChannelNotFound},
		"a_user_without_a_channel_is_told_so_each_time": {repeated, 410, enroll.Rejected, enroll.ReasonChannelNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, err := perform(t, smartIDSteps(t, nil, replies(row.status, "")), enroll.SmartIDForwardUnenroll, row.in)
			require.NoError(t, err)
			require.Equal(t, row.outcome, answer.Verdict.Outcome)
			require.Equal(t, row.reason, answer.Verdict.Reason)
		})
	}
	t.Run("trouble_is_a_failure_of_its_kind", func(t *testing.T) {
		t.Parallel()
		for status, kind := range map[int]enroll.Kind{500: enroll.KindUnavailable, 401: enroll.KindDenied, 499: enroll.KindUnexpected} {
			_, err := perform(t, smartIDSteps(t, nil, replies(status, "")), enroll.SmartIDForwardUnenroll, in)
			requireFailure(t, err, kind)
		}
	})
}
