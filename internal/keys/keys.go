package keys

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/bioenroll/bioenroll/enroll"
)

// Size is the length of each key in bytes.
const Size = 32

// IDSize is the length of a key's ID in characters.
const IDSize = 12

// Key is one secret key with its public ID. It prints as its ID.
type Key struct {
	// secret is two pointers away because fmt prints what is in the unexported
	// field of someone's struct without asking Format. It follows one pointer
	// for some verbs, two for none.
	secret **[Size]byte
}

// newKey returns a random key.
func newKey() Key {
	var secret [Size]byte
	// Read never fails: the runtime ends the program instead.
	_, _ = rand.Read(secret[:])
	return keyOf(secret[:])
}

// keyOf returns the key with these bytes, which are Size many.
func keyOf(secret []byte) Key {
	copied := [Size]byte(secret)
	return Key{secret: new(&copied)}
}

// bytes returns the key itself, to be read only.
func (k Key) bytes() []byte { return (*k.secret)[:] }

// ID names the key without telling it: IDSize hexadecimal digits computed from
// the key.
func (k Key) ID() string { return k.mac("key id", IDSize/2) }

// Bytes returns a copy of the key, for a cipher.
func (k Key) Bytes() []byte { return bytes.Clone(k.bytes()) }

// Format writes the key's ID whatever the verb, so that a key cannot be
// printed by accident.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "key "+k.ID()) }

// MAC returns the keyed hash (HMAC-SHA-256) of the parts for one purpose.
func (k Key) MAC(purpose string, parts ...[]byte) []byte {
	hash := hmac.New(sha256.New, k.bytes())
	for _, part := range append([][]byte{[]byte("bioenroll " + purpose)}, parts...) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		hash.Write(length[:])
		hash.Write(part)
	}
	return hash.Sum(nil)
}

// mac returns the first bytes of a keyed hash over texts, in hexadecimal.
func (k Key) mac(purpose string, size int, texts ...string) string {
	parts := make([][]byte, len(texts))
	for i, text := range texts {
		parts[i] = []byte(text)
	}
	return hex.EncodeToString(k.MAC(purpose, parts...)[:size])
}

// Keys are the keys of an installation. The zero value is of no use: load
// them with LoadOrCreate or Load.
type Keys struct {
	codec, seal Ring
	subject     member
}

// New returns fresh random keys that are kept nowhere, for tests.
func New() *Keys {
	return &Keys{codec: Ring{[]member{firstMember()}}, seal: Ring{[]member{firstMember()}}, subject: firstMember()}
}

// Codec returns the keys that encrypt payloads.
func (k *Keys) Codec() Ring { return k.codec }

// Seal returns the keys that encrypt sealed storage.
func (k *Keys) Seal() Ring { return k.seal }

// Records returns the keys that encrypt the store of records, in the order of
// the seal keys they are derived from. Each has an ID of its own.
func (k *Keys) Records() Ring { return k.seal.derived("records key") }

// RecordsKey returns the key of the records that follows from a seal key.
func (k *Keys) RecordsKey(sealID string) (Key, bool) {
	place := k.seal.index(sealID)
	if place < 0 {
		return Key{}, false
	}
	return k.Records().members[place].Key, true
}

// Relay returns the keys that sign the tokens of frontends, in the order of the
// codec keys they are derived from. A codec key outlives the journeys that began
// under it, and so the tokens that were handed out with them.
func (k *Keys) Relay() Ring { return k.codec.derived("relay key") }

// SubjectFingerprint identifies the subject key. Programs whose fingerprints
// differ would give one person two identifiers.
func (k *Keys) SubjectFingerprint() string { return k.subject.ID() }

// Format writes the IDs of the keys whatever the verb.
func (k *Keys) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "keys codec %s, seal %s, subject %s", k.codec, k.seal, k.subject.ID())
}

// SubjectHash returns the keyed hash of a subject at a provider: 32
// hexadecimal digits that identify the person to nobody without the key.
func (k *Keys) SubjectHash(provider enroll.Provider, subject string) string {
	return k.subject.mac("subject", 16, string(provider), subject)
}

// OperationHash returns the keyed hash of what a provider's webhook names: 32
// hexadecimal digits, by which the journey is found.
func (k *Keys) OperationHash(provider enroll.Provider, operationID string) string {
	return k.subject.mac("operation", 16, string(provider), operationID)
}

// ReferenceHash returns the keyed hash of what a caller calls a journey: 32
// hexadecimal digits, by which the journey is found.
func (k *Keys) ReferenceHash(reference string) string {
	return k.subject.mac("reference", 16, reference)
}

// Digest returns the keyed digest of a whole request: 64 hexadecimal digits.
// The order and the borders of the parts count.
func (k *Keys) Digest(journey enroll.Journey, parts ...[]byte) string {
	all := append([][]byte{[]byte(journey)}, parts...)
	return hex.EncodeToString(k.subject.MAC("request digest", all...))
}

// Ref returns the reference under which one part of a start is sealed: 32
// hexadecimal digits. The same workflow ID, idempotency key and part give the
// same reference, so a repeated start seals nothing twice.
func (k *Keys) Ref(workflowID, idempotencyKey, part string) enroll.SealedRef {
	return enroll.SealedRef(k.subject.mac("sealed reference", 16, workflowID, idempotencyKey, part))
}

// GeneratedUserID returns the iProov user_id of a start that named none. It is
// opaque, fits iProov's pattern, and is the same whenever the start is
// repeated with its idempotency key.
func (k *Keys) GeneratedUserID(idempotencyKey string) string {
	return "u-" + k.subject.mac("iproov user id", 16, idempotencyKey)
}
