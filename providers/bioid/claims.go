package bioid

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// The bits of the claims task and traits.
const (
	taskEnroll    = 0x20
	taskLive      = 0x100
	traitFace     = 1
	traitEyes     = 2
	traitVoice    = 4
	mostMovements = 64 // A challenge with more is no challenge.
)

// claims is what a token says of itself. The signature is not checked: the
// token came from BioID over TLS, and only BioID has the key.
type claims struct {
	BCID      string `json:"bcid"`
	Task      *int   `json:"task"`
	Traits    int    `json:"traits"`
	Challenge string `json:"challenge"` // JSON inside a text
	Expires   int64  `json:"exp"`       // seconds of Unix time

	movements [][]string
}

// readClaims decodes the middle part of a compact token. The errors hold
// nothing of the token.
func readClaims(token string) (claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}, errors.New("it has not three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return claims{}, errors.New("its claims are not base64")
	}
	var c claims
	if json.Unmarshal(payload, &c) != nil {
		return claims{}, errors.New("its claims are not the JSON object that is documented")
	}
	if c.Expires <= 0 {
		return claims{}, errors.New("it does not tell when it ends")
	}
	if c.Challenge != "" {
		if json.Unmarshal([]byte(c.Challenge), &c.movements) != nil || len(c.movements) > mostMovements {
			return claims{}, errors.New("its challenge cannot be read")
		}
	}
	return c, nil
}

func (c claims) end() time.Time { return time.Unix(c.Expires, 0).UTC() }

// enrolls reports whether the token is for the enroll task. A token that does
// not say is believed.
func (c claims) enrolls() bool { return c.Task == nil || *c.Task&taskEnroll != 0 }

// live reports whether the token demands liveness detection, which is the
// default.
func (c claims) live() bool { return c.Task == nil || *c.Task&taskLive != 0 }

// recordings is how many samples an attempt should have.
func (c claims) recordings() int {
	switch {
	case len(c.movements) > 0:
		return len(c.movements[0]) + 1
	case c.live():
		return liveRecordings
	}
	return plainRecordings
}

// traitsOr names the token's traits; older tokens do not tell them.
func (c claims) traitsOr(asked string) string {
	var names []string
	for _, trait := range []struct {
		bit  int
		name string
	}{{traitFace, "Face"}, {traitEyes, "Periocular"}, {traitVoice, "Voice"}} {
		if c.Traits&trait.bit != 0 {
			names = append(names, trait.name)
		}
	}
	if len(names) == 0 {
		return asked
	}
	return strings.Join(names, ",")
}
