package smartid_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/smartid"
)

// expected is what one code must mean, written down apart from the table.
type expected struct {
	code             int
	first, otherwise want
}

type want struct {
	kind     enroll.Kind
	outcome  enroll.Outcome
	reason   enroll.Reason
	canRetry bool
}

func both(w want) (first, repeated want) { return w, w }

func row(code int, first, repeated want) expected { return expected{code, first, repeated} }

func enrollExpectations() []expected {
	again := want{outcome: enroll.Rejected, reason: enroll.ReasonCaptureAgain, canRetry: true}
	lost := want{outcome: enroll.Unknown, reason: enroll.ReasonLostAnswer}
	rows := []expected{
		row(407, again, again),
		row(
			408,
			want{outcome: enroll.AlreadyEnrolled, reason: enroll.ReasonCredentialExists},
			want{outcome: enroll.AlreadyEnrolled, reason: enroll.ReasonAfterLostAnswer, canRetry: true},
		),
		row(412, again, lost),
		row(425, again, lost),
		row(426, again, lost),
	}
	first, repeated := both(want{outcome: enroll.Enrolled})
	rows = append(rows, row(200, first, repeated))
	return append(rows, sharedExpectations()...)
}

func unenrollExpectations() []expected {
	removed, alsoRemoved := both(want{outcome: enroll.Removed})
	noChannel, stillNone := both(want{outcome: enroll.Rejected, reason: enroll.ReasonChannelNotFound})
	return append([]expected{
		row(200, removed, alsoRemoved),
		row(
			406,
			want{outcome: enroll.Rejected, reason: enroll.ReasonNotEnrolled},
			want{outcome: enroll.Removed, reason: enroll.ReasonAfterLostAnswer},
		),
		row(410, noChannel, stillNone),
	}, sharedExpectations()...)
}

func sharedExpectations() []expected {
	var rows []expected
	for code, w := range map[int]want{
		403: {outcome: enroll.Rejected, reason: enroll.ReasonRequestRefused},
		500: {kind: enroll.KindUnavailable},
		701: {kind: enroll.KindUnavailable},
		401: {kind: enroll.KindDenied},
		429: {kind: enroll.KindThrottled},
	} {
		rows = append(rows, row(code, w, w))
	}
	return rows
}

// forms are the ways in which a code may arrive.
func forms(code int) map[string]http.HandlerFunc {
	all := map[string]http.HandlerFunc{"as_status": says(code, "")}
	for name, format := range map[string]string{
		"as_code":              `{"code":%d,"message":"words"}`,
		"as_Code":              `{"Code":%d}`,
		"as_status_field":      `{"status":%d}`,
		"as_Status_field":      `{"Status":"%d"}`,
		"as_text":              `{"code":"%d"}`,
		"beside_a_status":      `{"status":200,"code":%d}`,
		"beside_an_error_text": `{"code":%d,"error":"words"}`,
	} {
		if code == http.StatusOK && name == "beside_an_error_text" {
			continue
		}
		all[name] = says(http.StatusOK, fmt.Sprintf(format, code))
	}
	return all
}

func TestEveryPublishedCodeOfEnroll(t *testing.T) {
	t.Parallel()
	var walked []int
	for _, e := range enrollExpectations() {
		walked = append(walked, e.code)
		for form, answer := range forms(e.code) {
			for _, overWrite := range []string{"", "true"} {
				t.Run(fmt.Sprintf("%d_%s_over_write_%s", e.code, form, overWrite), func(t *testing.T) {
					t.Parallel()
					client := newClient(t, answer)
					capture := capture()
					capture.OverWrite = overWrite
					got, err := client.Enroll(t.Context(), capture)
					requireMeaning(t, e.code, e.first, got, err)
					capture.Repeated = true
					got, err = client.Enroll(t.Context(), capture)
					requireMeaning(t, e.code, e.otherwise, got, err)
				})
			}
		}
	}
	slices.Sort(walked)
	require.ElementsMatch(t, smartid.EnrollCodes(), walked, "the test walks the whole table")
}

func TestEveryPublishedCodeOfUnenroll(t *testing.T) {
	t.Parallel()
	var walked []int
	for _, e := range unenrollExpectations() {
		walked = append(walked, e.code)
		for form, answer := range forms(e.code) {
			t.Run(fmt.Sprintf("%d_%s", e.code, form), func(t *testing.T) {
				t.Parallel()
				client := newClient(t, answer)
				got, err := client.Unenroll(t.Context(), subject, false)
				requireMeaning(t, e.code, e.first, got, err)
				got, err = client.Unenroll(t.Context(), subject, true)
				requireMeaning(t, e.code, e.otherwise, got, err)
			})
		}
	}
	require.ElementsMatch(t, smartid.UnenrollCodes(), walked, "the test walks the whole table")
}

