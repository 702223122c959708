package records

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Woken receives when this process wrote an outcome event, or made deliveries
// due again: there may be something to claim. What other processes write it does
// not tell, so whoever waits for it also looks from time to time.
func (s *Store) Woken() <-chan struct{} { return s.woken }

// wake tells whoever waits for Woken; one who is told already is not told twice.
func (s *Store) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// eventID names the event of a type that a record has. It follows from both, so
// an event that is written again, by whatever mishap, is the same.
func eventID(record enroll.RecordID, kind enroll.EventType) enroll.EventID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s", record, kind))
	return enroll.EventID("evt_" + hex.EncodeToString(sum[:16]))
}

// tellConcluded writes the first event of a record that is locked.
func (t transaction) tellConcluded(ctx context.Context, record enroll.Record, result enroll.Result) error {
	record.Result = &result
	return t.tell(ctx, enroll.EventConcluded, record, t.eventData(record, 1))
}

// tellMore writes a later event of a record that is locked and has an outcome.
func (t transaction) tellMore(ctx context.Context, kind enroll.EventType, record enroll.Record, found *enroll.FoundLate) error {
	var sequence int
	// A record from before there were events has none of its conclusion.
	if err := t.QueryRowContext(ctx, "SELECT COALESCE(MAX(sequence), 0) + 1 FROM events WHERE record = $1", record.ID).Scan(&sequence); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	data := t.eventData(record, sequence)
	data.Found = found
	return t.tell(ctx, kind, record, data)
}

// eventData is what a record tells whoever may know nothing personal.
func (t transaction) eventData(record enroll.Record, sequence int) enroll.OutcomeData {
	data := enroll.OutcomeData{
		ID:      enroll.JourneyID(record.WorkflowID, record.FirstRun),
		Journey: record.Journey, Provider: record.Provider, Sequence: sequence,
		Outcome: record.Result.Outcome, Reason: record.Result.Reason, ProviderCode: plain(record.Result.ProviderCode),
		CanRetry: record.Result.CanRetry, ConcludedAt: record.Result.ConcludedAt,
	}
	if record.Resolution != nil {
		data.Resolution = &enroll.ResolvedOutcome{Outcome: record.Resolution.Outcome, At: record.Resolution.At}
	}
	return data
}

// tell writes an event and, by the schema's trigger, a delivery of it for every
// receiver: what is recorded is told, and in one statement.
func (t transaction) tell(ctx context.Context, kind enroll.EventType, record enroll.Record, data enroll.OutcomeData) error {
	at := t.now.UTC().Truncate(time.Microsecond)
	body, err := json.Marshal(enroll.OutcomeEvent{Type: kind, Timestamp: at, Data: data})
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	if _, err := t.change(ctx, "INSERT INTO events (id, record, sequence, type, at, body) VALUES ($1, $2, $3, $4, $5, $6)",
		eventID(record.ID, kind), record.ID, data.Sequence, kind, stamp(at), string(body)); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	*t.due = true
	return nil
}
