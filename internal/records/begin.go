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
// is noted. ErrOtherRequest says that the record belongs to another request.
func (s *Store) Begin(ctx context.Context, o Opening) (enroll.Record, error) {
	var record enroll.Record
	err := s.write(ctx, "begin", func(tx transaction) (err error) {
		record, err = tx.begin(ctx, o)
		return err
	})
	if err != nil {
		return enroll.Record{}, err
	}
	return record, nil
}

func (t transaction) begin(ctx context.Context, o Opening) (enroll.Record, error) {
	spec, err := o.check()
	if err != nil {
		return enroll.Record{}, err
	}
	subject, err := t.sealText(place{record: o.Record, column: columnSubject}, o.Subject)
	if err != nil {
		return enroll.Record{}, err
	}
	created, err := t.change(ctx, `INSERT INTO records (id, journey, provider, workflow_id, run_id, subject_hash, digest, subject, began_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
		o.Record, o.Journey, spec.Provider, o.WorkflowID, o.RunID, o.SubjectHash, o.Digest, subject, stamp(o.At))
	if err != nil {
		return enroll.Record{}, err
	}
	if created {
		if err := t.audit(ctx, o.Record, whatBegan, "run "+o.RunID); err != nil {
			return enroll.Record{}, err
		}
	}
	record, err := t.locked(ctx, o.Record)
	if err != nil {
		return enroll.Record{}, err
	}
	if record.Digest != o.Digest {
		return enroll.Record{}, fmt.Errorf("record %s: %w", o.Record, ErrOtherRequest)
	}
	return record, t.follow(ctx, &record, o.RunID)
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
