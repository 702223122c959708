package access

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

const (
	// relayPrefix begins every relay token.
	relayPrefix = "bioenroll_relay_"
	// purpose is signed with a relay token, so that nothing else that may be
	// signed with the same keys one day is one.
	purpose = "relay"
	// maxRelay bounds what is looked at as a relay token, in bytes.
	maxRelay = 4 << 10
	// version is the first byte of what is signed.
	version = 1
)

// Parts of a relay token, in bytes: version, ID of the key, end in seconds since
// 1970, length of the journey, journey, run, signature.
const (
	keyAt     = 1
	endAt     = keyAt + keys.IDSize/2
	lengthAt  = endAt + 8
	journeyAt = lengthAt + 2
	signature = 32
)

// The reasons why a relay token is refused.
var (
	errForged  = errors.New("not signed by a key of this installation")
	errExpired = errors.New("expired")
)

// sign returns a relay token.
func sign(ring keys.Ring, purpose, journey, run string, ends time.Time) enroll.Secret {
	key := ring.Newest()
	id, _ := hex.DecodeString(key.ID()) // An ID is always hexadecimal.
	signed := append([]byte{version}, id...)
	signed = binary.BigEndian.AppendUint64(signed, uint64(max(0, ends.Unix())))
	signed = binary.BigEndian.AppendUint16(signed, uint16(len(journey))) //nolint:gosec // an ID of ours has some 40 bytes
	signed = append(append(signed, journey...), run...)
	return enroll.Secret(relayPrefix + base64.RawURLEncoding.EncodeToString(append(signed, mac(key, purpose, signed)...)))
}

func mac(key keys.Key, purpose string, signed []byte) []byte {
	return key.MAC("relay token", []byte(purpose), signed)
}

// verify returns whose relay token it is. Nothing in the token counts before
// its signature was found good.
func verify(ring keys.Ring, purpose string, token enroll.Secret, now time.Time) (Caller, error) {
	text, _ := strings.CutPrefix(token.Reveal(), relayPrefix)
	if len(text) > maxRelay {
		return Caller{}, errForged
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	// A decoder skips line breaks, and there is one way only to write a token.
	if err != nil || base64.RawURLEncoding.EncodedLen(len(raw)) != len(text) || len(raw) < journeyAt+signature || raw[0] != version {
		return Caller{}, errForged
	}
	signed, signature := raw[:len(raw)-signature], raw[len(raw)-signature:]
	key, found := ring.Find(hex.EncodeToString(signed[keyAt:endAt]))
	if !found || !hmac.Equal(mac(key, purpose, signed), signature) {
		return Caller{}, errForged
	}
	names, length := signed[journeyAt:], int(binary.BigEndian.Uint16(signed[lengthAt:]))
	if length == 0 || length >= len(names) {
		return Caller{}, errForged // We never signed that; a token has both names.
	}
	ends := time.Unix(int64(binary.BigEndian.Uint64(signed[endAt:])), 0) //nolint:gosec // we signed it
	if !now.Before(ends) {
		return Caller{}, errExpired
	}
	return Caller{Role: Relay, Journey: string(names[:length]), Run: string(names[length:])}, nil
}
