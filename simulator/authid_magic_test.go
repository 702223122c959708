package simulator_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

// magicAuthID runs a journey's calls for one row as a patient client does, and returns what the provider says at the end.
func magicAuthID(t *testing.T, c *authID, row simulator.Magic) string {
	t.Helper()
	patient := func(method, path, body string) (answer, bool) {
		for range 4 {
			a, err := c.try(method, path, body, header{"Authorization", "Bearer " + c.token})
			if err == nil && a.status < 500 && a.status != 429 && a.status != 401 && json.Valid([]byte(a.body)) {
				return a, true
			}
			c.login()
		}
		return answer{}, false
	}
	account, ok := patient(http.MethodGet, authIDAdmin+"/v1/accounts/"+row.Subject, "")
	if !ok {
		return "failed"
	}
	if account.body == "null" {
		return "rejected"
	}
	name, timeout, transport := "EnrollBioCredential", 3600, 0
	if row.Journey == "authid.live-selfie" {
		name = "GetForeignBiometry"
	}
	if value, given := row.Inputs["timeout_seconds"].(int); given {
		timeout = value
	}
	if value, given := row.Inputs["transport_type"].(int); given {
		transport = value
	}
	opened, ok := patient(http.MethodPost, authIDOperations, operationBody(row.Subject, name, timeout, transport))
	switch {
	case !ok && transport != 0:
		return "unknown"
	case !ok:
		return "failed"
	case opened.status == http.StatusConflict:
		return "already_enrolled"
	case opened.status == http.StatusBadRequest && transport != 0:
		return "rejected"
	case opened.status == http.StatusBadRequest:
		return "failed"
	}
	c.clock.advance(time.Duration(timeout)*time.Second - time.Second)
	c.login()
	c.clock.advance(time.Second)
	status, ok := patient(http.MethodGet, authIDOperations+"/"+opened.text(t, "OperationId")+"/status", "")
	require.True(t, ok)
	value, _ := status.json(t)["Status"].(float64)
	words := map[int]string{1: row.Outcome, 2: "rejected", 3: "expired", 4: "failed", 5: "canceled", 9: "unknown"}
	return words[int(value)]
}

func TestAuthIDMagicRowsKeepTheirPromiseEveryTime(t *testing.T) {
	t.Parallel()
	for _, row := range simulator.MagicSubjects() {
		if row.Provider != "authid" {
			continue
		}
		t.Run(row.Subject, func(t *testing.T) {
			t.Parallel()
			c := newAuthID(t)
			for range 2 {
				require.Equal(t, row.Outcome, magicAuthID(t, c, row))
			}
			accepted := row.Outcome == "enrolled" || row.Outcome == "captured"
			if accepted && row.Journey == "authid.enroll" {
				require.Equal(t, true, c.state("authid", row.Subject)["has_credential"])
				require.Equal(t, 2, c.effects(row.Subject, "credential_created"))
			}
			if accepted && row.Journey == "authid.live-selfie" {
				require.NotEmpty(t, c.state("authid", row.Subject)["temp_id"])
			}
		})
	}
}
