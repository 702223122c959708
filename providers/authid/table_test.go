package authid_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/authid"
)

// asks makes each call of the table.
func asks() map[string]func(context.Context, *authid.Client) error {
	create := func(journey enroll.Journey) func(context.Context, *authid.Client) error {
		return func(ctx context.Context, client *authid.Client) error {
			_, err := client.CreateOperation(ctx, operation(journey, enroll.TransportInline))
			return err
		}
	}
	return map[string]func(context.Context, *authid.Client) error{
		"read account":       func(ctx context.Context, c *authid.Client) error { return c.ReadAccount(ctx, "jane-1") },
		"create enrollment":  create(enroll.AuthIDEnroll),
		"create live selfie": create(enroll.AuthIDSelfie),
		"attach credential": func(ctx context.Context, c *authid.Client) error {
			return c.AttachCredential(ctx, "jane-1", "temp-1")
		},
		"remove credential": func(ctx context.Context, c *authid.Client) error {
			_, err := c.RemoveCredential(ctx, "jane-1")
			return err
		},
		"status": func(ctx context.Context, c *authid.Client) error {
			_, err := c.Status(ctx, enroll.AuthIDEnroll, "op-1")
			return err
		},
		"result": func(ctx context.Context, c *authid.Client) error {
			_, err := c.Result(ctx, "op-1")
			return err
		},
		"selfie reference": func(ctx context.Context, c *authid.Client) error {
			_, err := c.SelfieReference(ctx, "op-1")
			return err
		},
	}
}

// TestEveryRowOfTheTable answers each call of each row as the row says and
// expects its meaning.
func TestEveryRowOfTheTable(t *testing.T) {
	all := asks()
	for i, row := range authid.Table() {
		calls := row.Calls
		if len(calls) == 0 {
			for name := range all {
				calls = append(calls, name)
			}
		}
		status, message := row.Status, "Something."
		if status == 0 {
			status = http.StatusConflict
		}
		if len(row.Says) == 0 {
			row.Says = []string{message}
		}
		for _, word := range row.Says {
			for _, call := range calls {
				t.Run(fmt.Sprintf("row_%d_%s_%s", i, call, word), func(t *testing.T) {
					f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
						refuse(w, status, row.ID, "Sorry: "+strings.ToUpper(word)+".")
					})
					err := all[call](t.Context(), f.client())
					if row.Kind != "" {
						require.Equal(t, row.Kind, kindOf(t, err))
						return
					}
					verdict := verdictOf(t, err)
					require.False(t, verdict.Outcome.Success())
					require.Equal(t, row.Verdict.Outcome, verdict.Outcome)
					require.Equal(t, row.Verdict.Reason, verdict.Reason)
					require.Equal(t, row.Verdict.CanRetry, verdict.CanRetry)
					require.NotEmpty(t, verdict.ProviderCode)
				})
			}
		}
	}
}

func TestAConstantOutsideTheTableIsNoSuccessAndNoRefusal(t *testing.T) {
	for name, ask := range asks() {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusUnprocessableEntity, "E_SOMETHING_NEW", "Something new.")
		})
		err := ask(t.Context(), f.client())
		require.Equal(t, enroll.KindInvalid, kindOf(t, err), name)
		require.ErrorContains(t, err, "E_SOMETHING_NEW")
	}
}

func TestEveryStatusOfAnOperation(t *testing.T) {
	status := func(journey enroll.Journey, body string) (authid.Status, error) {
		f := newFake(t, says(body))
		got, err := f.client().Status(t.Context(), journey, "op-1")
		require.Contains(t, f.requests(), "GET "+authPath+"/operations/op-1/status")
		return got, err
	}
	for name, row := range map[string]struct {
		journey  enroll.Journey
		body     string
		outcome  enroll.Outcome
		reason   enroll.Reason
		canRetry bool
	}{
		"accepted_enrollment": {enroll.AuthIDEnroll, `{"Status":1}`, enroll.Enrolled, "", false},
		"accepted_selfie":     {enroll.AuthIDSelfie, `{"Status":1}`, enroll.Captured, "", false},
		"declined":            {enroll.AuthIDEnroll, `{"Status":2}`, enroll.Rejected, enroll.ReasonDeclined, true},
		"biometry_failed":     {enroll.AuthIDEnroll, `{"Status":2,"Message":"Not authorized. Biometry failed."}`, enroll.Rejected, enroll.ReasonBiometryFailed, true},
		"liveness_failed":     {enroll.AuthIDSelfie, `{"Status":2,"StatusMessage":"not authorized - liveness failed"}`, enroll.Rejected, enroll.ReasonLivenessFailed, true},
		"both_failed":         {enroll.AuthIDEnroll, `{"Status":2,"Error":{"Message":"Biometry failed. Liveness failed."}}`, enroll.Rejected, enroll.ReasonBiometryAndLivenessFailed, true},
		"error_as_text":       {enroll.AuthIDEnroll, `{"Status":2,"Message":null,"Error":"Liveness failed"}`, enroll.Rejected, enroll.ReasonLivenessFailed, true},
		"message_of_no_text":  {enroll.AuthIDEnroll, `{"Status":2,"Message":[1]}`, enroll.Rejected, enroll.ReasonDeclined, true},
		"expired":             {enroll.AuthIDEnroll, `{"Status":3}`, enroll.Expired, enroll.ReasonTimeout, true},
		"error":               {enroll.AuthIDEnroll, `{"Status":4,"Message":"Oops"}`, enroll.Failed, enroll.ReasonProviderError, true},
		"canceled":            {enroll.AuthIDEnroll, `{"Status":5}`, enroll.Canceled, enroll.ReasonCanceledByProvider, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := status(row.journey, row.body)
			require.NoError(t, err)
			require.True(t, got.Final)
			require.Equal(t, row.outcome, got.Verdict.Outcome)
			require.Equal(t, row.reason, got.Verdict.Reason)
			require.Equal(t, row.canRetry, got.Verdict.CanRetry)
			require.Equal(t, strconv.Itoa(got.Code), got.Verdict.ProviderCode)
		})
	}
	t.Run("no_other_status_is_an_end", func(t *testing.T) {
		for _, code := range []int{authid.StatusPending, 6, 7, 9, 10, 11, 100, -1, 1 << 40} {
			got, err := status(enroll.AuthIDEnroll, fmt.Sprintf(`{"Status":%d}`, code))
			require.NoError(t, err)
			require.Equal(t, authid.Status{Code: code}, got)
		}
	})
	t.Run("a_status_that_is_no_number_is_no_answer", func(t *testing.T) {
		for _, body := range []string{`{}`, `{"Status":"1"}`, `{"Status":1.5}`, `{"Status":true}`, `{"Status":null}`, `[1]`, `1`} {
			_, err := status(enroll.AuthIDEnroll, body)
			require.Equal(t, enroll.KindUnexpected, kindOf(t, err), body)
		}
	})
}
