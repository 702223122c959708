package records

import (
	"context"

	"github.com/bioenroll/bioenroll/enroll"
)

// Erased is what Erase did.
type Erased struct {
	// Emptied lists the records that were emptied of everything personal; one
	// that was empty already is not among them.
	Emptied []enroll.RecordID
	// Live lists the records without an outcome. A journey under way needs what
	// it knows, so they were left alone; EmptyRecord is for one that is not.
	Live []enroll.RecordID
}

// plainColumns are those of a record that stand in clear, in the order of all.
const plainColumns = `id, journey, provider, workflow_id, run_id, subject_hash, digest, NULL, NULL, began_at,
	outcome, reason, provider_code, can_retry, concluded_at, NULL, resolved_outcome, resolved_at, NULL, NULL, emptied_at, NULL, first_run`

// RecordsOf returns the records of a subject at a provider, the oldest first,
// with what stands in clear alone: which journeys there were, when, and how they
// ended. No key is needed for it, so it also finds what cannot be read any more.
func (s *Store) RecordsOf(ctx context.Context, provider enroll.Provider, subjectHash string) ([]enroll.Record, error) {
	var found []enroll.Record
	err := s.read(ctx, "records of a subject", func(tx transaction) (err error) {
		found, err = tx.recordsOf(ctx, provider, subjectHash)
		return err
	})
	return found, err
}

func (t transaction) recordsOf(ctx context.Context, provider enroll.Provider, subjectHash string) ([]enroll.Record, error) {
	return t.query(ctx, "SELECT "+plainColumns+" FROM records WHERE provider = $1 AND subject_hash = $2 ORDER BY began_at, id",
		[]any{provider, subjectHash})
}

// Erase empties the concluded records of a subject of everything personal: the
// subject's name, references, the caller's reference, answers, and all of the result and of a
// resolution but the outcome. What remains says that there was a journey, when,
// how it ended, and what it relied on. Repeated, it empties nothing.
func (s *Store) Erase(ctx context.Context, provider enroll.Provider, subjectHash string) (Erased, error) {
	var erased Erased
	err := s.write(ctx, "erase", func(tx transaction) error {
		erased = Erased{}
		found, err := tx.recordsOf(ctx, provider, subjectHash)
		if err != nil {
			return err
		}
		for _, record := range found {
			if record.Result == nil {
				if record.EmptiedAt.IsZero() {
					erased.Live = append(erased.Live, record.ID)
				}
				continue
			}
			emptied, err := tx.empty(ctx, record.ID, "erasure")
			if err != nil {
				return err
			}
			if emptied {
				erased.Emptied = append(erased.Emptied, record.ID)
			}
		}
		return nil
	})
	if err != nil {
		return Erased{}, err
	}
	return erased, s.forget(ctx, "erase", len(erased.Emptied))
}

// EmptyRecord empties one record as Erase does, whether it has an outcome or
// not: for a journey that ended without telling, because somebody terminated
// it. It reports whether there was anything to empty. The error is ErrNotFound
// when there is no such record.
func (s *Store) EmptyRecord(ctx context.Context, id enroll.RecordID) (bool, error) {
	emptied := 0
	err := s.write(ctx, "empty a record", func(tx transaction) error {
		found, err := tx.names(ctx, "SELECT id FROM records WHERE id = $1", id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrNotFound
		}
		did, err := tx.empty(ctx, id, "erasure")
		if did {
			emptied = 1
		}
		return err
	})
	if err != nil {
		return false, err
	}
	return emptied > 0, s.forget(ctx, "empty a record", emptied)
}

// empty takes everything personal out of a record, and says why in the audit
// trail. It reports false when that was done before. What an operator wrote into
// the trail stays: it tells who did what, and nothing of the person.
func (t transaction) empty(ctx context.Context, id enroll.RecordID, why string) (bool, error) {
	emptied, err := t.change(ctx, `UPDATE records SET subject = NULL, refs = NULL, result = NULL, resolution = NULL, reference = NULL,
		reference_hash = '', emptied_at = $2
		WHERE id = $1 AND emptied_at = 0`, id, stamp(t.now))
	if err != nil || !emptied {
		return false, err
	}
	if _, err := t.change(ctx, "UPDATE steps SET answer = NULL WHERE record = $1", id); err != nil {
		return false, err
	}
	return true, t.audit(ctx, id, whatErased, why)
}

// emptyIfErasing empties the record of a journey that was refused because its
// subject is being erased.
func (t transaction) emptyIfErasing(ctx context.Context, record enroll.Record) error {
	erasure, err := t.erasing(ctx, record.Provider, record.SubjectHash)
	if err != nil || erasure == "" {
		return err
	}
	_, err = t.empty(ctx, record.ID, "erasure")
	return err
}

// names returns the IDs that a query chooses.
func (t transaction) names(ctx context.Context, query string, arguments ...any) ([]enroll.RecordID, error) {
	rows, err := t.QueryContext(ctx, query, arguments...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var found []enroll.RecordID
	for rows.Next() {
		var id enroll.RecordID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		found = append(found, id)
	}
	return found, rows.Err()
}
