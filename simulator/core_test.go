package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

func TestStateSurvivesAReopen(t *testing.T) {
	c := newAuthID(t)
	c.preload(map[string]any{"account_number": "A"})
	open := c.create("A", "EnrollBioCredential")
	own := c.create("magic-enroll-accepted", "EnrollBioCredential")
	c.fault(simulator.Fault{Match: simulator.FaultMatch{Endpoint: "authid.status"}, Kind: "500"})
	c.reopen()
	require.Equal(t, http.StatusInternalServerError, c.ask(http.MethodGet, authIDOperations+"/"+open+"/status", "").status, "the fault is still set")
	require.Equal(t, 0, c.status(open), "token and operation are still known")
	require.Equal(t, 0, c.status(own), "the simulated user has not acted yet")
	c.clock.advance(time.Second)
	require.Equal(t, 1, c.status(own), "the simulated user was not forgotten")
	require.Len(t, c.ledger("endpoint=authid.create_operation"), 2)
}

func TestDueThingsHappenInOrderAtTheirOwnTime(t *testing.T) {
	c := newAuthID(t)
	begun := c.clock.Now()
	c.create("magic-enroll-walk-away", "EnrollBioCredential")
	c.create("magic-enroll-accepted", "EnrollBioCredential")
	c.create("magic-selfie-expired", "GetForeignBiometry")
	c.clock.advance(2 * time.Hour)
	var acts []string
	for _, e := range c.ledger("") {
		if e.Method == "USER" {
			acts = append(acts, e.Time.Sub(begun).String()+" "+e.Subject+" "+e.Endpoint)
		}
	}
	require.Equal(t, []string{
		"1s magic-enroll-walk-away authid.user_walk_away",
		"1s magic-enroll-accepted authid.user_complete",
		"1.5s magic-selfie-expired authid.operation_expires",
		"1h0m0s magic-enroll-walk-away authid.operation_expires",
	}, acts)
}

func TestSecondSimulatorOnTheSameFolderIsRefused(t *testing.T) {
	s := newSim(t)
	_, err := simulator.New(simulator.Options{DataDir: s.dir})
	require.ErrorContains(t, err, "another simulator is using it")
}

func TestTemporaryFolderIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	server, err := simulator.New(simulator.Options{})
	require.NoError(t, err)
	require.NoError(t, server.Close())
	require.NoError(t, server.Close(), "closing twice is harmless")
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestFaults(t *testing.T) {
	create := simulator.FaultMatch{Provider: "authid", Endpoint: "authid.create_operation", Subject: "A"}
	start := func(t *testing.T, f simulator.Fault) *authID {
		t.Helper()
		c := newAuthID(t)
		c.preload(map[string]any{"account_number": "A"})
		c.fault(f)
		return c
	}
	attempt := func(c *authID) (answer, error) {
		return c.try(http.MethodPost, authIDOperations, operationBody("A", "EnrollBioCredential", 60, 0), header{"Authorization", "Bearer " + c.token})
	}
	t.Run("reset_before_has_no_effect", func(t *testing.T) {
		c := start(t, simulator.Fault{Match: create, Kind: "reset_before"})
		_, err := attempt(c)
		require.Error(t, err)
		require.Zero(t, c.effects("A", "operation_created"))
		require.Equal(t, "reset_before", c.ledger("endpoint=authid.create_operation")[0].Fault)
	})
	t.Run("reset_after_has_the_effect_once", func(t *testing.T) {
		c := start(t, simulator.Fault{Match: create, Kind: "reset_after"})
		_, err := attempt(c)
		require.Error(t, err)
		entries := c.ledger("endpoint=authid.create_operation")
		require.Len(t, entries, 1)
		require.Equal(t, []string{"operation_created"}, entries[0].Effects)
		require.Equal(t, "reset_after", entries[0].Fault)
		require.Equal(t, http.StatusOK, entries[0].Status)
		again, err := attempt(c)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, again.status)
	})
	t.Run("duplicate_has_the_effect_twice", func(t *testing.T) {
		c := start(t, simulator.Fault{Match: create, Kind: "duplicate"})
		_, err := attempt(c)
		require.NoError(t, err)
		require.Equal(t, 2, c.effects("A", "operation_created"))
	})
	t.Run("too_many_requests_says_when_to_come_back", func(t *testing.T) {
		c := start(t, simulator.Fault{Match: create, Kind: "429", RetryAfterS: 7})
		a, err := attempt(c)
		require.NoError(t, err)
		require.Equal(t, http.StatusTooManyRequests, a.status)
		require.Equal(t, "7", a.header.Get("Retry-After"))
		require.Zero(t, c.effects("A", "operation_created"))
	})
	t.Run("status_and_body_as_asked", func(t *testing.T) {
		c := start(t, simulator.Fault{Match: create, Kind: "status", Status: 503, Body: "down for repairs"})
		a, err := attempt(c)
		require.NoError(t, err)
		require.Equal(t, 503, a.status)
		require.Equal(t, "down for repairs", a.body)
	})
	t.Run("garbage_has_the_effect", func(t *testing.T) {
		c := start(t, simulator.Fault{Match: create, Kind: "garbage"})
		a, err := attempt(c)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, a.status)
		require.False(t, json.Valid([]byte(a.body)))
		require.Equal(t, 1, c.effects("A", "operation_created"))
	})
	t.Run("half_body_breaks_off", func(t *testing.T) {
		c := start(t, simulator.Fault{Match: create, Kind: "half_body"})
		_, err := attempt(c)
		require.Error(t, err)
		require.Equal(t, 1, c.effects("A", "operation_created"))
	})
	t.Run("delay_answers_late_but_whole", func(t *testing.T) {
		c := start(t, simulator.Fault{Match: create, Kind: "delay", DelayMS: 20})
		a, err := attempt(c)
		require.NoError(t, err)
		require.NotEmpty(t, a.json(t)["OperationId"])
		require.Equal(t, "delay", c.ledger("endpoint=authid.create_operation")[0].Fault)
	})
	t.Run("after_and_times_are_counted_down", func(t *testing.T) {
		c := start(t, simulator.Fault{Match: create, Kind: "500", After: 1, Times: 2})
		var got []int
		for range 4 {
			a, err := attempt(c)
			require.NoError(t, err)
			got = append(got, a.status)
		}
		require.Equal(t, []int{200, 500, 500, 200}, got)
		require.Contains(t, c.control(http.MethodGet, "faults", nil).body, `"times":0`)
		require.Equal(t, "[]", c.control(http.MethodDelete, "faults", nil).body)
	})
	t.Run("others_are_not_struck", func(t *testing.T) {
		c := start(t, simulator.Fault{Match: simulator.FaultMatch{Subject: "B"}, Kind: "500", Times: -1})
		a, err := attempt(c)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, a.status)
	})
	t.Run("path_is_a_prefix_or_a_pattern", func(t *testing.T) {
		for path, want := range map[string]int{
			"/IDCompleteBackendEngine/Default": 500, "/IDComplete*/v2/oper*": 500, "*/operations": 500,
			"/v2/operations": 200, "*/v2/operation": 200, "/IDComplete*/v3/*": 200,
		} {
			c := start(t, simulator.Fault{Match: simulator.FaultMatch{Method: "post", Path: path}, Kind: "500"})
			a, err := attempt(c)
			require.NoError(t, err)
			require.Equal(t, want, a.status, path)
		}
	})
}

func TestNoAnswerEndsWithTheServer(t *testing.T) {
	s := newSim(t)
	s.fault(simulator.Fault{Match: simulator.FaultMatch{Endpoint: "authid.token"}, Kind: "no_answer"})
	ended := make(chan error, 1)
	go func() {
		_, err := s.try(http.MethodPost, authIDTokens, "", header{"Authorization", authIDKey})
		ended <- err
	}()
	require.Eventually(t, func() bool { return len(s.ledger("endpoint=authid.token")) == 1 }, 5*time.Second, time.Millisecond)
	s.close()
	require.Error(t, <-ended)
}

