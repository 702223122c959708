package records

import (
	"context"

	"github.com/bioenroll/bioenroll/enroll"
)

// Export is everything that is kept of one subject at one provider. As JSON it
// carries everything in clear, tokens of long ago included: hand it out with
// care.
type Export struct {
	Provider    enroll.Provider `json:"provider"`
	SubjectHash string          `json:"subject_hash"`
	// Records are the subject's journeys, the oldest first.
	Records []ExportedRecord `json:"records"`
}

// ExportedRecord is one journey of an export.
type ExportedRecord struct {
	enroll.Record

	// Audit is the record's audit trail, the oldest entry first.
	Audit []enroll.AuditEntry `json:"audit"`
}

// Export returns everything that is kept of a subject at a provider: records,
// steps and audit trail. A subject that is not known has no records, which is
// an answer and no error.
func (s *Store) Export(ctx context.Context, provider enroll.Provider, subjectHash string) (Export, error) {
	export := Export{Provider: provider, SubjectHash: subjectHash, Records: []ExportedRecord{}}
	err := s.read(ctx, "export", func(tx transaction) error {
		found, err := tx.find(ctx, " WHERE provider = $1 AND subject_hash = $2 ORDER BY began_at, id", []any{provider, subjectHash})
		if err != nil {
			return err
		}
		for _, record := range found {
			exported := ExportedRecord{Record: record}
			if exported.Steps, err = tx.steps(ctx, record.ID); err != nil {
				return err
			}
			if exported.Audit, err = tx.trail(ctx, record.ID); err != nil {
				return err
			}
			export.Records = append(export.Records, exported)
		}
		return nil
	})
	return export, err
}
