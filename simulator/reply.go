package simulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"time"
)

// The ways an answer can be spoiled, by a fault or by a magic subject.
const (
	spoilDelay       = "delay"        // the answer comes late; the effect has happened
	spoilResetBefore = "reset_before" // the connection is reset, nothing has happened
	spoilResetAfter  = "reset_after"  // the effect has happened, then the connection is reset without an answer
	spoilGarbage     = "garbage"      // the effect has happened, the answer is a 200 that no client can read
	spoilHalfBody    = "half_body"    // the effect has happened, the answer breaks off in the middle
	spoilNoAnswer    = "no_answer"    // the effect has happened, the connection stays open and silent
)

// reply is an answer before it is written.
type reply struct {
	status      int
	contentType string
	header      map[string]string
	body        []byte
	spoil       string        // how the answer is spoiled; empty for a whole one
	delay       time.Duration // how late the answer comes
}

func jsonReply(status int, value any) reply {
	body, err := json.Marshal(value)
	if err != nil {
		return reply{status: http.StatusInternalServerError, contentType: "text/plain", body: []byte(err.Error())}
	}
	return reply{status: status, contentType: "application/json; charset=utf-8", body: body}
}

func textReply(status int, text string) reply {
	return reply{status: status, contentType: "text/plain; charset=utf-8", body: []byte(text)}
}

// emptyReply has no body and no content type.
func emptyReply(status int) reply { return reply{status: status} }

// spoiled returns the reply with a way of being spoiled.
func (r reply) spoiled(how string) reply {
	r.spoil = how
	return r
}

// late returns the reply with a delay.
func (r reply) late(by time.Duration) reply {
	r.spoil, r.delay = spoilDelay, by
	return r
}

// with returns the reply with one more header.
func (r reply) with(name, value string) reply {
	header := maps.Clone(r.header)
	if header == nil {
		header = map[string]string{}
	}
	header[name] = value
	r.header = header
	return r
}
