package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

const (
	authIDTokens     = "/IDCompleteBackendEngine/IdentityService/v1/auth/token"
	authIDAdmin      = "/IDCompleteBackendEngine/Default/AdministrationServiceRest"
	authIDOperations = "/IDCompleteBackendEngine/Default/AuthorizationServiceRest/v2/operations"
	// Basic sim-key-id:sim-key-value.
	authIDKey = "Basic c2ltLWtleS1pZDpzaW0ta2V5LXZhbHVl"
)

// authID is a plain client of the simulated authID with a token.
type authID struct {
	*sim
	token string
}

func newAuthID(t *testing.T) *authID {
	t.Helper()
	c := &authID{sim: newSim(t)}
	c.login()
	return c
}

func (c *authID) login() {
	c.t.Helper()
	a := c.do(http.MethodPost, authIDTokens, "", header{"Authorization", authIDKey})
	require.Equal(c.t, http.StatusOK, a.status, a.body)
	c.token, _ = a.json(c.t)["AccessToken"].(string)
}

func (c *authID) ask(method, path, body string) answer {
	c.t.Helper()
	return c.do(method, path, body, header{"Authorization", "Bearer " + c.token})
}

func (c *authID) preload(account map[string]any) {
	c.t.Helper()
	c.control(http.MethodPost, "preload", map[string]any{"authid": map[string]any{"accounts": []any{account}}})
}

func operationBody(account, name string, timeout, transport int) string {
	return fmt.Sprintf(`{"AccountNumber":%q,"Codeword":"","Name":%q,"Timeout":%d,"TransportType":%d,"Tag":""}`, account, name, timeout, transport)
}

// create opens an operation and returns its id.
func (c *authID) create(account, name string) string {
	c.t.Helper()
	a := c.ask(http.MethodPost, authIDOperations, operationBody(account, name, 3600, 0))
	require.Equal(c.t, http.StatusOK, a.status, a.body)
	id, _ := a.json(c.t)["OperationId"].(string)
	return id
}

func (c *authID) status(id string) int {
	c.t.Helper()
	a := c.ask(http.MethodGet, authIDOperations+"/"+id+"/status", "")
	require.Equal(c.t, http.StatusOK, a.status, a.body)
	status, ok := a.json(c.t)["Status"].(float64)
	require.True(c.t, ok)
	return int(status)
}

func (c *authID) problemID(a answer) string {
	c.t.Helper()
	id, _ := a.json(c.t)["ID"].(string)
	return id
}

func TestAuthIDTokens(t *testing.T) {
	t.Run("bodies_of_every_client_are_taken", func(t *testing.T) {
		s := newSim(t)
		for _, body := range []string{"", "null", "{}"} {
			a := s.do(http.MethodPost, authIDTokens, body, header{"Authorization", authIDKey}, header{"Content-Type", "application/x-www-form-urlencoded"})
			require.Equal(t, http.StatusOK, a.status)
			require.Len(t, strings.Split(a.text(t, "AccessToken"), "."), 3)
			_, err := time.Parse(time.RFC3339, a.text(t, "AccessTokenExpirationDate"))
			require.NoError(t, err)
		}
	})
	t.Run("wrong_key_is_refused", func(t *testing.T) {
		a := newSim(t).do(http.MethodPost, authIDTokens, "", header{"Authorization", "Basic d3Jvbmc6d3Jvbmc="})
		require.Equal(t, http.StatusUnauthorized, a.status)
		require.Equal(t, "E_USER_NOT_AUTHENTICATED", a.json(t)["ID"])
	})
	t.Run("token_ends_after_fifteen_minutes", func(t *testing.T) {
		c := newAuthID(t)
		c.clock.advance(14 * time.Minute)
		require.Equal(t, http.StatusOK, c.ask(http.MethodGet, authIDAdmin+"/v1/accounts/nobody", "").status)
		c.clock.advance(time.Minute)
		a := c.ask(http.MethodGet, authIDAdmin+"/v1/accounts/nobody", "")
		require.Equal(t, http.StatusUnauthorized, a.status)
		require.Equal(t, "E_USER_NOT_AUTHENTICATED", c.problemID(a))
	})
	t.Run("refresh_takes_a_bare_json_string", func(t *testing.T) {
		s := newSim(t)
		first := s.do(http.MethodPost, authIDTokens, "", header{"Authorization", authIDKey}).json(t)
		refresh := strings.Replace(authIDTokens, "/token", "/refresh", 1)
		a := s.do(http.MethodPost, refresh, fmt.Sprintf("%q", first["RefreshToken"]))
		require.Equal(t, http.StatusOK, a.status)
		require.NotEqual(t, first["AccessToken"], a.json(t)["AccessToken"])
		require.Equal(t, http.StatusUnauthorized, s.do(http.MethodPost, refresh, `"made up"`).status)
		require.Equal(t, http.StatusBadRequest, s.do(http.MethodPost, refresh, `{"RefreshToken":"x"}`).status)
	})
}

