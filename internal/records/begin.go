package records

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Opening is what is known of a journey when it begins. Repeated openings of
// one journey are equal but for RunID, which a workflow reset changes, and At.
type Opening struct {
	Record     enroll.RecordID
	Journey    enroll.Journey
	WorkflowID string
	RunID      string
	// SubjectHash is the keyed hash of the subject at the provider.
	SubjectHash string
	// Digest is the keyed digest of the request.
	Digest string
	// Subject is the provider's own name of the person; it is encrypted.
	Subject enroll.Secret
	// Grounds are what the journey relies on; they are encrypted, and kept when
	// the record is emptied.
	Grounds enroll.Grounds
	// Reference is what the caller calls the journey, or nothing; it is
	// encrypted, and a keyed hash finds it.
	Reference enroll.Secret
	// At is when the journey began, to the microsecond.
	At time.Time
}

// check refuses an opening that would make a record nobody finds again.
func (o Opening) check() (enroll.Spec, error) {
	if o.Record == "" || o.WorkflowID == "" || o.RunID == "" || o.SubjectHash == "" || o.Digest == "" || o.At.IsZero() {
		return enroll.Spec{}, errors.New("an opening needs a record, a workflow ID, a run ID, a subject hash, a digest and a time")
	}
	return o.Journey.Spec()
}

// Begin makes the journey's record, or returns the one that is there, without
// its steps. A record whose Result is set has concluded: that is the journey's
// outcome, whatever the run. An opening by another run is a workflow reset and
// is noted. ErrOtherRequest says that the record belongs to another request, and
// ErrErasing that the subject is being erased, so that no journey may begin.
func (s *Store) Begin(ctx context.Context, o Opening) (enroll.Record, error) {
	var record enroll.Record
	err := s.write(ctx, "begin", func(tx transaction) (err error) {
		record, err = tx.open(ctx, o)
		return err
	})
	if err != nil {
		return enroll.Record{}, err
	}
	return record, nil
}

// open makes the record of a journey that is about to make its first call, or
// finds it.
func (t transaction) open(ctx context.Context, o Opening) (enroll.Record, error) {
	record, created, err := t.begin(ctx, o)
	if err != nil || !created {
		return record, err
	}
	// Asked after the row was written: BeginErasure waits for rows being written,
	// so either it finds this record or this finds the erasure.
	erasure, err := t.erasing(ctx, record.Provider, record.SubjectHash)
	if err == nil && erasure != "" {
		err = fmt.Errorf("record %s: erasure %s: %w", o.Record, erasure, ErrErasing)
	}
	return record, err
}

// begin makes the record of a journey, and reports that it did, or finds it.
func (t transaction) begin(ctx context.Context, o Opening) (record enroll.Record, created bool, err error) {
	if created, err = t.create(ctx, o); err != nil {
		return enroll.Record{}, false, err
	}
	if record, err = t.locked(ctx, o.Record); err != nil {
		return enroll.Record{}, false, err
	}
	if record.Digest != o.Digest {
		return enroll.Record{}, false, fmt.Errorf("record %s: %w", o.Record, ErrOtherRequest)
	}
	return record, created, t.follow(ctx, &record, o.RunID)
}

// create writes the record of an opening unless there is one.
func (t transaction) create(ctx context.Context, o Opening) (bool, error) {
	spec, err := o.check()
	if err != nil {
		return false, err
	}
	subject, err := t.sealer.sealText(place{record: o.Record, column: columnSubject}, o.Subject)
	if err != nil {
		return false, err
	}
	reference, err := t.sealer.sealText(place{record: o.Record, column: columnReference}, o.Reference)
	if err != nil {
		return false, err
	}
	var grounds []byte
	if o.Grounds != (enroll.Grounds{}) {
		if grounds, err = t.sealer.sealJSON(place{record: o.Record, column: columnGrounds}, o.Grounds); err != nil {
			return false, err
		}
	}
	created, err := t.change(ctx, `INSERT INTO records (id, journey, provider, workflow_id, run_id, first_run, subject_hash, digest, subject, grounds,
		reference, reference_hash, began_at) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING`,
		o.Record, o.Journey, spec.Provider, o.WorkflowID, o.RunID, o.SubjectHash, o.Digest, subject, grounds,
		reference, t.sealer.hashOf(o.Reference), stamp(o.At))
	if err != nil || !created {
		return false, err
	}
	return true, t.audit(ctx, o.Record, whatBegan, "run "+o.RunID)
}

// follow notes that another run of the journey has taken over.
func (t transaction) follow(ctx context.Context, record *enroll.Record, runID string) error {
	if record.RunID == runID {
		return nil
	}
	if _, err := t.change(ctx, "UPDATE records SET run_id = $2 WHERE id = $1", record.ID, runID); err != nil {
		return err
	}
	detail := fmt.Sprintf("run %s took over from %s", runID, record.RunID)
	record.RunID = runID
	return t.audit(ctx, record.ID, whatReset, detail)
}
