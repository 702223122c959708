package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bioenroll/bioenroll/enroll"
)

// Standing is what has to be known before a journey is started.
type Standing struct {
	// Record is the journey's record, without its steps, when its idempotency
	// key was used before; otherwise it is nil.
	Record *enroll.Record
	// Hold is that of the provider, if there is one. It is not looked for when
	// there is a record.
	Hold *Hold
}

// Standing returns what has to be known before a journey is started. It is on
// the way of every start, so it is one indexed read for a key that was used
// before and two for a new one, outside of any transaction.
func (s *Store) Standing(ctx context.Context, id enroll.RecordID, provider enroll.Provider) (Standing, error) {
	outside := transaction{sealer: s.sealer}
	record, err := outside.scan(s.db.QueryRowContext(ctx, selectRecord, id))
	switch {
	case err == nil:
		return Standing{Record: &record}, nil
	case !errors.Is(err, ErrNotFound):
		return Standing{}, fmt.Errorf("records: standing: %w", err)
	}
	hold, err := outside.scanHold(s.db.QueryRowContext(ctx, selectHolds+" WHERE provider = $1", provider))
	if errors.Is(err, sql.ErrNoRows) {
		return Standing{}, nil
	}
	if err != nil {
		return Standing{}, fmt.Errorf("records: standing: %w", err)
	}
	return Standing{Hold: &hold}, nil
}
