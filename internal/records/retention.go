package records

import (
	"context"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// sweepBatch is how many rows a sweep changes in one transaction.
const sweepBatch = 100

// EmptyBefore empties records of everything personal, as Erase does: those of
// journeys that concluded before the given time, and those without an outcome
// that began so long before it that their journey cannot be under way any more.
// It returns how many. Unknown outcomes stay whole until somebody has resolved
// them: who does so has to know what to ask the provider.
func (s *Store) EmptyBefore(ctx context.Context, before time.Time) (int, error) {
	return s.inBatches(ctx, "empty", func(tx transaction) (int, error) {
		due, err := tx.names(ctx, `SELECT id FROM records WHERE emptied_at = 0
			AND (outcome <> '' AND concluded_at < $1 OR outcome = '' AND began_at < $2)
			AND NOT (outcome = 'unknown' AND resolved_outcome = '') ORDER BY began_at LIMIT $3`,
			stamp(before), stamp(before.Add(-enroll.LongestJourney)), sweepBatch)
		if err != nil {
			return 0, err
		}
		for _, id := range due {
			if _, err := tx.empty(ctx, id, "kept long enough"); err != nil {
				return 0, err
			}
		}
		return len(due), nil
	})
}

// Sweep deletes the records of journeys that began before the given time, with
// their steps and their audit trails, and returns how many. Unknown outcomes
// stay until somebody has resolved them. From then on the idempotency keys of
// the deleted records are forgotten, so the time must lie further back than any
// journey lasts and any caller repeats a start.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int, error) {
	return s.inBatches(ctx, "sweep", func(tx transaction) (int, error) { return tx.sweep(ctx, before) })
}

// SweepErasures deletes the erasures that concluded before the given time, with
// their statements, and returns how many.
func (s *Store) SweepErasures(ctx context.Context, before time.Time) (int, error) {
	swept := 0
	err := s.write(ctx, "sweep erasures", func(tx transaction) error {
		deleted, err := tx.ExecContext(ctx, "DELETE FROM erasures WHERE concluded_at > 0 AND concluded_at < $1", stamp(before))
		if err != nil {
			return err
		}
		count, err := deleted.RowsAffected()
		if err != nil || count == 0 {
			return err
		}
		swept = int(count)
		return tx.audit(ctx, "", whatSwept, fmt.Sprintf("%d erasures concluded before %s", count, before.UTC().Format(time.RFC3339)))
	})
	if err != nil {
		return 0, err
	}
	return swept, s.forget(ctx, "sweep erasures", swept)
}

// inBatches repeats a transaction that changes up to sweepBatch rows while there
// are more, and returns how many it changed.
func (s *Store) inBatches(ctx context.Context, op string, change func(transaction) (int, error)) (int, error) {
	all := 0
	for {
		changed := 0
		err := s.write(ctx, op, func(tx transaction) (err error) {
			if tx.dialect.alone != "" { // Two sweeps would choose the same records.
				if _, err := tx.ExecContext(ctx, tx.dialect.alone); err != nil {
					return err
				}
			}
			changed, err = change(tx)
			return err
		})
		if err != nil {
			return all, err
		}
		if all += changed; changed < sweepBatch {
			return all, s.forget(ctx, op, all)
		}
	}
}

// forget takes deleted bytes out of the database's log, if anything changed.
func (s *Store) forget(ctx context.Context, op string, changed int) error {
	if changed == 0 || s.dialect.forget == "" {
		return nil
	}
	if _, err := s.db.ExecContext(ctx, s.dialect.forget); err != nil {
		return fmt.Errorf("records: %s: take deleted bytes out of the log: %w", op, err)
	}
	return nil
}

// sweep deletes one batch of records.
func (t transaction) sweep(ctx context.Context, before time.Time) (int, error) {
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
