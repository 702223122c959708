package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// problemError is a control request that cannot be followed, with what to do about it.
type problemError string

// Error returns the explanation.
func (e problemError) Error() string { return string(e) }

// problem returns an error that the control interface answers with 400.
func problem(format string, args ...any) error { return problemError(fmt.Sprintf(format, args...)) }

func (s *Server) routeControl(mux *http.ServeMux) {
	for pattern, handle := range map[string]func(*call) reply{
		"POST /_sim/capture":      controlCapture,
		"GET /_sim/capture":       controlFrame,
		"GET /_sim/outbox":        controlOutbox,
		"POST /_sim/faults":       controlAddFaults,
		"GET /_sim/faults":        func(c *call) reply { return jsonReply(http.StatusOK, c.faults()) },
		"DELETE /_sim/faults":     controlClearFaults,
		"GET /_sim/ledger":        controlLedger,
		"GET /_sim/ledger/counts": controlCounts,
		"GET /_sim/magic":         func(*call) reply { return jsonReply(http.StatusOK, MagicSubjects()) },
		"GET /_sim/state":         controlState,
		"POST /_sim/preload":      controlPreload,
		"POST /_sim/reset":        controlReset,
		"GET /_sim/healthz":       func(*call) reply { return jsonReply(http.StatusOK, map[string]string{"status": "ok"}) },
		"GET /_sim/{$}":           func(*call) reply { return textReply(http.StatusOK, controlHelp) },
		"/_sim/":                  controlUnknown,
	} {
		mux.HandleFunc(pattern, s.controlled(handle))
	}
}

// controlled returns the handler of a control endpoint: in a transaction like any call, but not in the ledger.
func (s *Server) controlled(handle func(*call) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			s.write(w, r, refuseControl(problem("the request is too large or broke off: %v", err)))
			return
		}
		var out reply
		err = s.update(func(t *txn) { out = handle(&call{txn: t, r: r, body: body}) })
		if err != nil {
			out = refuseControl(err)
		}
		s.write(w, r, out)
	}
}

// refuseControl answers a control request that was not followed: 400 for what the caller can mend, 500 for the rest.
func refuseControl(err error) reply {
	if mendable, ok := errors.AsType[problemError](err); ok {
		return refuseWith(http.StatusBadRequest, mendable.Error())
	}
	return refuseWith(http.StatusInternalServerError, err.Error())
}

// undo refuses a control request and makes sure that nothing it did is kept.
func (c *call) undo(err error) reply {
	c.fail(err)
	return refuseControl(err)
}

// decodeStrict reads one JSON value and refuses fields it does not know, so that a typing error is found.
func decodeStrict(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return problem("the request cannot be read as JSON: %v; GET /_sim/ shows the form", err)
	}
	return nil
}

func controlCapture(c *call) reply {
	answer, err := c.capture(c.body)
	if err != nil {
		return c.undo(err)
	}
	return jsonReply(http.StatusOK, answer)
}

func controlOutbox(c *call) reply {
	q := c.r.URL.Query()
	return jsonReply(http.StatusOK, c.outbox(q.Get("provider"), q.Get("subject")))
}

func controlAddFaults(c *call) reply {
	var wanted []Fault
	raw := bytes.TrimSpace(c.body)
	if len(raw) > 0 && raw[0] == '{' { // one fault need not be wrapped
		raw = []byte("[" + string(raw) + "]")
	}
	if err := decodeStrict(raw, &wanted); err != nil {
		return c.undo(err)
	}
	added := []Fault{}
	for _, f := range wanted {
		f, err := f.valid()
		if err != nil {
			return c.undo(err)
		}
		added = append(added, c.addFault(f))
	}
	return jsonReply(http.StatusOK, added)
}

func controlClearFaults(c *call) reply {
	c.clearFaults()
	return jsonReply(http.StatusOK, c.faults())
}

func controlLedger(c *call) reply {
	f, err := filterOf(c.r)
	if err != nil {
		return c.undo(err)
	}
	return jsonReply(http.StatusOK, c.entries(f))
}

func controlCounts(c *call) reply {
	f, err := filterOf(c.r)
	if err != nil {
		return c.undo(err)
	}
	return jsonReply(http.StatusOK, countsOf(c.entries(f)))
}

func controlState(c *call) reply {
	q := c.r.URL.Query()
	p, found := c.srv.provider(q.Get("provider"))
	if !found {
		return c.undo(problem("provider is %q; allowed are %s", q.Get("provider"), c.srv.providerNames()))
	}
	if q.Get("subject") == "" {
		return c.undo(problem("subject is missing: the AccountNumber, BCID, user_id or User to look at"))
	}
	return jsonReply(http.StatusOK, p.state(c.txn, q.Get("subject")))
}

func controlPreload(c *call) reply {
	var parts map[string]json.RawMessage
	if err := decodeStrict(c.body, &parts); err != nil {
		return c.undo(err)
	}
	for name, part := range parts {
		p, found := c.srv.provider(name)
		if !found || p.preload == nil {
			return c.undo(problem("%q is no provider to preload; allowed are %s", name, c.srv.providerNames()))
		}
		if err := p.preload(c.txn, part); err != nil {
			return c.undo(err)
		}
	}
	return jsonReply(http.StatusOK, map[string]string{"status": "ok"})
}

func controlReset(c *call) reply {
	c.clear()
	return jsonReply(http.StatusOK, map[string]string{"status": "ok"})
}

func controlUnknown(c *call) reply {
	return refuseWith(http.StatusNotFound, "no control endpoint "+c.r.Method+" "+c.r.URL.Path+"; GET /_sim/ lists them")
}

func refuseWith(status int, message string) reply {
	return jsonReply(status, map[string]string{"error": message})
}
