package simulator

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds what is read of a request, in bytes; larger than any body a provider accepts.
const maxBody = 32 << 20

// call is one request being answered, inside its transaction.
type call struct {
	*txn
	r    *http.Request // its Body can still be read, for multipart forms
	body []byte
	// entry is the ledger's line for this call; an endpoint adds effects and ref.
	entry Entry
}

// effect notes what the call changed at the provider.
func (c *call) effect(names ...string) { c.entry.Effects = append(c.entry.Effects, names...) }

// answerTo returns the handler of one endpoint: read, act within one transaction, then write.
func (s *Server) answerTo(p provider, e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if e.browser {
			allowOrigin(w.Header())
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			s.write(w, r, p.refuse(http.StatusRequestEntityTooLarge, "The request is too large or broke off."))
			return
		}
		var out reply
		err = s.update(func(t *txn) { out = t.answer(p, e, r, body) })
		if err != nil {
			s.write(w, r, textReply(http.StatusInternalServerError, "simulator: "+err.Error()))
			return
		}
		s.write(w, r, out)
	}
}

// answer lets a fault strike or the endpoint act, and writes the ledger.
func (t *txn) answer(p provider, e endpoint, r *http.Request, body []byte) reply {
	c := t.begin(p, e, r, body)
	f, struck := t.strike(c.entry)
	if struck && f.prevents() {
		out := f.instead(p)
		c.conclude(out, f.Kind)
		return out
	}
	out := e.handle(c)
	if struck && f.Kind == faultDuplicate {
		c.conclude(out, f.Kind)
		c = t.begin(p, e, r, body)
		out = e.handle(c)
	}
	if struck {
		out = f.onto(out)
	}
	c.conclude(out, out.spoil)
	return out
}

func (t *txn) begin(p provider, e endpoint, r *http.Request, body []byte) *call {
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := &call{txn: t, r: r, body: body}
	c.entry = Entry{Provider: p.name, Method: r.Method, Path: r.URL.Path, Endpoint: e.name}
	if e.secretPath {
		_, c.entry.Path, _ = strings.Cut(e.pattern, " ")
	}
	if e.subject != nil {
		c.entry.Subject = e.subject(c)
	}
	return c
}

func (c *call) conclude(out reply, fault string) {
	c.entry.Status, c.entry.Fault = out.status, fault
	c.record(c.entry)
}

// write sends an answer, whole or spoiled.
func (s *Server) write(w http.ResponseWriter, r *http.Request, out reply) {
	switch out.spoil {
	case spoilResetBefore, spoilResetAfter:
		reset(w)
		return
	case spoilNoAnswer:
		s.wait(r, 0)
		reset(w)
		return
	case spoilGarbage:
		out = reply{status: http.StatusOK, contentType: "application/json", body: []byte("<html>{\"oops\":")}
	}
	if out.delay > 0 {
		s.wait(r, out.delay)
	}
	for name, value := range out.header {
		w.Header().Set(name, value)
	}
	if out.contentType != "" {
		w.Header().Set("Content-Type", out.contentType)
	}
	if out.spoil == spoilHalfBody {
		writeHalf(w, out)
		return
	}
	w.WriteHeader(out.status)
	if _, err := w.Write(out.body); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		return // the client has gone; the ledger knows what happened
	}
}

// wait returns after d, or when the client has gone or the server closes; zero means without end.
func (s *Server) wait(r *http.Request, d time.Duration) {
	var up <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		up = timer.C
	}
	select {
	case <-up:
	case <-r.Context().Done():
	case <-s.life.Done():
	}
}

func writeHalf(w http.ResponseWriter, out reply) {
	w.Header().Set("Content-Length", strconv.Itoa(len(out.body)+1))
	w.WriteHeader(out.status)
	if _, err := w.Write(out.body[:len(out.body)/2]); err == nil {
		err = http.NewResponseController(w).Flush()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	panic(http.ErrAbortHandler)
}

// reset ends the connection as a crashed server or a firewall does: with RST, without a word.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// A linger of zero turns close into RST; should it fail, the close alone still loses the answer.
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
