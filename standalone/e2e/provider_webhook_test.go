package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/webhook"
	"github.com/bioenroll/bioenroll/internal/telemetry"
)

// TestProviderWebhook lets authID's own call conclude journeys: no page tells
// anything, and the backup poll would not begin on the same day.
func TestProviderWebhook(t *testing.T) {
	const (
		secret          = "7d1f0c9a5b3e48d2a6c4f0e1b2d3c4a5"
		login, password = "authid", "as-set-at-authid"
	)
	s := workerless(t, func(pace *enroll.Pace) { pace.HoldOff = 24 * time.Hour })
	s.host(t, nil)
	metrics := freeAddress(t)
	address, stop := s.gateway(t, s.with(variables{
		"BIOENROLL_GATEWAY_KEYS": filepath.Join(t.TempDir(), "keys"), telemetry.Listen: metrics,
		webhook.Prefix + "AUTHID_SECRET": secret, webhook.Prefix + "AUTHID_LOGIN": login, webhook.Prefix + "AUTHID_PASSWORD": password,
	}))
	s.setWebhook(t, address+"/webhooks/authid/"+secret, login, password)

	var operations []string
	for name, row := range map[string]struct {
		request func(account string) client.Request
		outcome enroll.Outcome
	}{
		"an_enrollment": {func(account string) client.Request { return enrollment(account) }, enroll.Enrolled},
		"a_live_selfie": {func(account string) client.Request { return selfie(account) }, enroll.Captured},
	} {
		t.Run("concludes_"+name, func(t *testing.T) {
			account := s.account(t)
			started := s.begin(t, "key", row.request(account))
			operations = append(operations, started.HandOver.AuthID.OperationID)
			_, _, err := s.user.Complete(t.Context(), started.HandOver) // And nobody sends the hint.
			require.NoError(t, err)
			require.Equal(t, row.outcome, s.outcome(t, started).Outcome)
			require.Equal(t, 1, s.count(t, account, "authid.status"), "nothing but the webhook made the journey ask")
			shown, err := s.Client().Show(t.Context(), started.ID, started.RunID)
			require.NoError(t, err)
			require.Equal(t, map[enroll.HintName]int{enroll.Webhook: 1}, shown.State.Hints)
		})
	}

	t.Run("answers_an_operation_that_nobody_knows_in_the_same_way", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/webhooks/authid/"+secret, strings.NewReader("OperationId=nobody's"))
		require.NoError(t, err)
		request.SetBasicAuth(login, password)
		answer, err := s.user.HTTP.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusAccepted, answer.StatusCode)
		require.Eventually(t, func() bool {
			_, page := s.page(t, "http://"+metrics+"/metrics")
			return strings.Contains(page, `bioenroll_webhook_hints_total{provider="authid",result="unknown"} 1`)
		}, time.Minute, 50*time.Millisecond)
	})

	t.Run("counts_what_came_and_names_nobody", func(t *testing.T) {
		_, page := s.page(t, "http://"+metrics+"/metrics")
		require.Contains(t, page, `bioenroll_webhooks_total{provider="authid",result="accepted"} 3`)
		require.Contains(t, page, `bioenroll_webhook_hints_total{provider="authid",result="hinted"} 2`)
		for _, hidden := range append(operations, secret, password) {
			require.NotContains(t, page, hidden)
		}
	})
	stop(t)
}

// setWebhook sets the webhook at the simulated authID, as the tenant's
// administrator does.
func (s *system) setWebhook(t *testing.T, to, login, password string) {
	t.Helper()
	const engine = "/IDCompleteBackendEngine"
	ask := func(method, path, body string, sign func(*http.Request), into any) {
		request, err := http.NewRequestWithContext(t.Context(), method, s.user.Simulator+engine+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		sign(request)
		answer, err := s.user.HTTP.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close() //nolint:errcheck // the answer has been read
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.NoError(t, json.NewDecoder(answer.Body).Decode(into))
	}
	var signedIn struct{ AccessToken string }
	environment := s.Environment()
	ask(http.MethodPost, "/IdentityService/v1/auth/token", "", func(r *http.Request) {
		r.SetBasicAuth(environment["AUTHID_API_KEY_ID"], environment["AUTHID_API_KEY_VALUE"])
	}, &signedIn)
	settings := fmt.Sprintf(`{"Enabled":true,"WebHook":{"Url":%q,"Login":%q,"Password":%q}}`, to, login, password)
	ask(http.MethodPut, "/Default/AdministrationServiceRest/v1/settings/webhook", settings, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+signedIn.AccessToken)
	}, &struct{}{})
}
