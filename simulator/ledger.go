package simulator

import (
	"net/http"
	"strconv"
	"time"
)

const ledgerKind = "ledger"

// Entry is one line of the ledger: a call a provider received, or an act of a simulated user (method "USER").
type Entry struct {
	Seq      uint64    `json:"seq"`      // grows by one with each entry
	Time     time.Time `json:"time"`     // when it happened
	Provider string    `json:"provider"` // authid, bioid, smartid or iproov
	Method   string    `json:"method"`
	Path     string    `json:"path"`     // without the query; a path that carries a secret is shown as its pattern
	Endpoint string    `json:"endpoint"` // a stable name such as authid.create_operation
	Subject  string    `json:"subject"`  // AccountNumber, BCID with dots, user_id or User; empty when the call names none
	Status   int       `json:"status"`   // as sent, or as it would have been sent had no fault struck; 0 for a user
	Effects  []string  `json:"effects"`  // what changed at the provider, such as operation_created; empty when nothing did
	Fault    string    `json:"fault"`    // what spoiled the answer, such as reset_after; empty when nothing did
	Ref      string    `json:"ref"`      // the operation or token concerned: its id, or a fingerprint when the id is a secret
}

// record appends an entry to the ledger, in the transaction of its effects.
func (t *txn) record(e Entry) {
	e.Seq, e.Time = t.number(ledgerKind), t.now
	if e.Effects == nil {
		e.Effects = []string{}
	}
	put(t, ledgerKind, ordered(e.Seq), e)
}

// recordUser appends what a simulated user did, with what it changed at the provider.
func (t *txn) recordUser(provider, act, subject, ref string, effects ...string) {
	t.record(Entry{Provider: provider, Method: "USER", Endpoint: provider + "." + act, Subject: subject, Ref: ref, Effects: effects})
}

// ledgerFilter chooses entries; empty fields choose all.
type ledgerFilter struct {
	provider, subject, endpoint string
	since                       uint64
}

func filterOf(r *http.Request) (ledgerFilter, error) {
	q := r.URL.Query()
	f := ledgerFilter{provider: q.Get("provider"), subject: q.Get("subject"), endpoint: q.Get("endpoint")}
	if text := q.Get("since"); text != "" {
		since, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return f, problem("since is %q; give the seq of the last entry you have seen", text)
		}
		f.since = since
	}
	return f, nil
}

func (f ledgerFilter) matches(e Entry) bool {
	return (f.provider == "" || f.provider == e.Provider) &&
		(f.subject == "" || f.subject == e.Subject) &&
		(f.endpoint == "" || f.endpoint == e.Endpoint)
}

func (t *txn) entries(f ledgerFilter) []Entry {
	found := []Entry{}
	from(t, ledgerKind, ordered(f.since+1), func(_ string, e Entry) bool {
		if f.matches(e) {
			found = append(found, e)
		}
		return true
	})
	return found
}

// Counts sums the ledger up: how often each endpoint was called and each effect happened, in all and for each subject.
type Counts struct {
	Endpoints map[string]int            `json:"endpoints"`
	Effects   map[string]int            `json:"effects"`
	Subjects  map[string]map[string]int `json:"subjects"`
}

func countsOf(entries []Entry) Counts {
	c := Counts{Endpoints: map[string]int{}, Effects: map[string]int{}, Subjects: map[string]map[string]int{}}
	for _, e := range entries {
		c.Endpoints[e.Endpoint]++
		for _, effect := range e.Effects {
			c.Effects[e.Provider+"."+effect]++
		}
		if e.Subject == "" {
			continue
		}
		if c.Subjects[e.Subject] == nil {
			c.Subjects[e.Subject] = map[string]int{}
		}
		c.Subjects[e.Subject][e.Endpoint]++
	}
	return c
}
