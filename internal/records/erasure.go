package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// SubjectKey names a subject at one provider without naming the person.
type SubjectKey struct {
	Provider enroll.Provider `json:"provider"`
	// Hash is the keyed hash of the subject.
	Hash string `json:"subject_hash"`
}

// NamedSubject is a subject with the provider's own name of the person, which is
// encrypted and kept as long as the erasure is under way.
type NamedSubject struct {
	SubjectKey

	Name enroll.Secret
}

// ErasureOpening is what is known of an erasure when it begins.
type ErasureOpening struct {
	ID string
	// Digest is the keyed digest of the request: an ID stands for one.
	Digest   string
	Subjects []NamedSubject
	// Who asked, and why. They are encrypted.
	Who, Why string
	At       time.Time
}

// Erasure is one removal of a person from every provider.
type Erasure struct {
	// ID names the erasure.
	ID      string    `json:"id"`
	BeganAt time.Time `json:"began_at"`
	// ConcludedAt is zero while the erasure is under way.
	ConcludedAt time.Time `json:"concluded_at,omitzero"`
	// Who asked, and why. Both are empty in what earlier releases began.
	Who string `json:"who,omitempty"`
	Why string `json:"why,omitempty"`
	// Subjects are those for whom no journey may start, while the erasure is
	// under way.
	Subjects []SubjectKey `json:"subjects,omitempty"`
	// Statement is what ConcludeErasure was given; nil until then.
	Statement []byte `json:"-"`
}

// ErasureFilter chooses erasures; a zero field chooses all.
type ErasureFilter struct {
	// Pending chooses those that are under way.
	Pending bool
	// Limit is how many are returned: up to 1000, or 50 when it is 0.
	Limit int
}

// BeginErasure records that an erasure is under way. From then on no journey of
// the subjects begins: every record of theirs is either there when BeginErasure
// returns or refused with ErrErasing. Repeated, it changes nothing, also after
// the erasure has concluded. ErrOtherRequest says that the ID belongs to another
// erasure.
func (s *Store) BeginErasure(ctx context.Context, o ErasureOpening) error {
	return s.write(ctx, "begin an erasure", func(tx transaction) error {
		if err := o.check(); err != nil {
			return err
		}
		if tx.dialect.settled != "" {
			if _, err := tx.ExecContext(ctx, tx.dialect.settled); err != nil {
				return fmt.Errorf("wait for journeys that begin: %w", err)
			}
		}
		return tx.beginErasure(ctx, o)
	})
}

func (t transaction) beginErasure(ctx context.Context, o ErasureOpening) error {
	sealed, err := t.sealer.sealJSON(openingPlace(o.ID), entry{Who: o.Who, Detail: o.Why})
	if err != nil {
		return err
	}
	created, err := t.change(ctx, "INSERT INTO erasures (id, digest, began_at, opening) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
		o.ID, o.Digest, stamp(o.At), sealed)
	if err != nil {
		return err
	}
	if !created {
		return t.sameErasure(ctx, o)
	}
	for _, subject := range o.Subjects {
		if err := t.bar(ctx, o.ID, subject); err != nil {
			return err
		}
	}
	// The reason stays out of the trail, which cannot be erased.
	return t.append(ctx, enroll.AuditEntry{At: t.now, What: whatErasureBegan, Who: o.Who, Detail: o.ID})
}

