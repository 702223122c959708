package seal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// KeepTombstones is for how much longer than bytes Sweep keeps tombstones: a
// start that is repeated within that time stores nothing again.
const KeepTombstones = 30 * 24 * time.Hour

// Delete removes what journeys sealed, for good: their keys are destroyed first,
// which makes every byte unreadable, then the bytes are removed. Tombstones
// remain in the place of the keys, so that the bytes cannot come back. What is
// not there is no error, and one object that cannot be removed does not keep
// the others. References of another form name nothing.
func (s *Store) Delete(ctx context.Context, refs ...enroll.SealedRef) error {
	var problems []error
	destroyed := map[enroll.RecordID]bool{}
	for _, ref := range refs {
		if check(ref) != nil {
			continue
		}
		if record, _ := ref.Split(); !destroyed[record] {
			destroyed[record] = true
			problems = append(problems, s.bury(ctx, record))
		}
	}
	for _, ref := range refs {
		if check(ref) == nil {
			problems = append(problems, s.objects.remove(ctx, string(ref)))
		}
	}
	return joined("seal: delete", problems)
}

// Destroy is Delete for everything that one journey sealed, whatever its parts
// are called, and reports whether there was anything. A journey that sealed
// nothing gets no tombstone.
func (s *Store) Destroy(ctx context.Context, journey enroll.RecordID) (existed bool, err error) {
	var names []string
	for found, err := range s.objects.list(ctx, string(journey)+"-") {
		if err != nil {
			return false, fmt.Errorf("seal: destroy: %w", err)
		}
		if !found.isTombstone() {
			names = append(names, found.name)
		}
	}
	if len(names) == 0 {
		return false, nil
	}
	problems := []error{s.bury(ctx, journey)}
	for _, name := range names {
		if name != keyName(journey) {
			problems = append(problems, s.objects.remove(ctx, name))
		}
	}
	return true, joined("seal: destroy", problems)
}

// Discard takes back what Put has created for a start that was then refused:
// the bytes and their journeys' keys, without a trace, because no journey ever
// saw them. A tombstone stays.
func (s *Store) Discard(ctx context.Context, refs ...enroll.SealedRef) error {
	var problems []error
	for _, ref := range refs {
		if err := check(ref); err != nil {
			problems = append(problems, err)
			continue
		}
		problems = append(problems, s.objects.remove(ctx, string(ref)))
		record, _ := ref.Split()
		if found, err := s.readSmall(ctx, keyName(record)); err == nil && string(found) != markTombstone {
			problems = append(problems, s.objects.remove(ctx, keyName(record)))
		}
	}
	return joined("seal: discard", problems)
}

// Sweep removes the bytes of every journey that sealed nothing after the given
// time, with their key, and the leftovers of crashes, and returns how many
// objects. The time must lie further back than any journey lasts. Tombstones
// are kept for KeepTombstones longer. One object that cannot be removed does
// not keep the others.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int, error) {
	removed := 0
	var problems []error
	for journey, err := range s.journeys(ctx) {
		if err != nil {
			return removed, joined("seal: sweep", append(problems, err))
		}
		for _, name := range journey.due(before) {
			err := s.objects.remove(ctx, name)
			if err == nil {
				removed++
			}
			problems = append(problems, err)
		}
	}
	return removed, joined("seal: sweep", problems)
}

// journey is the objects of one journey, or a single object of none, such as
// what a crash left.
type journey struct {
	record  string
	objects []object
}

// due returns the objects to be swept. A key goes first.
func (j journey) due(before time.Time) []string {
	var names []string
	for _, o := range j.objects {
		switch {
		case !isOurs(o.name):
		case o.isTombstone():
			if o.written.Before(before.Add(-KeepTombstones)) {
				names = append(names, o.name)
			}
		case !o.written.Before(before):
			return nil // The journey may be under way.
		case o.isKey():
			names = append([]string{o.name}, names...)
		default:
			names = append(names, o.name)
		}
	}
	return names
}

func (o object) isKey() bool { return strings.HasSuffix(o.name, "-"+keyPart) }

// isTombstone tells by the size: every key is longer.
func (o object) isTombstone() bool { return o.isKey() && o.size == int64(len(markTombstone)) }

// journeys groups what is stored by journey. A place lists by name, and names
// begin with the record.
func (s *Store) journeys(ctx context.Context) iter.Seq2[journey, error] {
	return func(yield func(journey, error) bool) {
		var group journey
		for found, err := range s.objects.list(ctx, "") {
			if err != nil {
				yield(journey{}, err)
				return
			}
			record := found.name
			if validRef.MatchString(found.name) {
				record, _, _ = strings.Cut(found.name, "-")
			}
			if group.record != record && len(group.objects) > 0 {
				if !yield(group, nil) {
					return
				}
				group = journey{}
			}
			group.record, group.objects = record, append(group.objects, found)
		}
		if len(group.objects) > 0 {
			yield(group, nil)
		}
	}
}

// Refs lists the references under which bytes are stored, by name.
func (s *Store) Refs(ctx context.Context) ([]enroll.SealedRef, error) {
	var refs []enroll.SealedRef
	for found, err := range s.objects.list(ctx, "") {
		if err != nil {
			return nil, fmt.Errorf("seal: list: %w", err)
		}
		if ref := enroll.SealedRef(found.name); check(ref) == nil {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// UsedKeys counts the journeys whose bytes are sealed under each seal key, by
// its ID. It reads every journey's key object.
func (s *Store) UsedKeys(ctx context.Context) (map[string]int, error) {
	used := map[string]int{}
	for found, err := range s.objects.list(ctx, "") {
		if err != nil {
			return nil, fmt.Errorf("seal: used keys: %w", err)
		}
		if !found.isKey() || found.isTombstone() {
			continue
		}
		content, err := s.readSmall(ctx, found.name)
		if errors.Is(err, ErrGone) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("seal: used keys: %w", err)
		}
		if id, _, _, ok := splitKey(content); ok {
			used[id]++
		}
	}
	return used, nil
}

func joined(op string, problems []error) error {
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}
