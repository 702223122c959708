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
	// Hold is that of the provider, if there is one, and Erasure the ID of the
	// one that is under way for the subject. They are not looked for when there
	// is a record.
	Hold    *Hold
	Erasure string
}

// selectObstacles asks for both at once.
const selectObstacles = `SELECT holds.provider, holds.at, holds.hold, erasing.erasure FROM (SELECT 1 AS always) AS one
	LEFT JOIN holds ON holds.provider = $1
	LEFT JOIN erasing ON erasing.provider = $1 AND erasing.subject_hash = $2 ORDER BY erasing.erasure LIMIT 1`

// Standing returns what has to be known before a journey of the subject is
// started. It is on the way of every start, so it is one indexed read for a key
// that was used before and two for a new one, outside of any transaction.
func (s *Store) Standing(ctx context.Context, id enroll.RecordID, provider enroll.Provider, subjectHash string) (Standing, error) {
	outside := transaction{sealer: s.sealer}
	record, err := outside.scan(s.db.QueryRowContext(ctx, selectRecord, id))
	if err == nil {
		return Standing{Record: &record}, nil
	}
	var standing Standing
	if errors.Is(err, ErrNotFound) {
		standing, err = outside.obstacles(s.db.QueryRowContext(ctx, selectObstacles, provider, subjectHash))
	}
	if err != nil {
		return Standing{}, fmt.Errorf("records: standing: %w", err)
	}
	return standing, nil
}

// obstacles reads the row of selectObstacles.
func (t transaction) obstacles(from scanner) (Standing, error) {
	var provider, erasure sql.NullString
	var at sql.NullInt64
	var sealed []byte
	if err := from.Scan(&provider, &at, &sealed, &erasure); err != nil {
		return Standing{}, err
	}
	standing := Standing{Erasure: erasure.String}
	if !provider.Valid {
		return standing, nil
	}
	hold, err := t.openHold(enroll.Provider(provider.String), at.Int64, sealed)
	standing.Hold = &hold
	return standing, err
}