// bar keeps journeys of a subject from beginning.
func (t transaction) bar(ctx context.Context, erasure string, subject NamedSubject) error {
	name, err := t.sealer.seal(namePlace(erasure, subject.SubjectKey), []byte(subject.Name.Reveal()))
	if err != nil {
		return err
	}
	_, err = t.change(ctx, "INSERT INTO erasing (provider, subject_hash, erasure, name) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		subject.Provider, subject.Hash, erasure, name)
	return err
}

// sameErasure refuses an ID that belongs to another request.
func (t transaction) sameErasure(ctx context.Context, o ErasureOpening) error {
	var digest string
	err := t.QueryRowContext(ctx, "SELECT digest FROM erasures WHERE id = $1", o.ID).Scan(&digest)
	if err == nil && digest != o.Digest {
		err = fmt.Errorf("erasure %s: %w", o.ID, ErrOtherRequest)
	}
	return err
}

// ErasureName returns the provider's name of a subject under erasure. The error
// is ErrNotFound once the erasure has concluded.
func (s *Store) ErasureName(ctx context.Context, erasure string, subject SubjectKey) (enroll.Secret, error) {
	var name []byte
	err := s.read(ctx, "name of a subject under erasure", func(tx transaction) error {
		var sealed []byte
		err := tx.QueryRowContext(ctx, "SELECT name FROM erasing WHERE erasure = $1 AND provider = $2 AND subject_hash = $3",
			erasure, subject.Provider, subject.Hash).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("erasure %s: %w", erasure, ErrNotFound)
		}
		if err != nil {
			return err
		}
		name, err = tx.sealer.open(namePlace(erasure, subject), sealed)
		return err
	})
	return enroll.Secret(name), err
}

// check refuses an erasure that would keep no journey from starting.
func (o ErasureOpening) check() error {
	if o.ID == "" || o.Digest == "" || len(o.Subjects) == 0 || o.At.IsZero() {
		return errors.New("an erasure needs an ID, a digest, a subject and a time")
	}
	for _, subject := range o.Subjects {
		if !slices.Contains(enroll.Providers(), subject.Provider) || subject.Hash == "" || subject.Name == "" {
			return fmt.Errorf("a subject of an erasure needs a provider that exists, a hash and a name; given %q and %d bytes of hash", subject.Provider, len(subject.Hash))
		}
	}
	return refuse("", enroll.CheckReason(o.Who, o.Why))
}

// ConcludeErasure records what an erasure came to, which is encrypted, and lets
// journeys of its subjects start again. The first statement stays: a second one
// changes nothing. The error is ErrNotFound when no such erasure began.
func (s *Store) ConcludeErasure(ctx context.Context, id string, statement []byte) error {
	return s.write(ctx, "conclude an erasure", func(tx transaction) error {
		sealed, err := tx.sealer.seal(statementPlace(id), statement)
		if err != nil {
			return err
		}
		concluded, err := tx.change(ctx, "UPDATE erasures SET concluded_at = $2, statement = $3 WHERE id = $1 AND concluded_at = 0",
			id, stamp(tx.now), sealed)
		if err != nil {
			return err
		}
		if !concluded {
			_, err := tx.erasure(ctx, id)
			return err
		}
		if _, err := tx.change(ctx, "DELETE FROM erasing WHERE erasure = $1", id); err != nil {
			return err
		}
		return tx.audit(ctx, "", whatErasureConcluded, id)
	})
}

// Erasing returns the ID of the erasure that is under way for a subject, and
// whether there is one.
func (s *Store) Erasing(ctx context.Context, provider enroll.Provider, subjectHash string) (string, bool, error) {
	id := ""
	err := s.read(ctx, "erasing", func(tx transaction) (err error) {
		id, err = tx.erasing(ctx, provider, subjectHash)
		return err
	})
	return id, id != "", err
}

// Erasure returns an erasure. The error is ErrNotFound when there is none.
func (s *Store) Erasure(ctx context.Context, id string) (Erasure, error) {
	var found Erasure
	err := s.read(ctx, "erasure", func(tx transaction) (err error) {
		found, err = tx.erasure(ctx, id)
		return err
	})
	return found, err
}

// Erasures returns the erasures that the filter chooses, the newest first.
func (s *Store) Erasures(ctx context.Context, f ErasureFilter) ([]Erasure, error) {
	var found []Erasure
	err := s.read(ctx, "erasures", func(tx transaction) error {
		limit, err := pageSize(f.Limit)
		if err != nil {
			return err
		}
		where := ""
		if f.Pending {
			where = " WHERE concluded_at = 0"
		}
		found, err = tx.erasures(ctx, where+" ORDER BY began_at DESC, id DESC LIMIT $1", limit)
		return err
	})
	return found, err
}

