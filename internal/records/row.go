package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/reveal"
)

const (
	columns = `id, journey, provider, workflow_id, run_id, subject_hash, digest, subject, refs, began_at,
		outcome, reason, provider_code, can_retry, concluded_at, result, resolved_outcome, resolved_at, resolution, grounds, emptied_at,
		reference, first_run`
	selectRecord = "SELECT " + columns + " FROM records WHERE id = $1"
)

// row is a record as it is stored.
type row struct {
	enroll.Private

	record                                                     enroll.Record
	subject, references, result, resolving, grounds, reference []byte
	beganAt, concludedAt, resolvedAt, emptiedAt                int64
	verdict                                                    enroll.Verdict
	resolved                                                   enroll.Outcome
}

// scanner is one row of a query.
type scanner interface {
	Scan(into ...any) error
}

// scan reads a record from a row of the columns.
func (t transaction) scan(from scanner) (enroll.Record, error) {
	var r row
	if err := from.Scan(&r.record.ID, &r.record.Journey, &r.record.Provider, &r.record.WorkflowID, &r.record.RunID,
		&r.record.SubjectHash, &r.record.Digest, &r.subject, &r.references, &r.beganAt,
		&r.verdict.Outcome, &r.verdict.Reason, &r.verdict.ProviderCode, &r.verdict.CanRetry, &r.concludedAt, &r.result,
		&r.resolved, &r.resolvedAt, &r.resolving, &r.grounds, &r.emptiedAt,
		&r.reference, &r.record.FirstRun); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return enroll.Record{}, ErrNotFound
		}
		return enroll.Record{}, err
	}
	if err := r.open(t.sealer); err != nil {
		return enroll.Record{}, fmt.Errorf("record %s: %w", r.record.ID, err)
	}
	return r.record, nil
}

// open decrypts what the row holds into the record.
func (r *row) open(s sealer) error {
	id := r.record.ID
	r.record.BeganAt, r.record.EmptiedAt = moment(r.beganAt), moment(r.emptiedAt)
	if r.record.FirstRun == "" { // Written by a program from before there was the column.
		r.record.FirstRun = r.record.RunID
	}
	var err error
	if r.record.Subject, err = s.openText(place{record: id, column: columnSubject}, r.subject); err != nil {
		return err
	}
	if r.record.Reference, err = s.openText(place{record: id, column: columnReference}, r.reference); err != nil {
		return err
	}
	if err := s.openJSON(place{record: id, column: columnReferences}, r.references, &r.record.References); err != nil {
		return err
	}
	if err := s.openJSON(place{record: id, column: columnGrounds}, r.grounds, &r.record.Grounds); err != nil {
		return err
	}
	if r.verdict.Outcome != "" {
		// An erased result leaves what the plain columns tell.
		r.record.Result = &enroll.Result{Journey: r.record.Journey, Verdict: r.verdict, ConcludedAt: moment(r.concludedAt)}
		if err := s.openJSON(place{record: id, column: columnResult}, r.result, r.record.Result); err != nil {
			return err
		}
	}
	if r.resolved != "" {
		r.record.Resolution = &enroll.Resolution{Outcome: r.resolved, At: moment(r.resolvedAt)}
		return s.openJSON(place{record: id, column: columnResolution}, r.resolving, r.record.Resolution)
	}
	return nil
}

// locked returns a record without its steps and keeps other writers away from
// it until the transaction ends.
func (t transaction) locked(ctx context.Context, id enroll.RecordID) (enroll.Record, error) {
	return t.scan(t.QueryRowContext(ctx, t.dialect.lock, id))
}

// sealText encrypts a text that may be empty; the empty one is stored as
// nothing.
func (s sealer) sealText(at place, text enroll.Secret) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	return s.seal(at, []byte(text.Reveal()))
}

// openText decrypts what sealText returned.
func (s sealer) openText(at place, sealed []byte) (enroll.Secret, error) {
	if sealed == nil {
		return "", nil
	}
	plain, err := s.open(at, sealed)
	return enroll.Secret(plain), err
}

// sealJSON encrypts a value for its place.
func (s sealer) sealJSON(at place, value any) ([]byte, error) {
	plain, err := reveal.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at.column, err)
	}
	return s.seal(at, plain)
}

// openJSON decrypts what sealJSON returned; nothing stored changes nothing.
func (s sealer) openJSON(at place, sealed []byte, into any) error {
	if sealed == nil {
		return nil
	}
	plain, err := s.open(at, sealed)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, into); err != nil {
		// The decoder's own text could repeat what is confidential.
		return fmt.Errorf("%s: %w", at.column, ErrDamaged)
	}
	return nil
}