func requireMeaning(t *testing.T, code int, w want, got enroll.Verdict, err error) {
	t.Helper()
	if w.kind != "" {
		require.Equal(t, w.kind, kindOf(err), "%v", err)
		require.Equal(t, enroll.Verdict{}, got)
		return
	}
	require.NoError(t, err)
	require.Equal(t, w.outcome, got.Outcome)
	require.Equal(t, w.reason, got.Reason)
	require.Equal(t, w.canRetry, got.CanRetry)
	require.Equal(t, strconv.Itoa(code), got.ProviderCode)
	require.NotEmpty(t, got.Message)
}

func TestA200WithoutACodeIsTheCode200(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"empty": "", "object": "{}", "other_fields": `{"message":"ok","success":true,"error":null}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newClient(t, says(http.StatusOK, body)).Enroll(t.Context(), capture())
			require.NoError(t, err)
			require.Equal(t, enroll.Enrolled, got.Outcome)
		})
	}
}

func TestABodyThatCannotBeReadIsNoVerdict(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"html":               "<html>",
		"list":               "[]",
		"null":               "null",
		"number":             "200",
		"text":               `"ok"`,
		"two_values":         `{"code":200}{"code":200}`,
		"code_is_a_word":     `{"code":"ok"}`,
		"code_is_null":       `{"code":null}`,
		"code_is_a_fraction": `{"code":200.5}`,
		"two_codes":          `{"code":408,"status":412}`,
		"no_success":         `{"success":false}`,
		"error_text":         `{"error":"template"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, says(http.StatusOK, body))
			got, err := client.Enroll(t.Context(), capture())
			require.Equal(t, enroll.KindLost, kindOf(err), "verdict %v, error %v", got, err)

			replace := capture()
			replace.OverWrite = "true"
			_, err = client.Enroll(t.Context(), replace)
			require.Equal(t, enroll.KindUnexpected, kindOf(err))
			_, err = client.Unenroll(t.Context(), subject, false)
			require.Equal(t, enroll.KindUnexpected, kindOf(err))
		})
	}
}

func TestACodeThatIsNotPublishedIsNeverASuccess(t *testing.T) {
	t.Parallel()
	failed := want{outcome: enroll.Failed, reason: enroll.ReasonUnexpectedAnswer}
	rows := []struct {
		name   string
		answer http.HandlerFunc
		code   int
		// once is a call that may be sent only once, again one that may not.
		once, again want
	}{
		{"status_499", says(499, ""), 499, failed, want{kind: enroll.KindUnexpected}},
		{"status_302", says(302, ""), 302, failed, want{kind: enroll.KindUnexpected}},
		{"body_499", says(200, `{"code":499}`), 499, failed, want{kind: enroll.KindUnexpected}},
		{"body_0", says(200, `{"code":0}`), 0, failed, want{kind: enroll.KindUnexpected}},
		{"body_502", says(200, `{"code":502}`), 502, failed, want{kind: enroll.KindUnexpected}},
		{"status_202", says(202, ""), 202, want{kind: enroll.KindLost}, want{kind: enroll.KindUnexpected}},
		{"status_204", says(204, ""), 204, want{kind: enroll.KindLost}, want{kind: enroll.KindUnexpected}},
		{"status_502", says(502, ""), 502, want{kind: enroll.KindLost}, want{kind: enroll.KindUnavailable}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, r.answer)
			e := capture()
			got, err := client.Enroll(t.Context(), e)
			requireMeaning(t, r.code, r.once, got, err)

			e.Repeated = true
			_, err = client.Enroll(t.Context(), e)
			require.Equal(t, enroll.KindLost, kindOf(err), "an earlier call may have had its effect")

			e.Repeated, e.OverWrite = false, "true"
			got, err = client.Enroll(t.Context(), e)
			requireMeaning(t, r.code, r.again, got, err)
			got, err = client.Unenroll(t.Context(), subject, false)
			requireMeaning(t, r.code, r.again, got, err)
		})
	}
}

func FuzzAnyBodyIsReadOrRefused(f *testing.F) {
	for _, seed := range []string{`{"code":200}`, `{"Status":"408"}`, `[]`, "null", "", `{"success":false}`, `{"code":1e3}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := newClient(t, says(http.StatusOK, body)).Unenroll(t.Context(), subject, false)
		if err != nil {
			require.NotEmpty(t, kindOf(err))
			require.Equal(t, enroll.Verdict{}, got)
			return
		}
		require.NotEmpty(t, got.Outcome)
	})
}