func TestAuthIDAccounts(t *testing.T) {
	t.Run("missing_account_is_200_with_null", func(t *testing.T) {
		a := newAuthID(t).ask(http.MethodGet, authIDAdmin+"/v1/accounts/AccountV2", "")
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, "null", a.body)
	})
	t.Run("created_read_and_deleted_on_both_paths", func(t *testing.T) {
		for _, base := range []string{authIDAdmin, authIDAdmin + "/v1"} {
			c := newAuthID(t)
			body := `{"AccountNumber":"AccountV2","Version":0,"DisplayName":"A","Enabled":true,"Custom":true,"Email":"a@example.com","PhoneNumber":"","Unheard":1}`
			require.Equal(t, "AccountV2", c.ask(http.MethodPost, base+"/accounts", body).json(t)["AccountNumber"])
			require.Equal(t, "a@example.com", c.ask(http.MethodGet, base+"/accounts/AccountV2", "").json(t)["Email"])
			again := c.ask(http.MethodPost, base+"/accounts", body)
			require.Equal(t, http.StatusConflict, again.status)
			require.Equal(t, "E_ACCOUNT_ALREADY_EXISTS", c.problemID(again))
			require.Equal(t, http.StatusOK, c.ask(http.MethodDelete, base+"/accounts/AccountV2", "").status)
			require.Equal(t, "null", c.ask(http.MethodGet, base+"/accounts/AccountV2", "").body)
		}
	})
	t.Run("credential_is_listed_read_and_deleted", func(t *testing.T) {
		c := newAuthID(t)
		c.preload(map[string]any{"account_number": "A", "credential": true})
		list := c.ask(http.MethodGet, authIDAdmin+"/accounts/bioCredentials/metadata?start=0&size=10", "")
		var rows []struct {
			ExternalID string `json:"ExternalID"` //nolint:tagliatelle // the vendor's casing
		}
		require.NoError(t, json.Unmarshal([]byte(list.body), &rows))
		require.Len(t, rows, 1)
		one := c.ask(http.MethodGet, authIDAdmin+"/bioCredentials/"+rows[0].ExternalID, "")
		require.Equal(t, "A", one.json(t)["AccountNumber"])
		require.Equal(t, http.StatusOK, c.ask(http.MethodDelete, authIDAdmin+"/accounts/A/bioCredential", "").status)
		require.Equal(t, false, c.state("authid", "A")["has_credential"])
		require.Equal(t, http.StatusNotFound, c.ask(http.MethodDelete, authIDAdmin+"/accounts/A/bioCredential", "").status)
	})
}

