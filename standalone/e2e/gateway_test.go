package e2e_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

// storefront is a gateway process with the key of a backend.
type storefront struct {
	*system
	address, key string
}

// opened is what a start answers.
type opened struct {
	RelayToken string `json:"relay_token"`
	Links      struct {
		Self string `json:"self"`
	} `json:"links"`
}

// open starts a gateway.
func (s *system) open(t *testing.T) (storefront, func(*testing.T)) {
	t.Helper()
	environment := s.with(variables{"BIOENROLL_GATEWAY_KEYS": filepath.Join(t.TempDir(), "keys")})
	address, stop := s.gateway(t, environment)
	made := finish(t, program(t, "gateway", environment, "key", "shop", "--role", "backend"))
	require.Zero(t, made.code, made.stderr)
	words := strings.Fields(made.stdout)
	return storefront{s, address, words[len(words)-1]}, stop
}

// storefront is the gateway that runs in the stack.
func (s *system) storefront() storefront {
	backend, _ := s.GatewayKeys()
	return storefront{s, s.GatewayURL(), backend.Reveal()}
}

// ask makes one request with the token; the caller closes the answer's body.
func (d storefront) ask(t *testing.T, token, method, path, body string, headers ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, d.address+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := (&http.Client{}).Do(request)
	require.NoError(t, err)
	return answer
}

// read makes one request that has to be answered with the status, and decodes
// the answer.
func (d storefront) read(t *testing.T, status int, token, method, path, body string, into any, headers ...string) {
	t.Helper()
	answer := d.ask(t, token, method, path, body, headers...)
	defer answer.Body.Close() //nolint:errcheck // the answer has been read
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, status, answer.StatusCode, "%s", raw)
	if into != nil {
		require.NoError(t, json.Unmarshal(raw, into))
	}
}

// enroll starts an enrollment.
func (d storefront) enroll(t *testing.T, account, key string) opened {
	t.Helper()
	var started opened
	d.read(t, http.StatusCreated, d.key, http.MethodPost, "/v1/journeys",
		`{"journey":"authid.enroll","input":{"account_number":"`+account+`"}}`, &started, "Idempotency-Key", key)
	return started
}

func TestGateway(t *testing.T) {
	d, stop := shared.open(t)
	account := d.account(t)
	first := d.enroll(t, account, "first")

	t.Run("streams_a_journey_as_it_goes_and_ends_with_it", func(t *testing.T) {
		stream := d.ask(t, first.RelayToken, http.MethodGet, first.Links.Self+"/events", "")
		defer stream.Body.Close() //nolint:errcheck // it was read to its end
		require.Equal(t, http.StatusOK, stream.StatusCode)
		var phases []enroll.Phase
		for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
			data, isData := strings.CutPrefix(lines.Text(), "data: ")
			if !isData {
				continue
			}
			var told struct {
				Phase enroll.Phase `json:"phase"`
			}
			require.NoError(t, json.Unmarshal([]byte(data), &told))
			if phases = append(phases, told.Phase); len(phases) == 1 {
				d.simulated(t, http.MethodPost, "/_sim/capture", `{"provider":"authid","subject":"`+account+`","result":"complete"}`, nil)
				d.read(t, http.StatusAccepted, first.RelayToken, http.MethodPost, first.Links.Self+"/hints", `{"name":"final-page"}`, nil)
			}
		}
		require.Equal(t, enroll.Waiting, phases[0])
		require.Equal(t, enroll.Concluded, phases[len(phases)-1])
	})

	t.Run("does_not_let_one_journey_speak_for_the_persons_next", func(t *testing.T) {
		d.simulated(t, http.MethodPost, "/_sim/preload", `{"authid":{"accounts":[{"account_number":"`+account+`"}]}}`, nil)
		second := d.enroll(t, account, "second")
		var hinted struct {
			Late bool `json:"late"`
		}
		d.read(t, http.StatusOK, first.RelayToken, http.MethodPost, first.Links.Self+"/hints", `{"name":"final-page"}`, &hinted)
		require.True(t, hinted.Late)
		d.read(t, http.StatusGone, first.RelayToken, http.MethodPost, first.Links.Self+"/renew", "", nil, "Idempotency-Key", "again")
		d.read(t, http.StatusConflict, d.key, http.MethodPost, first.Links.Self+"/cancel", "", nil)
		d.read(t, http.StatusForbidden, first.RelayToken, http.MethodGet, second.Links.Self, "", nil)
		d.read(t, http.StatusForbidden, second.RelayToken, http.MethodPost, second.Links.Self+"/cancel", "", nil)

		shown, err := d.Client().Show(t.Context(), d.JourneyID(enroll.AuthID, account), "")
		require.NoError(t, err)
		require.Equal(t, enroll.Waiting, shown.Phase)
		require.Empty(t, shown.State.Hints, "nothing reached it")
	})
	stop(t)
}

// TestGateway_in_the_stack is one journey at the gateway that 'make run' serves.
func TestGateway_in_the_stack(t *testing.T) {
	d := shared.storefront()
	account := d.account(t)
	started := d.enroll(t, account, "order-17")
	d.simulated(t, http.MethodPost, "/_sim/capture", `{"provider":"authid","subject":"`+account+`","result":"complete"}`, nil)
	d.read(t, http.StatusAccepted, started.RelayToken, http.MethodPost, started.Links.Self+"/hints", `{"name":"final-page"}`, nil)
	var concluded struct {
		Outcome enroll.Outcome `json:"outcome"`
	}
	d.read(t, http.StatusOK, d.key, http.MethodGet, started.Links.Self+"?wait=50", "", &concluded)
	require.Equal(t, enroll.Enrolled, concluded.Outcome)
	_, operator := d.GatewayKeys()
	d.read(t, http.StatusOK, operator.Reveal(), http.MethodGet, "/v1/erasures", "", nil)
	d.read(t, http.StatusForbidden, d.key, http.MethodGet, "/v1/erasures", "", nil)

	status, said := d.page(t, d.address+"/readyz")
	require.Equal(t, http.StatusOK, status, said)
}

// TestGateway_without_Temporal goes on while the server is away.
func TestGateway_without_Temporal(t *testing.T) {
	s := own(t, t.TempDir())
	d, stop := s.open(t)
	status, said := d.page(t, d.address+"/readyz")
	require.Equal(t, http.StatusOK, status, said)
	require.NoError(t, s.Stop(t.Context()))
	status, said = d.page(t, d.address+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "running: ok\ntemporal: failed\nrecords: ok\nsealed: ok\nkeys: ok\n", said, "why is in the log: anybody may ask")
	status, _ = d.page(t, d.address+"/livez")
	require.Equal(t, http.StatusOK, status)
	stop(t)
}
