package records

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// mark starts every ciphertext: what it is, and the version of its form. The
// key's ID follows, then the nonce and the sealed bytes.
const mark = "BER1"

// The encrypted columns, as they are bound into what they hold.
const (
	columnSubject    = "subject"
	columnReferences = "references"
	columnResult     = "result"
	columnResolution = "resolution"
	columnAnswer     = "answer"
	columnAudit      = "audit"
	columnHold       = "hold"
)

// place is where a ciphertext belongs. It opens nowhere else.
type place struct {
	// record is empty for what belongs to no journey.
	record enroll.RecordID
	column string
	// part tells rows of one record apart: a call, an audit entry.
	part string
}

// bound returns the associated data of the place. Lengths go first, so that no
// two places are written alike.
func (p place) bound(head []byte) []byte {
	return fmt.Appendf(nil, "%s%d:%s%d:%s%d:%s", head, len(p.record), p.record, len(p.column), p.column, len(p.part), p.part)
}

// sealer encrypts what a record keeps in confidence.
type sealer struct {
	key  keys.Key
	head []byte
}

func newSealer(key keys.Key) sealer {
	return sealer{key: key, head: []byte(mark + key.ID())}
}

// aead returns the cipher of one record. Each record has a key of its own, so
// that random nonces suffice however many records there are.
func (s sealer) aead(record enroll.RecordID) (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.key.MAC("record", []byte(record)))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts plain for its place.
func (s sealer) seal(at place, plain []byte) ([]byte, error) {
	aead, err := s.aead(at.record)
	if err != nil {
		return nil, err
	}
	head := bytes.Clone(s.head)
	return aead.Seal(head, nil, plain, at.bound(s.head)), nil //nolint:gosec // the cipher makes the random nonce itself
}

// open decrypts what seal returned for the same place. The error is
// ErrOtherKey or ErrDamaged and tells nothing of the content.
func (s sealer) open(at place, sealed []byte) ([]byte, error) {
	if len(sealed) < len(s.head) || !bytes.HasPrefix(sealed, []byte(mark)) {
		return nil, fmt.Errorf("%s: %w", at.column, ErrDamaged)
	}
	head, rest := sealed[:len(s.head)], sealed[len(s.head):]
	if !bytes.Equal(head, s.head) {
		return nil, fmt.Errorf("%s: %w", at.column, ErrOtherKey)
	}
	aead, err := s.aead(at.record)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, rest, at.bound(head))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at.column, ErrDamaged)
	}
	return plain, nil
}