func TestAuthIDEnrollment(t *testing.T) {
	t.Run("completing_gives_the_one_credential", func(t *testing.T) {
		c := newAuthID(t)
		c.preload(map[string]any{"account_number": "AccountV2"})
		a := c.ask(http.MethodPost, authIDOperations, operationBody("AccountV2", "EnrollBioCredential", 3600, 0))
		require.NotEmpty(t, a.json(t)["OneTimeSecret"])
		id := a.text(t, "OperationId")
		require.Equal(t, 0, c.status(id))
		require.Equal(t, "null", c.ask(http.MethodGet, authIDOperations+"/"+id+"/result", "").body)
		done := c.control(http.MethodPost, "capture", map[string]any{"provider": "authid", "operation_id": id, "result": "complete"}).json(t)
		require.Equal(t, "verifiedPage", done["page"])
		require.Equal(t, 1, c.status(id))
		require.Equal(t, true, c.state("authid", "AccountV2")["has_credential"])
		require.Equal(t, 1, c.effects("AccountV2", "credential_created"))

		again := c.ask(http.MethodPost, authIDOperations, operationBody("AccountV2", "EnrollBioCredential", 3600, 0))
		require.Equal(t, http.StatusConflict, again.status)
		require.Equal(t, "E_ACCOUNT_BIOCREDENTIAL_ALREADY_EXISTS", c.problemID(again))
	})
	t.Run("second_open_enrollment_ends_in_error", func(t *testing.T) {
		c := newAuthID(t)
		c.preload(map[string]any{"account_number": "A"})
		first, second := c.create("A", "EnrollBioCredential"), c.create("A", "EnrollBioCredential")
		for _, id := range []string{first, second} {
			c.control(http.MethodPost, "capture", map[string]any{"provider": "authid", "operation_id": id, "result": "complete"})
		}
		require.Equal(t, []int{1, 4}, []int{c.status(first), c.status(second)})
		require.Equal(t, 1, c.effects("A", "credential_created"))
	})
	t.Run("expires_when_nobody_captures", func(t *testing.T) {
		c := newAuthID(t)
		c.preload(map[string]any{"account_number": "A"})
		a := c.ask(http.MethodPost, authIDOperations, operationBody("A", "EnrollBioCredential", 600, 0))
		id := a.text(t, "OperationId")
		c.clock.advance(599 * time.Second)
		require.Equal(t, 0, c.status(id))
		c.clock.advance(time.Second)
		require.Equal(t, 3, c.status(id))
		late := c.do(http.MethodPost, "/_sim/capture", fmt.Sprintf(`{"provider":"authid","operation_id":%q,"result":"complete"}`, id))
		require.Equal(t, http.StatusBadRequest, late.status)
		require.Equal(t, false, c.state("authid", "A")["has_credential"])
	})
	t.Run("status_needs_its_own_path", func(t *testing.T) {
		c := newAuthID(t)
		c.preload(map[string]any{"account_number": "A"})
		id := c.create("A", "EnrollBioCredential")
		require.Equal(t, http.StatusNotFound, c.ask(http.MethodGet, authIDOperations+"/"+id, "").status)
		require.Equal(t, http.StatusNotFound, c.ask(http.MethodGet, authIDOperations+"/unheard-of/status", "").status)
	})
}

func TestAuthIDFailures(t *testing.T) {
	for _, row := range []struct {
		reason  string
		status  int
		message string
		page    string
	}{
		{"biometry_failed", 2, "Not authorized. Biometry failed.", "verifiedMatchFailPage"},
		{"liveness_failed", 2, "Not authorized. Liveness failed.", "defaultFailedPage"},
		{"biometry_and_liveness_failed", 2, "Not authorized. Biometry failed. Liveness failed.", "defaultFailedPage"},
		{"declined", 2, "Declined by the user.", "verifyDeclinedPage"},
		{"error", 4, "The capture could not be processed.", "standardErrorPage"},
		{"canceled", 5, "Canceled.", "transactionNotValidPage"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			c := newAuthID(t)
			c.preload(map[string]any{"account_number": "A"})
			id := c.create("A", "EnrollBioCredential")
			a := c.control(http.MethodPost, "capture", map[string]any{"provider": "authid", "subject": "A", "result": "fail", "reason": row.reason})
			require.Equal(t, row.page, a.json(t)["page"])
			status := c.ask(http.MethodGet, authIDOperations+"/"+id+"/status", "").json(t)
			require.InDelta(t, row.status, status["Status"], 0)
			require.Equal(t, row.message, status["Message"])
			require.Equal(t, false, c.state("authid", "A")["has_credential"])
		})
	}
}

func TestAuthIDRefusesOperations(t *testing.T) {
	for _, row := range []struct {
		name   string
		body   string
		status int
		id     string
	}{
		{"unknown_account", operationBody("nobody", "EnrollBioCredential", 60, 0), 404, "E_ACCOUNT_NOT_FOUND"},
		{"unknown_name", operationBody("A", "EnrollNose", 60, 0), 400, "E_OPERATION_NOT_FOUND"},
		{"no_timeout", operationBody("A", "EnrollBioCredential", 0, 0), 400, "E_INVALID_ARGUMENT"},
		{"unknown_transport", operationBody("A", "EnrollBioCredential", 60, 3), 400, "E_INVALID_ARGUMENT"},
		{"sms_without_phone", operationBody("A", "EnrollBioCredential", 60, 1), 400, "E_ACCOUNT_CONTACT_NOT_FOUND"},
		{"email_without_address", operationBody("A", "EnrollBioCredential", 60, 2), 400, "E_ACCOUNT_CONTACT_NOT_FOUND"},
		{"no_json", "AccountNumber=A", 400, "E_INVALID_ARGUMENT"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newAuthID(t)
			c.preload(map[string]any{"account_number": "A"})
			a := c.ask(http.MethodPost, authIDOperations, row.body)
			require.Equal(t, row.status, a.status, a.body)
			require.Equal(t, row.id, c.problemID(a))
			require.Zero(t, c.effects("A", "operation_created"))
		})
	}
}

