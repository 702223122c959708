package simulator

import (
	"fmt"
	"time"
)

const agendaKind = "agenda"

// errand is something due at a moment: a simulated user acts, an operation expires.
type errand struct {
	At       time.Time `json:"at"`
	Provider string    `json:"provider"`
	What     string    `json:"what"`
	Ref      string    `json:"ref"`
}

// schedule makes what happen to ref at a moment. It survives a restart; the provider's happens map says what is done.
func (t *txn) schedule(at time.Time, provider, what, ref string) {
	key := ordered(uint64(at.UnixNano())) + ordered(t.number(agendaKind))
	put(t, agendaKind, key, errand{At: at, Provider: provider, What: what, Ref: ref})
}

// catchUp does everything that was due before now, in order, each thing at its own time.
func (t *txn) catchUp() {
	now := t.now
	defer func() { t.now = now }()
	for t.err == nil {
		key, next, found := t.nextErrand()
		if !found || next.At.After(now) {
			return
		}
		remove(t, agendaKind, key)
		t.now = next.At
		t.run(next)
	}
}

func (t *txn) nextErrand() (string, errand, bool) {
	var key string
	var next errand
	each(t, agendaKind, "", func(k string, e errand) bool {
		key, next = k, e
		return false
	})
	return key, next, key != ""
}

func (t *txn) run(e errand) {
	p, found := t.srv.provider(e.Provider)
	if !found || p.happens[e.What] == nil {
		t.fail(fmt.Errorf("the agenda asks %s for %q, which it does not know; reset the simulator's data folder", e.Provider, e.What))
		return
	}
	p.happens[e.What](t, e.Ref)
}
