package access

import (
	"fmt"
	"slices"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/tokens"
)

// kind is that of API keys.
func kind() tokens.Kind {
	rights := make([]string, len(Roles()))
	for i, role := range Roles() {
		rights[i] = string(role)
	}
	return tokens.Kind{What: "API keys file", Prefix: "bioenroll_key_", Rights: rights, Command: "gateway key NAME --role ROLE"}
}

// KeyFile is the path of a file of API keys: a line for each with name, hash,
// and role; # begins a comment.
type KeyFile string

func (f KeyFile) file() tokens.File { return tokens.File{Kind: kind(), Path: string(f)} }

// Put makes a fresh API key, which it keeps nowhere, and writes its line, in the
// place of one of the same name. It makes the file when there is none.
func (f KeyFile) Put(name string, role Role) (key enroll.Secret, replaced bool, err error) {
	key = MakeKey()
	if replaced, err = f.Let(name, role, key); err != nil {
		return "", false, err
	}
	return key, replaced, nil
}

// MakeKey makes an API key, which is good for nothing before Let.
func MakeKey() enroll.Secret { return kind().Make() }

// Let is Put with a key that was made before.
func (f KeyFile) Let(name string, role Role, key enroll.Secret) (replaced bool, err error) {
	if err := tokens.CheckName(name); err != nil {
		return false, fmt.Errorf("API key %w", err)
	}
	if !slices.Contains(Roles(), role) {
		return false, fmt.Errorf("API key %s: %.40q is not a role; there are %s, %s and %s", name, role, Backend, Relay, Operator)
	}
	return f.file().Put(tokens.Holder{Name: name, Hash: tokens.HashOf(key), Rights: []string{string(role)}})
}

// Remove takes the API key of that name out of the file and reports whether
// there was one.
func (f KeyFile) Remove(name string) (found bool, err error) { return f.file().Remove(name) }

// Keys are API keys in a file. They are safe for concurrent use.
type Keys struct{ cached *tokens.Cached }

// Watch returns the keys of the file, which is read again when it changes.
func (f KeyFile) Watch(now func() time.Time) *Keys {
	return &Keys{cached: tokens.NewCached(f.file(), now)}
}

// list returns the keys at this moment.
func (k *Keys) list() ([]tokens.Holder, error) {
	holders, err := k.cached.List()
	if err != nil {
		return nil, err
	}
	for _, holder := range holders {
		if len(holder.Rights) != 1 {
			return nil, fmt.Errorf("API keys file: %s has several roles; make a key for each", holder.Name)
		}
	}
	return holders, nil
}

// find returns whose key it is.
func (k *Keys) find(key enroll.Secret) (Caller, error) {
	holders, err := k.list()
	if err != nil {
		return Caller{}, &Error{Kind: Unusable, Advice: "The gateway cannot read its API keys; its log says why.", cause: err}
	}
	place := tokens.Find(tokens.HashOf(key), holders, func(h tokens.Holder) tokens.Hash { return h.Hash })
	if place < 0 {
		return Caller{}, wrongToken("This is no API key of the gateway, or none any more.")
	}
	return Caller{Name: holders[place].Name, Role: Role(holders[place].Rights[0])}, nil
}
