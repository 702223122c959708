package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// A file starts with a mark of four bytes: what it is, and the version of its
// form. Then come the seal key's ID, the digest, and the sealed content.
const (
	markSealed    = "BES1"
	markTombstone = "BEG1"
)

// otherKey says that the file may be whole, but this program cannot tell.
// An operator can mend that, so it is not damage.
const otherKey = "sealed with key %q, ours is %q; give every program the same key file"

// sealer turns bytes into the content of files and back.
type sealer struct {
	key   keys.Key
	keyID []byte
	aead  cipher.AEAD
}

func newSealer(key keys.Key) (*sealer, error) {
	block, err := aes.NewCipher(key.Bytes())
	if err != nil {
		return nil, err
	}
	// Each file gets a random nonce, written before the ciphertext.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &sealer{key: key, keyID: []byte(key.ID()), aead: aead}, nil
}

// opened is what a file holds.
type opened struct {
	tombstone bool
	// digest is nil for the tombstone of something never seen.
	digest []byte
	data   []byte
}

// digest returns the keyed digest of data: without the key, nobody can test a
// guess of the content.
func (s *sealer) digest(data []byte) []byte { return s.key.MAC("sealed content", data) }

func (s *sealer) seal(ref enroll.SealedRef, digest, data []byte) []byte {
	return s.write(markSealed, ref, digest, data)
}

// tombstone returns what remains of deleted bytes; the digest may be nil.
func (s *sealer) tombstone(ref enroll.SealedRef, digest []byte) []byte {
	if digest == nil {
		digest = make([]byte, sha256.Size)
	}
	return s.write(markTombstone, ref, digest, nil)
}

func (s *sealer) write(mark string, ref enroll.SealedRef, digest, data []byte) []byte {
	head := bytes.Join([][]byte{[]byte(mark), s.keyID, digest}, nil)
	return s.aead.Seal(head, nil, data, bound(head, ref)) //nolint:gosec // the cipher makes the random nonce itself
}

// open reads the content of a file. Damage is ErrDamaged, never data.
func (s *sealer) open(ref enroll.SealedRef, content []byte) (opened, error) {
	size := len(markSealed) + len(s.keyID) + sha256.Size
	if len(content) < size {
		return opened{}, ErrDamaged
	}
	head, sealed := content[:size:size], content[size:]
	mark, rest := string(head[:len(markSealed)]), head[len(markSealed):]
	keyID, digest := rest[:len(s.keyID)], rest[len(s.keyID):]
	if mark != markSealed && mark != markTombstone {
		return opened{}, ErrDamaged
	}
	if !bytes.Equal(keyID, s.keyID) {
		return opened{}, fmt.Errorf(otherKey, keyID, s.keyID)
	}
	data, err := s.aead.Open(nil, nil, sealed, bound(head, ref))
	if err != nil {
		return opened{}, ErrDamaged
	}
	if bytes.Equal(digest, make([]byte, sha256.Size)) {
		digest = nil
	}
	return opened{tombstone: mark == markTombstone, digest: digest, data: data}, nil
}

// bound returns the associated data that ties content to its file.
func bound(head []byte, ref enroll.SealedRef) []byte {
	return append(append([]byte(nil), head...), ref...)
}
