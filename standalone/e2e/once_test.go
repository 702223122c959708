package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// TestOnceOnlyCalls loses the answer to each call that may be made once: the
// provider has acted, then the connection is reset. Only the first call is
// struck, so whoever resends it, net/http included, would be answered and have
// a second effect. SmartID has nothing else to ask: there the call itself is
// repeated, and finds that it had its effect.
func TestOnceOnlyCalls(t *testing.T) {
	for _, row := range []struct {
		name     string
		endpoint string
		effect   string // What the call changes at the provider, counted in the ledger.
		magic    string // The magic subject that promises the outcome of the same trouble.
		subject  string
		calls    int // 0 means one
		request  func(t *testing.T, subject string) client.Request
	}{
		{
			name: "authid_create_by_sms", endpoint: "authid.create_operation", effect: "message_sent",
			magic: "magic-enroll-sms-lost", subject: subject(), request: bySMS,
		},
		{
			name: "bioid_enroll", endpoint: "bioid.enroll", effect: "class_trained",
			magic: "bws.1.9036", subject: class(), request: withSamples,
		},
		{
			name: "iproov_image", endpoint: "iproov.enrol_image", effect: "image_enrolled",
			magic: "magic-lost-image", subject: subject(),
			request: func(_ *testing.T, userID string) client.Request { return photo(userID) },
		},
		{
			name: "iproov_validate", endpoint: "iproov.verify_validate", effect: "result_given_out",
			magic: "magic-lost-validate", subject: subject(),
			request: func(_ *testing.T, userID string) client.Request { return photo(userID) },
		},
		{
			name: "smartid_enroll_without_overwrite", endpoint: "smartid.enroll", effect: "template_stored",
			magic: "magic-enroll-lost", subject: subject(), calls: 2,
			request: func(_ *testing.T, user string) client.Request {
				return enroll.SmartIDEnrollment{User: user, Template: "template", PayLoad: "payload"}
			},
		},
	} {
		t.Run(row.name+"_has_one_effect_when_its_answer_is_lost", func(t *testing.T) {
			request := row.request(t, row.subject)
			shared.strike(t, simulator.Fault{
				Match: simulator.FaultMatch{Endpoint: row.endpoint, Subject: row.subject}, Kind: "reset_after", Times: 1,
			})
			started, err := shared.Client().Start(t.Context(), "key", request)
			require.NoError(t, err)
			if started.HandOver != nil {
				shared.complete(t, started)
			}
			require.Equal(t, promised(t, row.magic), verdict(shared.outcome(t, started)))

			var calls, struck int
			for _, e := range shared.ledger(t, row.subject) {
				if e.Endpoint == row.endpoint {
					calls++
				}
				if e.Fault != "" {
					struck++
				}
			}
			require.Equal(t, 1, struck, "the answer was lost")
			require.Equal(t, max(row.calls, 1), calls)
			require.Equal(t, 1, shared.effects(t, row.subject, row.effect))
		})
	}
}

// bySMS is an enrollment whose link goes out as an SMS: each repetition would
// send another.
func bySMS(t *testing.T, account string) client.Request {
	t.Helper()
	shared.simulated(t, http.MethodPost, "/_sim/preload",
		fmt.Sprintf(`{"authid": {"accounts": [{"account_number": %q, "phone": "+15550123"}]}}`, account), nil)
	request := enrollment(account)
	request.TransportType = enroll.TransportSMS
	return request
}

// withSamples is an enrollment whose samples the journey uploads and enrolls
// itself.
func withSamples(_ *testing.T, bcid string) client.Request {
	live := enroll.Bytes(simulator.SampleImage(simulator.SampleLive))
	return enroll.BioIDEnrollment{BCID: bcid, Samples: []enroll.BioIDSample{{Data: live, Index: 1}, {Data: live, Index: 2}}}
}

// class is a BCID that no other test and no magic subject uses.
func class() string { return "bws.1." + strconv.FormatInt(500_000+subjects.Add(1), 10) }

// promised is what the table of magic subjects says of a subject.
func promised(t *testing.T, subject string) enroll.Verdict {
	t.Helper()
	for _, row := range simulator.MagicSubjects() {
		if row.Subject == subject {
			return promise(row)
		}
	}
	require.Fail(t, "not in the table of magic subjects", subject)
	return enroll.Verdict{}
}

// strike asks the simulators for trouble.
func (s *system) strike(t *testing.T, fault simulator.Fault) {
	t.Helper()
	encoded, err := json.Marshal(fault)
	require.NoError(t, err)
	s.simulated(t, http.MethodPost, "/_sim/faults", string(encoded), nil)
}

// effects counts what happened to a subject at its provider.
func (s *system) effects(t *testing.T, subject, effect string) int {
	t.Helper()
	n := 0
	for _, e := range s.ledger(t, subject) {
		for _, happened := range e.Effects {
			if happened == effect {
				n++
			}
		}
	}
	return n
}
