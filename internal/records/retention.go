package records

import (
	"context"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// sweepBatch is how many records a sweep deletes in one transaction.
const sweepBatch = 100

// Erased is what an erasure did.
type Erased struct {
	// Records is how many records were emptied of everything personal.
	Records int
	// Live lists the journeys that are still under way: they need what they
	// know, so they were left alone.
	Live []enroll.RecordID
}

// Erase empties the concluded records of a subject of everything personal: the
// subject's name, references, answers, and all of the result and of a
// resolution but the outcome. What remains says that there was a journey, when,
// and how it ended. Repeated, it empties nothing.
func (s *Store) Erase(ctx context.Context, provider enroll.Provider, subjectHash string) (Erased, error) {
	var erased Erased
	err := s.write(ctx, "erase", func(tx transaction) error {
		found, err := tx.find(ctx, " WHERE provider = $1 AND subject_hash = $2 ORDER BY id", []any{provider, subjectHash})
		if err != nil {
			return err
		}
		for _, record := range found {
			if record.Result == nil {
				erased.Live = append(erased.Live, record.ID)
				continue
			}
			emptied, err := tx.erase(ctx, record.ID)
			if err != nil {
				return err
			}
			if emptied {
				erased.Records++
			}
		}
		return nil
	})
	return erased, err
}

// erase empties one record that has concluded.
func (t transaction) erase(ctx context.Context, id enroll.RecordID) (bool, error) {
	record, err := t.change(ctx, `UPDATE records SET subject = NULL, refs = NULL, result = NULL, resolution = NULL
		WHERE id = $1 AND (subject IS NOT NULL OR refs IS NOT NULL OR result IS NOT NULL OR resolution IS NOT NULL)`, id)
	if err != nil {
		return false, err
	}
	answers, err := t.change(ctx, "UPDATE steps SET answer = NULL WHERE record = $1 AND answer IS NOT NULL", id)
	if err != nil || !record && !answers {
		return false, err
	}
	return true, t.audit(ctx, id, whatErased, "")
}

// Sweep deletes the records of journeys that began before the given time, with
// their steps and their audit trails, and returns how many. Unknown outcomes
// stay until somebody has resolved them. From then on the idempotency keys of
// the deleted records are forgotten, so the time must lie further back than any
// journey lasts and any caller repeats a start.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int, error) {
	swept := 0
	for {
		deleted := 0
		err := s.write(ctx, "sweep", func(tx transaction) (err error) {
			deleted, err = tx.sweep(ctx, before)
			return err
		})
		swept += deleted
		if err != nil || deleted < sweepBatch {
			return swept, err
		}
	}
}

// sweep deletes one batch of records.
func (t transaction) sweep(ctx context.Context, before time.Time) (int, error) {
	if t.dialect.alone != "" { // Two sweeps would choose the same records.
		if _, err := t.ExecContext(ctx, t.dialect.alone); err != nil {
			return 0, err
		}
	}
	chosen, err := t.ExecContext(ctx, `INSERT INTO sweeping (record) SELECT id FROM records
		WHERE began_at < $1 AND NOT (outcome = 'unknown' AND resolved_outcome = '') ORDER BY began_at LIMIT $2`, stamp(before), sweepBatch)
	if err != nil {
		return 0, err
	}
	count, err := chosen.RowsAffected()
	if err != nil || count == 0 {
		return 0, err
	}
	for _, statement := range []string{
		"DELETE FROM audit WHERE record IN (SELECT record FROM sweeping)",
		"DELETE FROM steps WHERE record IN (SELECT record FROM sweeping)",
		"DELETE FROM records WHERE id IN (SELECT record FROM sweeping)",
		"DELETE FROM sweeping",
	} {
		if _, err := t.ExecContext(ctx, statement); err != nil {
			return 0, err
		}
	}
	detail := fmt.Sprintf("%d records of journeys begun before %s", count, before.UTC().Format(time.RFC3339))
	return int(count), t.audit(ctx, "", whatSwept, detail)
}
