package records

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// What the audit trail tells of the orchestrator's own doing.
const (
	whatBegan     = "began"
	whatReset     = "reset"
	whatClaimed   = "claimed"
	whatAnswered  = "answered"
	whatReleased  = "released"
	whatLost      = "lost"
	whatConcluded = "concluded"
	whatCleanedUp = "cleaned_up"
	whatWatched   = "watched"
	whatResolved  = "resolved"
	whatHeld      = "held"
	whatUnheld    = "unheld"
	whatErased    = "erased"
	whatSwept     = "swept"
	whatResealed  = "resealed"

	whatErasureBegan     = "erasure_began"
	whatErasureConcluded = "erasure_concluded"

	whatReceiverAdded   = "receiver_added"
	whatReceiverRemoved = "receiver_removed"
	whatReceiverSecret  = "receiver_secret"
	whatReceiverGone    = "receiver_gone"
	whatReceiverResumed = "receiver_resumed"
	whatRedelivered     = "redelivered"
)

// ownWords lists what only the store itself says happened.
func ownWords() []string {
	return []string{
		whatBegan, whatReset, whatClaimed, whatAnswered, whatReleased, whatLost, whatConcluded, whatCleanedUp, whatWatched,
		whatResolved, whatHeld, whatUnheld, whatErased, whatSwept, whatResealed, whatErasureBegan, whatErasureConcluded,
		whatReceiverAdded, whatReceiverRemoved, whatReceiverSecret, whatReceiverGone, whatReceiverResumed, whatRedelivered,
	}
}

// entry is the encrypted part of an audit entry.
type entry struct {
	Who    string `json:"who,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// auditPlace binds an audit entry to its record, time and name: an entry that
// was altered or moved to another record does not open.
func auditPlace(id enroll.RecordID, at int64, what string) place {
	return place{record: id, column: columnAudit, part: fmt.Sprintf("%d %s", at, what)}
}

// audit appends what the orchestrator did to a record.
func (t transaction) audit(ctx context.Context, id enroll.RecordID, what, detail string) error {
	return t.append(ctx, enroll.AuditEntry{Record: id, At: t.now, What: what, Detail: detail})
}

// append adds an entry to the audit trail.
func (t transaction) append(ctx context.Context, e enroll.AuditEntry) error {
	at := stamp(e.At)
	sealed, err := t.sealer.sealJSON(auditPlace(e.Record, at, e.What), entry{Who: e.Who, Detail: e.Detail})
	if err != nil {
		return err
	}
	record := sql.NullString{String: string(e.Record), Valid: e.Record != ""}
	if _, err := t.change(ctx, "INSERT INTO audit (record, at, what, entry) VALUES ($1, $2, $3, $4)", record, at, e.What, sealed); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// Audit returns the audit trail of a record, oldest entry first. With an empty
// ID it returns what concerns no single journey, such as holds.
func (s *Store) Audit(ctx context.Context, id enroll.RecordID) ([]enroll.AuditEntry, error) {
	var entries []enroll.AuditEntry
	err := s.read(ctx, "audit", func(tx transaction) (err error) {
		entries, err = tx.trail(ctx, id)
		if err == nil && len(entries) == 0 && id != "" {
			return ErrNotFound // Every record's trail tells that it began.
		}
		return err
	})
	return entries, err
}

// trail returns the audit entries of a record, or those of none.
func (t transaction) trail(ctx context.Context, id enroll.RecordID) ([]enroll.AuditEntry, error) {
	query, arguments := "SELECT seq, at, what, entry FROM audit WHERE record = $1 ORDER BY seq", []any{id}
	if id == "" {
		query, arguments = "SELECT seq, at, what, entry FROM audit WHERE record IS NULL ORDER BY seq", nil
	}
	rows, err := t.QueryContext(ctx, query, arguments...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var entries []enroll.AuditEntry
	for rows.Next() {
		found := enroll.AuditEntry{Record: id}
		var at int64
		var sealed []byte
		if err := rows.Scan(&found.Seq, &at, &found.What, &sealed); err != nil {
			return nil, err
		}
		var opened entry
		if err := t.sealer.openJSON(auditPlace(id, at, found.What), sealed, &opened); err != nil {
			return nil, fmt.Errorf("audit entry %d: %w", found.Seq, err)
		}
		found.At, found.Who, found.Detail = time.UnixMicro(at).UTC(), opened.Who, opened.Detail
		entries = append(entries, found)
	}
	return entries, rows.Err()
}
