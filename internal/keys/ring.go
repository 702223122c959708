package keys

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Purpose names what keys are for.
type Purpose string

// The purposes. Those of codec and seal have rings.
const (
	ForCodec   Purpose = "codec"   // Payloads on their way to Temporal.
	ForSeal    Purpose = "seal"    // Sealed storage, and the records by derived keys.
	ForSubject Purpose = "subject" // Hashes of subjects, digests and references.
)

// The reasons why a ring is not changed; test for them with errors.Is.
var (
	// ErrNoSuchKey: no ring of the key file has a key with this ID.
	ErrNoSuchKey = errors.New("no ring of the key file has this key")
	// ErrInUse: the key is the one that encrypts.
	ErrInUse = errors.New("the key is in use: put another one to use first")
	// ErrOneSubjectKey: the key is the subject key, which is never rotated.
	ErrOneSubjectKey = errors.New("the subject key is one for good: identifiers, records and look-ups of years depend on it")
	// ErrFull: the ring has as many keys as a ring may have.
	ErrFull = fmt.Errorf("the ring has %d keys, the most it may have: retire old ones first", MaxRing)
)

// MaxRing is how many keys a ring has at most.
const MaxRing = 16

// member is a key of a ring.
type member struct {
	Key
	// madeAt is when the key was made, to the second; zero when the key file
	// does not tell, because it is from before there were rings.
	madeAt time.Time
	// usedAt is when the key was put to use last; zero when it never was, or
	// when the key file does not tell.
	usedAt time.Time
}

// newMember returns a random key made now, and not yet put to use.
func newMember() member { return member{Key: newKey(), madeAt: now()} }

// firstMember returns a random key that is in use from now on.
func firstMember() member {
	made := now()
	return member{Key: newKey(), madeAt: made, usedAt: made}
}

// now returns the time as key files tell it.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// Ring is the keys of one purpose: the first encrypts, all decrypt. It prints
// as the IDs of its keys and is never changed.
type Ring struct{ members []member }

// Newest returns the key that encrypts: the one put to use last.
func (r Ring) Newest() Key { return r.members[0].Key }

// Find returns the key with the ID, and whether the ring has it.
func (r Ring) Find(id string) (Key, bool) {
	for _, m := range r.members {
		if m.ID() == id {
			return m.Key, true
		}
	}
	return Key{}, false
}

// IDs returns the IDs of the keys, that of the encrypting one first.
func (r Ring) IDs() []string {
	ids := make([]string, len(r.members))
	for i, m := range r.members {
		ids[i] = m.ID()
	}
	return ids
}

// Format writes the IDs of the keys whatever the verb.
func (r Ring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, strings.Join(r.IDs(), "+")) }

// derived returns the ring of the keys that follow from these for one purpose.
func (r Ring) derived(purpose string) Ring {
	members := make([]member, len(r.members))
	for i, m := range r.members {
		members[i] = member{Key: keyOf(m.MAC(purpose)), madeAt: m.madeAt, usedAt: m.usedAt}
	}
	return Ring{members}
}

// index returns the place of a key, or -1.
func (r Ring) index(id string) int {
	return slices.IndexFunc(r.members, func(m member) bool { return m.ID() == id })
}

// Listed tells of a key what is no secret.
type Listed struct {
	// ID names the key.
	ID string
	// Purpose is what the key is for.
	Purpose Purpose
	// MadeAt is when the key was made, to the second; zero when the key file
	// does not tell, because it is from before there were rings.
	MadeAt time.Time
	// UsedAt is when the key was put to use last, to the second; zero when it
	// never was, or when the key file does not tell.
	UsedAt time.Time
	// InUse reports that the key encrypts, or hashes. The others of a ring only
	// decrypt.
	InUse bool
}

// List tells of every key, ring by ring, the one in use first.
func (k *Keys) List() []Listed {
	var list []Listed
	for _, part := range []struct {
		purpose Purpose
		members []member
	}{{ForCodec, k.codec.members}, {ForSeal, k.seal.members}, {ForSubject, []member{k.subject}}} {
		for i, m := range part.members {
			list = append(list, Listed{ID: m.ID(), Purpose: part.purpose, MadeAt: m.madeAt, UsedAt: m.usedAt, InUse: i == 0})
		}
	}
	return list
}

// Added returns the same keys with a new key at the end of the ring, where it
// decrypts and is not in use, and that key. The error is ErrFull.
func (k *Keys) Added(purpose Purpose) (*Keys, Key, error) {
	changed := *k
	ring := changed.ring(purpose)
	if len(ring.members) >= MaxRing {
		return nil, Key{}, fmt.Errorf("keys: add a %s key: %w", purpose, ErrFull)
	}
	added := newMember()
	ring.members = append(slices.Clone(ring.members), added)
	return &changed, added.Key, nil
}

// Used returns the same keys with the named one at the front of its ring, where
// it encrypts. The error is ErrNoSuchKey or ErrOneSubjectKey.
func (k *Keys) Used(id string) (*Keys, error) {
	changed := *k
	ring, place, err := changed.find(id)
	if err != nil {
		return nil, fmt.Errorf("keys: use key %q: %w", id, err)
	}
	if place == 0 {
		return &changed, nil
	}
	used := ring.members[place]
	used.usedAt = now()
	ring.members = slices.Insert(slices.Delete(slices.Clone(ring.members), place, place+1), 0, used)
	return &changed, nil
}

// Retired returns the same keys without the named one: what it encrypted is
// not readable any more. The error is ErrInUse, ErrNoSuchKey or
// ErrOneSubjectKey.
func (k *Keys) Retired(id string) (*Keys, error) {
	changed := *k
	ring, place, err := changed.find(id)
	if err == nil && place == 0 {
		err = ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("keys: retire key %q: %w", id, err)
	}
	ring.members = slices.Delete(slices.Clone(ring.members), place, place+1)
	return &changed, nil
}

// Purpose returns what the ring is for that has the key. The error is
// ErrNoSuchKey or ErrOneSubjectKey.
func (k *Keys) Purpose(id string) (Purpose, error) {
	for _, purpose := range []Purpose{ForCodec, ForSeal} {
		if k.ring(purpose).index(id) >= 0 {
			return purpose, nil
		}
	}
	if id == k.subject.ID() {
		return "", ErrOneSubjectKey
	}
	return "", ErrNoSuchKey
}

// ring returns the ring of a purpose, to be read or changed.
func (k *Keys) ring(purpose Purpose) *Ring {
	if purpose == ForSeal {
		return &k.seal
	}
	return &k.codec
}

// find returns the ring that has the key, and its place there.
func (k *Keys) find(id string) (*Ring, int, error) {
	purpose, err := k.Purpose(id)
	if err != nil {
		return nil, 0, err
	}
	ring := k.ring(purpose)
	return ring, ring.index(id), nil
}
