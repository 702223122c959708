package iproov_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/iproov"
)

// documented is one line of iProov's error list: the status and the constant,
// with what it must mean in general and for single calls. It is written down
// apart from the table that it is held against.
type documented struct {
	status  int
	code    string
	meaning string
	special map[string]string
}

const (
	pending     = string(enroll.KindPending)
	invalid     = string(enroll.KindInvalid)
	denied      = string(enroll.KindDenied)
	throttled   = string(enroll.KindThrottled)
	unavailable = string(enroll.KindUnavailable)
	lost        = string(enroll.KindLost)
	unexpected  = string(enroll.KindUnexpected)
)

func allDocumented() []documented {
	noUser := map[string]string{"read_user": "rejected/user_not_found", "remove_user": "nothing to do"}
	claims := func(meaning string) map[string]string {
		return map[string]string{"enrol_token": meaning, "enrol_image": meaning, "verify_token": meaning, "validate": meaning}
	}
	noUserAtAll := claims("rejected/user_not_found")
	maps.Copy(noUserAtAll, noUser)
	tokensOnly := map[string]string{"enrol_token": "rejected/invalid_assurance_type", "verify_token": "rejected/invalid_assurance_type"}
	return []documented{
		{400, "invalid_agent", invalid, nil},
		{400, "invalid_user_id", invalid, noUser},
		{400, "invalid_token", invalid, map[string]string{"validate": pending, "invalidate": "success"}},
		{400, "invalid_validation", invalid, nil},
		{400, "invalid_reason", invalid, nil},
		{400, "invalid_risk_appetite", invalid, nil},
		{400, "invalid_ip", invalid, nil},
		{400, "invalid_grant", denied, nil},
		{400, "invalid_request", invalid, nil},
		{400, "invalid_client", denied, nil},
		{400, "invalid_scope", denied, nil},
		{400, "unsupported_grant_type", invalid, nil},
		{400, "missing_data", invalid, nil},
		{400, "no_user", invalid, noUserAtAll},
		{400, "inactive_user", invalid, claims("rejected/user_inactive")},
		{400, "invalid_enrol_image", invalid, claims("rejected/image_refused")},
		{400, "invalid_source", invalid, nil},
		{400, "already_enrolled", invalid, claims("already_enrolled/credential_exists")},
		{400, "invalid_key", denied, nil},
		{401, "invalid_key", denied, nil},
		{403, "invalid_key", denied, nil},
		{401, "invalid_oauth", denied, nil},
		{403, "invalid_oauth", denied, nil},
		{401, "token_quota_exceeded", throttled, nil},
		{403, "token_quota_exceeded", throttled, nil},
		{403, "invalid_assurance_type", invalid, tokensOnly},
		{429, "too_many_requests", throttled, nil},
		{500, "server_error", unavailable, map[string]string{"enrol_image": lost, "validate": lost}},
		{404, "invalid_token", invalid, map[string]string{"validate": "expired/timeout"}},
		{404, "anything_else", invalid, map[string]string{"validate": "expired/timeout"}},
		// Constants and statuses that are not documented together, or at all.
		{400, "server_error", invalid, nil},
		{400, "brand_new", invalid, nil},
		{401, "brand_new", denied, nil},
		{403, "brand_new", invalid, nil},
		{500, "already_enrolled", unavailable, map[string]string{"enrol_image": lost, "validate": lost}},
		{503, "brand_new", unavailable, map[string]string{"enrol_image": lost, "validate": lost}},
		{302, "brand_new", unexpected, map[string]string{"enrol_image": lost, "validate": lost}},
		{201, "brand_new", unexpected, map[string]string{"enrol_image": lost, "validate": lost}},
	}
}

func TestEveryDocumentedConstantHasItsMeaning(t *testing.T) {
	t.Parallel()
	for _, s := range steps() {
		for _, d := range allDocumented() {
			t.Run(fmt.Sprintf("%s_%d_%s", s.name, d.status, d.code), func(t *testing.T) {
				t.Parallel()
				client := newClient(t, withAccess(says(d.status, fmt.Sprintf(`{"error":%q,"error_description":"Words."}`, d.code))))
				err := s.do(t.Context(), client)
				require.Equal(t, cmp.Or(d.special[s.name], d.meaning), meaningOf(err), "%v", err)
				if known := asError(err); known != nil {
					require.Equal(t, d.code, known.Code)
					require.Equal(t, "Words.", known.Said)
				}
			})
		}
	}
}

func TestTheWalkCoversTheTable(t *testing.T) {
	t.Parallel()
	var walked []string
	for _, d := range allDocumented() {
		walked = append(walked, d.code)
	}
	for _, code := range iproov.TableCodes() {
		require.Contains(t, walked, code)
	}
	for _, d := range allDocumented() {
		if d.code != "brand_new" && d.code != "anything_else" {
			require.Contains(t, iproov.TableCodes(), d.code)
		}
	}
}

func TestTheAccessTokenEndpointGoesThroughTheTable(t *testing.T) {
	t.Parallel()
	for _, d := range allDocumented() {
		if slices.Contains([]string{"invalid_oauth", "token_quota_exceeded"}, d.code) {
			continue // Not documented for this endpoint.
		}
		t.Run(fmt.Sprintf("%d_%s", d.status, d.code), func(t *testing.T) {
			t.Parallel()
			client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/access_token") {
					says(d.status, fmt.Sprintf(`{"error":%q}`, d.code))(w, r)
					return
				}
				t.Errorf("asked %s without an access token", r.URL.Path)
			})
			_, err := client.ReadUser(t.Context(), userID)
			require.Equal(t, d.meaning, meaningOf(err))
		})
	}
}

func TestRefusalsSayWhetherANewJourneyHelps(t *testing.T) {
	t.Parallel()
	for code, canRetry := range map[string]bool{
		"already_enrolled": false, "inactive_user": false, "no_user": true, "invalid_enrol_image": true,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, says(http.StatusBadRequest, fmt.Sprintf(`{"error":%q,"error_description":"Words."}`, code)))
			_, err := client.VerifyToken(t.Context(), userID, enroll.Liveness)
			var refusal *enroll.Refusal
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, canRetry, refusal.Verdict.CanRetry)
			require.Equal(t, code, refusal.Verdict.ProviderCode)
			require.Equal(t, "Words.", refusal.Verdict.Message)
		})
	}
}

func TestA404WithoutIProovsErrorBodySaysNothingAboutTheToken(t *testing.T) {
	t.Parallel()
	client := newClient(t, says(http.StatusNotFound, "<html>no such page</html>"))
	_, err := client.Validate(t.Context(), userID, token, clientAgent)
	require.Equal(t, invalid, meaningOf(err))
}
