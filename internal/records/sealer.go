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

// headSize is the length of mark and key ID.
const headSize = len(mark) + keys.IDSize

// The encrypted columns, as they are bound into what they hold.
const (
	columnSubject    = "subject"
	columnReferences = "references"
	columnResult     = "result"
	columnResolution = "resolution"
	columnAnswer     = "answer"
	columnAudit      = "audit"
	columnHold       = "hold"
	columnGrounds    = "grounds"
	columnStatement  = "statement"
	columnOpening    = "opening"
	columnName       = "name"
	columnReference  = "reference"
	columnURL        = "url"
	columnSecrets    = "secrets"
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

// sealer encrypts what a record keeps in confidence, with the key of the ring
// that is in use, and decrypts with all of them.
type sealer struct {
	ring keys.Ring
	// hash is the keyed hash by which a caller's reference is found.
	hash func(reference string) string
}

// hashOf is the hash of a reference; nothing has none.
func (s sealer) hashOf(reference enroll.Secret) string {
	if reference == "" {
		return ""
	}
	return s.hash(reference.Reveal())
}

// cipherOf returns the cipher of one record under a key. Each record has a key of
// its own, so that random nonces suffice however many records there are.
func cipherOf(key keys.Key, record enroll.RecordID) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key.MAC("record", []byte(record)))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts plain for its place.
func (s sealer) seal(at place, plain []byte) ([]byte, error) {
	key := s.ring.Newest()
	aead, err := cipherOf(key, at.record)
	if err != nil {
		return nil, err
	}
	head := []byte(mark + key.ID())
	return aead.Seal(head, nil, plain, at.bound(head)), nil //nolint:gosec // the cipher makes the random nonce itself
}

// open decrypts what seal returned for the same place. The error is
// ErrOtherKey or ErrDamaged and tells nothing of the content.
func (s sealer) open(at place, sealed []byte) ([]byte, error) {
	if len(sealed) < headSize || !bytes.HasPrefix(sealed, []byte(mark)) {
		return nil, fmt.Errorf("%s: %w", at.column, ErrDamaged)
	}
	head, rest := sealed[:headSize], sealed[headSize:]
	key, ours := s.ring.Find(string(head[len(mark):]))
	if !ours {
		return nil, fmt.Errorf("%s: key %q, ours are %q: %w", at.column, head[len(mark):], s.ring.IDs(), ErrOtherKey)
	}
	aead, err := cipherOf(key, at.record)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, rest, at.bound(head))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at.column, ErrDamaged)
	}
	return plain, nil
}
