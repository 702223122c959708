package records

import (
	"context"
	"fmt"

	"github.com/bioenroll/bioenroll/enroll"
)

// Get returns a record with its steps.
func (s *Store) Get(ctx context.Context, id enroll.RecordID) (enroll.Record, error) {
	var record enroll.Record
	err := s.read(ctx, "get", func(tx transaction) (err error) {
		record, err = tx.get(ctx, id)
		return err
	})
	return record, err
}

// get returns a record with its steps.
func (t transaction) get(ctx context.Context, id enroll.RecordID) (enroll.Record, error) {
	record, err := t.scan(t.QueryRowContext(ctx, selectRecord, id))
	if err != nil {
		return enroll.Record{}, err
	}
	record.Steps, err = t.steps(ctx, id)
	return record, err
}

// steps returns the calls of a record in the order of their claims.
func (t transaction) steps(ctx context.Context, id enroll.RecordID) ([]enroll.RecordStep, error) {
	rows, err := t.QueryContext(ctx, `SELECT name, ordinal, state, claimed_at, answered_at FROM steps
		WHERE record = $1 ORDER BY claimed_at, name, ordinal`, id)
	if err != nil {
		return nil, fmt.Errorf("steps: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var steps []enroll.RecordStep
	for rows.Next() {
		var step enroll.RecordStep
		var claimedAt, answeredAt int64
		if err := rows.Scan(&step.Name, &step.Ordinal, &step.State, &claimedAt, &answeredAt); err != nil {
			return nil, fmt.Errorf("steps: %w", err)
		}
		step.ClaimedAt, step.AnsweredAt = moment(claimedAt), moment(answeredAt)
		steps = append(steps, step)
	}
	return steps, rows.Err()
}