func TestAuthIDOutOfBand(t *testing.T) {
	for transport, want := range map[int]struct{ channel, to string }{1: {"sms", "+15550123"}, 2: {"email", "a@example.com"}} {
		t.Run(want.channel, func(t *testing.T) {
			c := newAuthID(t)
			c.preload(map[string]any{"account_number": "A", "phone": "+15550123", "email": "a@example.com"})
			a := c.ask(http.MethodPost, authIDOperations, operationBody("A", "EnrollBioCredential", 60, transport))
			require.NotContains(t, a.body, "OneTimeSecret")
			var outbox []simulator.Message
			require.NoError(t, json.Unmarshal([]byte(c.control(http.MethodGet, "outbox?subject=A", nil).body), &outbox))
			require.Len(t, outbox, 1)
			require.Equal(t, want.channel, outbox[0].Channel)
			require.Equal(t, want.to, outbox[0].To)
			require.Contains(t, c.do(http.MethodGet, outbox[0].URL, "").body, "<button")
			c.control(http.MethodPost, "capture", map[string]any{"provider": "authid", "operation_id": outbox[0].OperationID, "result": "complete"})
			require.Equal(t, 1, c.status(outbox[0].OperationID))
		})
	}
}

func TestAuthIDSelfie(t *testing.T) {
	capture := func(t *testing.T, c *authID) (string, string) {
		t.Helper()
		id := c.create("A", "GetForeignBiometry")
		c.control(http.MethodPost, "capture", map[string]any{"provider": "authid", "operation_id": id, "result": "complete"})
		a := c.ask(http.MethodGet, authIDAdmin+"/v1/foreignOperations/biometry/"+id, "")
		require.InDelta(t, 1, a.json(t)["Status"], 0)
		return id, a.text(t, "TempId")
	}
	t.Run("works_for_an_account_with_a_credential", func(t *testing.T) {
		c := newAuthID(t)
		c.preload(map[string]any{"account_number": "A", "credential": true})
		id, temp := capture(t, c)
		require.Contains(t, c.ask(http.MethodGet, authIDOperations+"/"+id+"/result", "").body, temp)
		set := c.ask(http.MethodPost, authIDAdmin+"/v1/accounts/A/proofedBioCredential", `{"TempId":"`+temp+`"}`)
		require.Equal(t, http.StatusConflict, set.status)
		require.Equal(t, "E_ACCOUNT_BIOCREDENTIAL_ALREADY_EXISTS", c.problemID(set))
	})
	t.Run("reference_becomes_the_credential", func(t *testing.T) {
		c := newAuthID(t)
		c.preload(map[string]any{"account_number": "A"})
		_, temp := capture(t, c)
		require.Equal(t, http.StatusOK, c.ask(http.MethodPost, authIDAdmin+"/v1/accounts/A/proofedBioCredential", `{"TempId":"`+temp+`"}`).status)
		require.Equal(t, true, c.state("authid", "A")["has_credential"])
	})
	t.Run("reference_is_purged_after_72_hours", func(t *testing.T) {
		c := newAuthID(t)
		c.preload(map[string]any{"account_number": "A"})
		_, temp := capture(t, c)
		c.clock.advance(72 * time.Hour)
		c.login()
		set := c.ask(http.MethodPost, authIDAdmin+"/v1/accounts/A/proofedBioCredential", `{"TempId":"`+temp+`"}`)
		require.Equal(t, http.StatusNotFound, set.status)
	})
	t.Run("old_way_without_an_account", func(t *testing.T) {
		c := newAuthID(t)
		a := c.ask(http.MethodPost, authIDAdmin+"/foreignOperations/biometry", `{"CheckLiveness":true,"TimeoutSec":60,"TransportType":0}`)
		require.NotEmpty(t, a.json(t)["OneTimeSecret"])
	})
}

