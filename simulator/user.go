package simulator

import (
	"encoding/json"
	"time"
)

// What the simulated user can do with a capture.
const (
	userCompletes = "complete"
	userFails     = "fail"
	userWalksAway = "walk_away"
)

const outboxKind = "outbox"

// Message is what the simulated user received by SMS or e-mail: the way into an out-of-band capture.
type Message struct {
	ID          uint64    `json:"id"`
	Time        time.Time `json:"time"`
	Provider    string    `json:"provider"`
	Channel     string    `json:"channel"` // sms or email
	To          string    `json:"to"`
	Subject     string    `json:"subject"`
	OperationID string    `json:"operation_id"`
	URL         string    `json:"url"` // path and query of the capture page on the simulator's own address
}

// send puts a message into the outbox.
func (t *txn) send(m Message) {
	m.ID, m.Time = t.number(outboxKind), t.now
	put(t, outboxKind, ordered(m.ID), m)
}

func (t *txn) outbox(provider, subject string) []Message {
	found := []Message{}
	each(t, outboxKind, "", func(_ string, m Message) bool {
		if (provider == "" || provider == m.Provider) && (subject == "" || subject == m.Subject) {
			found = append(found, m)
		}
		return true
	})
	return found
}

// capture hands a request for the simulated user to the provider it names.
func (t *txn) capture(request json.RawMessage) (any, error) {
	var to struct {
		Provider string `json:"provider"`
	}
	if err := json.Unmarshal(request, &to); err != nil {
		return nil, problem("the request is not a JSON object: %v", err)
	}
	p, found := t.srv.provider(to.Provider)
	if !found {
		return nil, problem("provider is %q; allowed are %s", to.Provider, t.srv.providerNames())
	}
	if p.capture == nil {
		return nil, problem("%s has no capture at the provider; nothing waits for a user there", to.Provider)
	}
	return p.capture(t, request)
}
