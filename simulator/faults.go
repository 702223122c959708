package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	faultsKind = "faults"

	faultStatus    = "status"    // the status and body asked for, instead of acting
	fault429       = "429"       // too many requests, instead of acting
	fault500       = "500"       // the provider's own failure, instead of acting
	faultDuplicate = "duplicate" // acts twice, as when something on the way repeats the request
)

func faultKinds() []string {
	return []string{
		spoilDelay, fault429, fault500, faultStatus, spoilResetBefore, spoilResetAfter, spoilGarbage, spoilHalfBody, spoilNoAnswer, faultDuplicate,
	}
}

// Fault is something that goes wrong on purpose, for the calls that match.
type Fault struct {
	ID    uint64     `json:"id"` // given by the simulator
	Match FaultMatch `json:"match"`
	// Kind is delay, 429, 500, status, reset_before, reset_after, garbage, half_body, no_answer or duplicate.
	Kind string `json:"kind"`
	// After is how many matching calls pass unharmed first.
	After int `json:"after"`
	// Times is how many calls are struck; 0 means 1, a negative number means all from then on.
	Times int `json:"times"`
	// DelayMS is how late the answer comes, for delay, in milliseconds.
	DelayMS int `json:"delay_ms"`
	// RetryAfterS is sent as Retry-After with 429, 500 and status when positive, in seconds.
	RetryAfterS int `json:"retry_after_s"`
	// Status and Body are the answer, for status. An empty body means the provider's own error body.
	Status int    `json:"status"`
	Body   string `json:"body"`

	perJourney bool // in the magic table: counted anew for each journey
}

// FaultMatch chooses calls; empty fields choose all.
type FaultMatch struct {
	Provider string `json:"provider"`
	Method   string `json:"method"`
	// Path is a prefix of the path, or with a * in it a pattern of the whole path, where * stands for anything.
	Path string `json:"path"`
	// Endpoint is the stable name the ledger shows, such as authid.create_operation.
	Endpoint string `json:"endpoint"`
	Subject  string `json:"subject"`
}

func (m FaultMatch) matches(e Entry, path string) bool {
	return (m.Provider == "" || m.Provider == e.Provider) &&
		(m.Method == "" || strings.EqualFold(m.Method, e.Method)) &&
		(m.Endpoint == "" || m.Endpoint == e.Endpoint) &&
		(m.Subject == "" || m.Subject == e.Subject) &&
		matchesPath(m.Path, path)
}

func matchesPath(pattern, path string) bool {
	if !strings.Contains(pattern, "*") {
		return strings.HasPrefix(path, pattern)
	}
	parts := strings.Split(pattern, "*")
	rest, found := strings.CutPrefix(path, parts[0])
	if !found {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[last])
}

// valid returns the fault ready to be stored, or a problem that says what is wrong with it.
func (f Fault) valid() (Fault, error) {
	if !slices.Contains(faultKinds(), f.Kind) {
		return f, problem("kind is %q; allowed are %s", f.Kind, strings.Join(faultKinds(), ", "))
	}
	if f.Kind == spoilDelay && f.DelayMS <= 0 {
		return f, problem("a delay needs delay_ms, a positive number of milliseconds")
	}
	if f.Kind == faultStatus && (f.Status < 200 || f.Status > 999) {
		return f, problem("status is %d; a fault of kind status needs one from 200 to 999", f.Status)
	}
	if f.After < 0 || f.RetryAfterS < 0 {
		return f, problem("after and retry_after_s cannot be negative")
	}
	if f.Times == 0 {
		f.Times = 1
	}
	return f, nil
}

// strike finds the first fault that matches a call and counts it down; those asked for go before those of the magic table.
func (t *txn) strike(e Entry) (Fault, bool) {
	var hit Fault
	var passed []Fault
	each(t, faultsKind, "", func(_ string, f Fault) bool {
		if f.Times == 0 || !f.Match.matches(e, e.Path) {
			return true
		}
		if f.After > 0 {
			passed = append(passed, f)
			return true
		}
		hit = f
		return false
	})
	for _, f := range passed {
		f.After--
		put(t, faultsKind, ordered(f.ID), f)
	}
	if hit.ID == 0 {
		return t.strikeMagic(e)
	}
	if hit.Times > 0 {
		hit.Times--
		put(t, faultsKind, ordered(hit.ID), hit)
	}
	return hit, true
}

// prevents reports whether the endpoint does not act at all.
func (f Fault) prevents() bool {
	switch f.Kind {
	case fault429, fault500, faultStatus, spoilResetBefore:
		return true
	}
	return false
}

// instead returns the answer of a fault that prevents.
func (f Fault) instead(p provider) reply {
	var out reply
	switch f.Kind {
	case fault429:
		out = p.refuse(http.StatusTooManyRequests, "Too many requests.")
	case fault500:
		out = p.refuse(http.StatusInternalServerError, "Internal server error.")
	case faultStatus:
		out = p.refuse(f.Status, http.StatusText(f.Status))
		if f.Body != "" {
			out.body = []byte(f.Body)
		}
	default:
		return reply{}.spoiled(f.Kind)
	}
	if f.RetryAfterS > 0 {
		out = out.with("Retry-After", strconv.Itoa(f.RetryAfterS))
	}
	return out
}

// onto returns the endpoint's answer as the fault spoils it.
func (f Fault) onto(out reply) reply {
	switch f.Kind {
	case spoilDelay:
		return out.late(time.Duration(f.DelayMS) * time.Millisecond)
	case faultDuplicate:
		return out
	default:
		return out.spoiled(f.Kind)
	}
}

func (t *txn) faults() []Fault {
	all := []Fault{}
	each(t, faultsKind, "", func(_ string, f Fault) bool {
		all = append(all, f)
		return true
	})
	return all
}

func (t *txn) addFault(f Fault) Fault {
	f.ID = t.number(faultsKind)
	put(t, faultsKind, ordered(f.ID), f)
	return f
}

func (t *txn) clearFaults() {
	for _, f := range t.faults() {
		remove(t, faultsKind, ordered(f.ID))
	}
}