func TestAuthIDVerify(t *testing.T) {
	const transactions = "/IDCompleteBackendEngine/Default/AuthorizationServiceRest/v2/transactions"
	body := `{"AccountNumber":"A","Name":"Verify_Identity","Timeout":60,"ConfirmationPolicy":{"TransportType":0,"CredentialType":1}}`
	c := newAuthID(t)
	c.preload(map[string]any{"account_number": "A"})
	require.Equal(t, http.StatusConflict, c.ask(http.MethodPost, transactions, body).status)
	c.preload(map[string]any{"account_number": "A", "credential": true})
	id := c.ask(http.MethodPost, transactions, body).text(t, "TransactionId")
	c.control(http.MethodPost, "capture", map[string]any{"provider": "authid", "transaction_id": id, "result": "complete"})
	require.InDelta(t, 1, c.ask(http.MethodGet, transactions+"/"+id+"/status", "").json(t)["Status"], 0)
	require.Equal(t, http.StatusNotFound, c.ask(http.MethodGet, authIDOperations+"/"+id+"/status", "").status)
}

func TestAuthIDPage(t *testing.T) {
	c := newAuthID(t)
	c.preload(map[string]any{"account_number": "A"})
	a := c.ask(http.MethodPost, authIDOperations, operationBody("A", "EnrollBioCredential", 60, 0))
	page := "/?i=" + url.QueryEscape(a.text(t, "OperationId")) + "&s=" + url.QueryEscape(a.text(t, "OneTimeSecret"))
	t.Run("open_operation_offers_buttons_under_a_strict_policy", func(t *testing.T) {
		got := c.do(http.MethodGet, page, "")
		require.Contains(t, got.body, `data-result="walk_away"`)
		require.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'none'")
		require.NotContains(t, got.body, "http://")
		require.NotContains(t, got.body, "https://")
	})
	t.Run("wrong_secret_shows_no_buttons", func(t *testing.T) {
		require.NotContains(t, c.do(http.MethodGet, page+"x", "").body, "<button")
	})
	t.Run("wrong_secret_cannot_act", func(t *testing.T) {
		ask := fmt.Sprintf(`{"provider":"authid","operation_id":%q,"secret":"wrong","result":"complete"}`, a.text(t, "OperationId"))
		require.Equal(t, http.StatusBadRequest, c.do(http.MethodPost, "/_sim/capture", ask).status)
	})
	t.Run("helper_scripts_are_there", func(t *testing.T) {
		require.Equal(t, http.StatusOK, c.do(http.MethodGet, "/webauthhandler.js?x", "").status)
		require.Equal(t, http.StatusOK, c.do(http.MethodGet, "/controlhandler.js?x", "").status)
	})
}

func TestAuthIDWebhook(t *testing.T) {
	got := make(chan string, 1)
	listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		var event map[string]any
		if json.NewDecoder(r.Body).Decode(&event) == nil {
			got <- fmt.Sprint(user, ":", password, " ", event["OperationId"])
		}
	}))
	t.Cleanup(listener.Close)
	c := newAuthID(t)
	c.preload(map[string]any{"account_number": "A"})
	settings := fmt.Sprintf(`{"Enabled":true,"WebHook":{"Url":%q,"Login":"hook","Password":"pass"}}`, listener.URL)
	require.Equal(t, http.StatusOK, c.ask(http.MethodPut, authIDAdmin+"/v1/settings/webhook", settings).status)
	require.Contains(t, c.ask(http.MethodGet, authIDAdmin+"/v1/settings/webhook", "").body, listener.URL)
	id := c.create("A", "EnrollBioCredential")
	c.control(http.MethodPost, "capture", map[string]any{"provider": "authid", "operation_id": id, "result": "complete"})
	require.Equal(t, "hook:pass "+id, <-got)
	require.Equal(t, http.StatusOK, c.ask(http.MethodPost, authIDAdmin+"/v1/settings/webhook/test?eventType=1", "").status)
	require.Equal(t, "hook:pass <nil>", <-got)
	require.NotEmpty(t, c.ask(http.MethodPost, authIDAdmin+"/v1/settings/webhook/secret", "").json(t)["SecretKey"])

	t.Run("that_is_there_from_the_beginning", func(t *testing.T) {
		c := newAuthID(t)
		c.hook = listener.URL
		c.reopen()
		c.login()
		c.preload(map[string]any{"account_number": "A"})
		id := c.create("A", "EnrollBioCredential")
		c.control(http.MethodPost, "capture", map[string]any{"provider": "authid", "operation_id": id, "result": "complete"})
		require.Equal(t, ": "+id, <-got)
		require.Equal(t, http.StatusOK, c.ask(http.MethodPut, authIDAdmin+"/v1/settings/webhook", `{"Enabled":false}`).status)
		require.NotContains(t, c.ask(http.MethodGet, authIDAdmin+"/v1/settings/webhook", "").body, listener.URL, "the tenant has the last word")
	})
}