func TestControlRefusesWhatItCannotFollow(t *testing.T) {
	s := newSim(t)
	for _, row := range []struct{ name, method, path, body, says string }{
		{"unknown_field", "POST", "faults", `{"kind":"500","tims":2}`, "tims"},
		{"unknown_kind", "POST", "faults", `{"kind":"flood"}`, "allowed are"},
		{"delay_without_length", "POST", "faults", `{"kind":"delay"}`, "delay_ms"},
		{"status_out_of_range", "POST", "faults", `{"kind":"status","status":99}`, "200 to 999"},
		{"unknown_provider", "POST", "capture", `{"provider":"facelock"}`, "allowed are authid"},
		{"no_such_operation", "POST", "capture", `{"provider":"authid","operation_id":"x","result":"complete"}`, "no such operation"},
		{"preload_of_nobody", "POST", "preload", `{"facelock":{}}`, "facelock"},
		{"preload_without_number", "POST", "preload", `{"authid":{"accounts":[{}]}}`, "account_number"},
		{"state_without_subject", "GET", "state?provider=authid", "", "subject is missing"},
		{"ledger_since_text", "GET", "ledger?since=yesterday", "", "seq"},
		{"no_json", "POST", "capture", `result=complete`, "JSON"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := s.do(row.method, "/_sim/"+row.path, row.body)
			require.Equal(t, http.StatusBadRequest, a.status)
			require.Contains(t, a.json(t)["error"], row.says)
		})
	}
	require.Equal(t, http.StatusNotFound, s.do(http.MethodGet, "/_sim/unheard-of", "").status)
	require.Equal(t, "[]", s.control(http.MethodGet, "faults", nil).body, "a refused list leaves nothing behind")
}

func TestControlHelpsAndForgets(t *testing.T) {
	c := newAuthID(t)
	require.Contains(t, c.control(http.MethodGet, "", nil).body, "POST   /_sim/capture")
	require.Equal(t, "ok", c.control(http.MethodGet, "healthz", nil).json(t)["status"])
	require.Contains(t, c.control(http.MethodGet, "magic", nil).body, "magic-enroll-accepted")
	c.preload(map[string]any{"account_number": "A"})
	c.create("A", "EnrollBioCredential")
	var counts simulator.Counts
	require.NoError(t, json.Unmarshal([]byte(c.control(http.MethodGet, "ledger/counts", nil).body), &counts))
	require.Equal(t, 1, counts.Subjects["A"]["authid.create_operation"])
	require.Equal(t, 1, counts.Effects["authid.operation_created"])
	last := c.ledger("")
	require.Empty(t, c.ledger("since=2"))
	require.Len(t, last, 2)
	c.control(http.MethodPost, "reset", nil)
	require.Empty(t, c.ledger(""))
	require.Equal(t, false, c.state("authid", "A")["exists"])
	require.Equal(t, http.StatusUnauthorized, c.ask(http.MethodGet, authIDAdmin+"/v1/accounts/A", "").status)
}

func TestLedgerTellsNoSecret(t *testing.T) {
	c := newAuthID(t)
	a := c.ask(http.MethodPost, authIDOperations, operationBody("magic-enroll-accepted", "EnrollBioCredential", 60, 0))
	secret := a.text(t, "OneTimeSecret")
	c.do(http.MethodGet, "/?i="+a.text(t, "OperationId")+"&s="+url.QueryEscape(secret), "")
	ledger := c.control(http.MethodGet, "ledger", nil).body
	require.Contains(t, ledger, a.text(t, "OperationId"))
	require.NotContains(t, ledger, secret)
	require.NotContains(t, ledger, c.token)
}

func TestUnknownPathsAreRefusedAsTheProviderDoes(t *testing.T) {
	a := newSim(t).do(http.MethodGet, "/IDCompleteBackendEngine/nothing/here", "")
	require.Equal(t, http.StatusNotFound, a.status)
	require.Equal(t, "E_RESOURCE_NOT_FOUND", a.json(t)["ID"])
}