// pendingBatch is how many IDs PendingErasures returns at most.
const pendingBatch = 100

// PendingErasures returns the IDs of erasures under way that began before the
// given time, in their order, from the one after the given ID on. There are no
// more when it returns none. It opens nothing, so that one erasure that cannot
// be decrypted does not hide the others.
func (s *Store) PendingErasures(ctx context.Context, before time.Time, after string) ([]string, error) {
	var found []string
	err := s.read(ctx, "pending erasures", func(tx transaction) error {
		rows, err := tx.QueryContext(ctx, "SELECT id FROM erasures WHERE concluded_at = 0 AND began_at < $1 AND id > $2 ORDER BY id LIMIT $3",
			stamp(before), after, pendingBatch)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells what matters
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			found = append(found, id)
		}
		return rows.Err()
	})
	return found, err
}

// erasing returns the ID of a subject's erasure under way, or nothing.
func (t transaction) erasing(ctx context.Context, provider enroll.Provider, subjectHash string) (string, error) {
	var id string
	err := t.QueryRowContext(ctx, "SELECT erasure FROM erasing WHERE provider = $1 AND subject_hash = $2 ORDER BY erasure LIMIT 1", provider, subjectHash).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

func (t transaction) erasure(ctx context.Context, id string) (Erasure, error) {
	found, err := t.erasures(ctx, " WHERE id = $1", id)
	if err != nil {
		return Erasure{}, err
	}
	if len(found) == 0 {
		return Erasure{}, fmt.Errorf("erasure %s: %w", id, ErrNotFound)
	}
	return found[0], nil
}

// erasures returns the erasures of a query's end.
func (t transaction) erasures(ctx context.Context, end string, arguments ...any) ([]Erasure, error) {
	rows, err := t.QueryContext(ctx, "SELECT id, began_at, concluded_at, opening, statement FROM erasures"+end, arguments...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var found []Erasure
	for rows.Next() {
		erasure, err := t.scanErasure(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, erasure)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range found {
		if found[i].Subjects, err = t.subjects(ctx, found[i].ID); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// scanErasure reads an erasure from a row.
func (t transaction) scanErasure(from scanner) (Erasure, error) {
	var found Erasure
	var beganAt, concludedAt int64
	var opening, sealed []byte
	if err := from.Scan(&found.ID, &beganAt, &concludedAt, &opening, &sealed); err != nil {
		return Erasure{}, err
	}
	found.BeganAt, found.ConcludedAt = moment(beganAt), moment(concludedAt)
	if opening != nil {
		var opened entry
		if err := t.sealer.openJSON(openingPlace(found.ID), opening, &opened); err != nil {
			return Erasure{}, fmt.Errorf("erasure %s: %w", found.ID, err)
		}
		found.Who, found.Why = opened.Who, opened.Detail
	}
	if sealed == nil {
		return found, nil
	}
	statement, err := t.sealer.open(statementPlace(found.ID), sealed)
	if err != nil {
		return Erasure{}, fmt.Errorf("erasure %s: %w", found.ID, err)
	}
	found.Statement = statement
	return found, nil
}

// subjects returns those of an erasure under way.
func (t transaction) subjects(ctx context.Context, erasure string) ([]SubjectKey, error) {
	rows, err := t.QueryContext(ctx, "SELECT provider, subject_hash FROM erasing WHERE erasure = $1 ORDER BY provider, subject_hash", erasure)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var found []SubjectKey
	for rows.Next() {
		var subject SubjectKey
		if err := rows.Scan(&subject.Provider, &subject.Hash); err != nil {
			return nil, err
		}
		found = append(found, subject)
	}
	return found, rows.Err()
}

func openingPlace(erasure string) place { return place{column: columnOpening, part: erasure} }

func statementPlace(erasure string) place { return place{column: columnStatement, part: erasure} }

func namePlace(erasure string, subject SubjectKey) place {
	return place{column: columnName, part: erasure + " " + string(subject.Provider) + " " + subject.Hash}
}
