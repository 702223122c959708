package simulator

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

const (
	stateFile   = "simulator.db"
	lockTimeout = time.Second
)

// store is the state file: one bucket for each kind of entity, JSON values.
type store struct {
	db        *bbolt.DB
	temporary string // the folder to remove on close; empty when the folder is the caller's
}

func openStore(dir string) (*store, error) {
	st := &store{}
	if dir == "" {
		made, err := os.MkdirTemp("", "bioenroll-simulator-")
		if err != nil {
			return nil, fmt.Errorf("make a temporary data folder: %w", err)
		}
		dir, st.temporary = made, made
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	path := filepath.Join(dir, stateFile)
	// Without fsync a killed process still keeps its state, because the kernel has it; only a crash of the machine does not.
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, NoSync: true, NoGrowSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("open %s: another simulator is using it; stop that one or choose another data folder: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	st.db = db
	return st, nil
}

func (st *store) close() error {
	err := st.db.Close()
	if st.temporary != "" {
		err = errors.Join(err, os.RemoveAll(st.temporary))
	}
	if err != nil {
		return fmt.Errorf("close the state file: %w", err)
	}
	return nil
}

// txn is one transaction on the state, at one moment. Its first error sticks and undoes everything, so the code that tells
// what a provider does need not check each read and write.
type txn struct {
	tx   *bbolt.Tx
	srv  *Server
	now  time.Time
	err  error
	done []func() // run after the commit
}

// update runs work in one transaction and stores what it did, unless it failed.
func (st *store) update(t *txn, work func()) error {
	err := st.db.Update(func(tx *bbolt.Tx) error {
		t.tx = tx
		work()
		return t.err
	})
	if err != nil {
		return fmt.Errorf("change the state: %w", err)
	}
	return nil
}

// fail makes the transaction end with err, unless it has failed already.
func (t *txn) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// afterCommit runs work once the transaction is safely stored; not at all when it is undone.
func (t *txn) afterCommit(work func()) { t.done = append(t.done, work) }

func (t *txn) bucket(kind string) *bbolt.Bucket {
	b, err := t.tx.CreateBucketIfNotExists([]byte(kind))
	if err != nil {
		t.fail(fmt.Errorf("open bucket %s: %w", kind, err))
		return nil
	}
	return b
}

// get returns the entity of a kind stored under key, and whether there is one.
func get[T any](t *txn, kind, key string) (T, bool) {
	var value T
	b := t.tx.Bucket([]byte(kind))
	if b == nil || key == "" {
		return value, false
	}
	raw := b.Get([]byte(key))
	if raw == nil {
		return value, false
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		t.fail(fmt.Errorf("read %s %q: %w", kind, key, err))
		return value, false
	}
	return value, true
}

// put stores an entity of a kind under key, replacing what is there.
func put[T any](t *txn, kind, key string, value T) {
	raw, err := json.Marshal(value)
	if err != nil {
		t.fail(fmt.Errorf("write %s %q: %w", kind, key, err))
		return
	}
	if b := t.bucket(kind); b != nil {
		if err := b.Put([]byte(key), raw); err != nil {
			t.fail(fmt.Errorf("write %s %q: %w", kind, key, err))
		}
	}
}

// remove deletes the entity of a kind stored under key, if there is one.
func remove(t *txn, kind, key string) {
	if b := t.bucket(kind); b != nil {
		if err := b.Delete([]byte(key)); err != nil {
			t.fail(fmt.Errorf("remove %s %q: %w", kind, key, err))
		}
	}
}

// each visits the entities of a kind whose key starts with prefix, in the order of their keys, until visit returns false.
// visit must not write to the same kind.
func each[T any](t *txn, kind, prefix string, visit func(key string, value T) bool) {
	from(t, kind, prefix, func(key string, value T) bool { return strings.HasPrefix(key, prefix) && visit(key, value) })
}

// from visits the entities of a kind from the first key that is not before start, until visit returns false. visit must not
// write to the same kind.
func from[T any](t *txn, kind, start string, visit func(key string, value T) bool) {
	b := t.tx.Bucket([]byte(kind))
	if b == nil {
		return
	}
	cursor := b.Cursor()
	for k, raw := cursor.Seek([]byte(start)); k != nil; k, raw = cursor.Next() {
		var value T
		if err := json.Unmarshal(raw, &value); err != nil {
			t.fail(fmt.Errorf("read %s %q: %w", kind, k, err))
			return
		}
		if !visit(string(k), value) {
			return
		}
	}
}

// number returns the next number of a kind, starting at 1.
func (t *txn) number(kind string) uint64 {
	b := t.bucket(kind)
	if b == nil {
		return 0
	}
	n, err := b.NextSequence()
	if err != nil {
		t.fail(fmt.Errorf("number a %s: %w", kind, err))
	}
	return n
}

// ordered returns a key that sorts as n does.
func ordered(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }

// clear forgets everything.
func (t *txn) clear() {
	var names [][]byte
	err := t.tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
		names = append(names, bytes.Clone(name))
		return nil
	})
	if err != nil {
		t.fail(fmt.Errorf("list the state: %w", err))
	}
	for _, name := range names {
		if err := t.tx.DeleteBucket(name); err != nil {
			t.fail(fmt.Errorf("forget %s: %w", name, err))
		}
	}
}
