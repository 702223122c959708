package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// file is the key file's form.
type file struct {
	Codec   entries `json:"codec"`
	Seal    entries `json:"seal"`
	Subject entry   `json:"subject"`
}

// entry is one key in the file; JSON writes the key in base64.
type entry struct {
	ID     string    `json:"id"`
	Key    []byte    `json:"key"`
	MadeAt time.Time `json:"made_at,omitzero"`
	UsedAt time.Time `json:"used_at,omitzero"`
}

// entries are the keys of a ring in the file.
type entries []entry

// UnmarshalJSON reads a list, or the one key that a file from before there
// were rings has instead.
func (e *entries) UnmarshalJSON(content []byte) error {
	var list []entry
	if bytes.HasPrefix(content, []byte("{")) {
		list = make([]entry, 1)
		if err := decode(content, &list[0]); err != nil {
			return err
		}
	} else if err := decode(content, &list); err != nil {
		return err
	}
	*e = list
	return nil
}

// decode reads one JSON value without unknown fields.
func decode(content []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errors.New("is not JSON of the form {codec, seal, subject} with an id and a key each")
	}
	if decoder.More() {
		return errors.New("holds more than one JSON value")
	}
	return nil
}

// parse reads the file's content. Errors never repeat it.
func parse(content []byte) (*Keys, error) {
	var form file
	if err := decode(content, &form); err != nil {
		return nil, err
	}
	var keys Keys
	var err error
	if keys.codec, err = ring(ForCodec, form.Codec); err != nil {
		return nil, err
	}
	if keys.seal, err = ring(ForSeal, form.Seal); err != nil {
		return nil, err
	}
	if keys.subject, err = form.Subject.member(ForSubject); err != nil {
		return nil, err
	}
	return &keys, nil
}

// ring returns the ring of the file's entries.
func ring(purpose Purpose, list entries) (Ring, error) {
	if len(list) == 0 || len(list) > MaxRing {
		return Ring{}, fmt.Errorf("the %s ring has %d keys, not 1 to %d", purpose, len(list), MaxRing)
	}
	var made Ring
	for _, e := range list {
		m, err := e.member(purpose)
		if err != nil {
			return Ring{}, err
		}
		if made.index(m.ID()) >= 0 {
			return Ring{}, fmt.Errorf("the %s ring has key %s twice", purpose, m.ID())
		}
		made.members = append(made.members, m)
	}
	return made, nil
}

// member returns the key of an entry.
func (e entry) member(purpose Purpose) (member, error) {
	if len(e.Key) != Size {
		return member{}, fmt.Errorf("the %s key has %d bytes, not %d", purpose, len(e.Key), Size)
	}
	key := keyOf(e.Key)
	if key.ID() != e.ID {
		return member{}, fmt.Errorf("the %s key does not belong to its id", purpose)
	}
	return member{Key: key, madeAt: e.MadeAt, usedAt: e.UsedAt}, nil
}

// form returns the file's form of keys.
func form(keys *Keys) file {
	list := func(r Ring) entries {
		written := make(entries, len(r.members))
		for i, m := range r.members {
			written[i] = m.entry()
		}
		return written
	}
	return file{Codec: list(keys.codec), Seal: list(keys.seal), Subject: keys.subject.entry()}
}

// entry returns the file's form of a key.
func (m member) entry() entry {
	return entry{ID: m.ID(), Key: m.Bytes(), MadeAt: m.madeAt, UsedAt: m.usedAt}
}
