package seal

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// A key object begins with a mark like a blob. Then come the length of the seal
// key's ID, the ID, and the journey's key encrypted under the seal key. A
// tombstone is its mark alone. It is not authenticated: who can write one can
// as well remove the key.
const (
	markKey       = "BEK1"
	markTombstone = "BET1"
	// maxKeyObject bounds what is read as a key object, in bytes.
	maxKeyObject = 512
)

// otherKey says that the key may be whole, but this program cannot tell. An
// operator can mend that, so it is not damage.
const otherKey = "the journey's key is encrypted with seal key %q, and ours are %v; give every program the same key file, with every key that is still needed"

// keyName is the object of a journey's key, or of its tombstone.
func keyName(record enroll.RecordID) string { return string(record) + "-" + keyPart }

// newJourneyKey returns a random key that is stored nowhere yet.
func newJourneyKey() *journeyKey {
	key := new(journeyKey)
	_, _ = rand.Read(key[:]) // Read never fails: the runtime ends the program instead.
	return key
}

// keyOf returns the journey's key. The error is ErrDestroyed when a tombstone
// is in its place, ErrGone when there is none, or ErrDamaged.
func (s *Store) keyOf(ctx context.Context, record enroll.RecordID) (*journeyKey, error) {
	content, err := s.readSmall(ctx, keyName(record))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, err
	}
	return s.unwrap(record, content)
}

// wrap returns the content of a key object.
func (s *Store) wrap(record enroll.RecordID, key *journeyKey) ([]byte, error) {
	newest := s.ring.Newest()
	aead, err := wrapper(newest)
	if err != nil {
		return nil, err
	}
	id := newest.ID()
	head := bytes.Join([][]byte{[]byte(markKey), {byte(len(id))}, []byte(id)}, nil) //nolint:gosec // twelve digits
	return aead.Seal(head, nil, key[:], bound(head, record)), nil                   //nolint:gosec // the cipher makes the random nonce itself
}

// unwrap reads the content of a key object.
func (s *Store) unwrap(record enroll.RecordID, content []byte) (*journeyKey, error) {
	if string(content) == markTombstone {
		return nil, ErrDestroyed
	}
	id, head, wrapped, ok := splitKey(content)
	if !ok {
		return nil, ErrDamaged
	}
	sealKey, ok := s.ring.Find(id)
	if !ok {
		return nil, fmt.Errorf(otherKey, id, s.ring.IDs())
	}
	aead, err := wrapper(sealKey)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, wrapped, bound(head, record))
	if err != nil || len(plain) != len(journeyKey{}) {
		return nil, ErrDamaged
	}
	return (*journeyKey)(plain), nil
}

// splitKey takes a key object apart without opening it.
func splitKey(content []byte) (id string, head, wrapped []byte, ok bool) {
	rest, ok := bytes.CutPrefix(content, []byte(markKey))
	if !ok || len(rest) == 0 || len(rest) <= int(rest[0]) {
		return "", nil, nil, false
	}
	size := len(markKey) + 1 + int(rest[0])
	return string(content[len(markKey)+1 : size]), content[:size:size], content[size:], true
}

// wrapper is the cipher for journeys' keys, under a key that follows from the
// seal key and does nothing else. Each gets a random nonce, written before the
// ciphertext.
func wrapper(sealKey keys.Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(sealKey.MAC("journey key"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// bound returns the associated data that ties a key to its journey.
func bound(head []byte, record enroll.RecordID) []byte {
	return append(bytes.Clone(head), record...)
}

// bury puts a tombstone in the place of the journey's key. What was sealed under
// it cannot be read from then on, by anybody.
func (s *Store) bury(ctx context.Context, record enroll.RecordID) error {
	if found, err := s.readSmall(ctx, keyName(record)); err == nil && string(found) == markTombstone {
		return nil
	}
	return s.writeSmall([]byte(markTombstone), func(content scratch) error {
		return s.objects.replace(ctx, keyName(record), content)
	})
}

// same reports whether two journey keys are one.
func (k *journeyKey) same(other *journeyKey) bool {
	return other != nil && subtle.ConstantTimeCompare(k[:], other[:]) == 1
}

// readSmall reads a key object.
func (s *Store) readSmall(ctx context.Context, name string) ([]byte, error) {
	file, err := s.objects.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	return io.ReadAll(io.LimitReader(file, maxKeyObject))
}

// createSmall writes a new object of a few bytes.
func (s *Store) createSmall(ctx context.Context, name string, content []byte) (created bool, err error) {
	err = s.writeSmall(content, func(file scratch) error {
		taken, err := s.objects.create(ctx, newObject{name, file})
		created = err == nil && taken == ""
		return err
	})
	return created, err
}

// writeSmall makes a scratch file for a few bytes.
func (s *Store) writeSmall(content []byte, store func(scratch) error) error {
	file, err := s.objects.scratch()
	if err != nil {
		return err
	}
	defer file.drop()
	if _, err := file.Write(content); err != nil {
		return err
	}
	return store(file)
}
