package records

import (
	"context"
	"slices"

	"github.com/bioenroll/bioenroll/enroll"
)

// lateCapture names what a person completed after the journey had ended.
const lateCapture = "late capture"

// Watched tells in the audit trail what a watch found, and adds to the recorded
// result what became of a capture that was completed after the journey's end.
// Receivers are told.
// Repeated, it changes nothing; neither does it when another run's outcome
// counts.
func (s *Store) Watched(ctx context.Context, id enroll.RecordID, found enroll.Watched) error {
	return s.write(ctx, "record what the watch found", func(tx transaction) error {
		record, err := tx.locked(ctx, id)
		if err != nil {
			return err
		}
		if record.Result == nil || !record.EmptiedAt.IsZero() || record.Result.RunID != found.EndedRun {
			return nil
		}
		trail, err := tx.trail(ctx, id)
		if err != nil || slices.ContainsFunc(trail, func(e enroll.AuditEntry) bool { return e.What == whatWatched }) {
			return err
		}
		if found.Completed {
			added := *record.Result
			added.CleanUp = append(slices.Clone(added.CleanUp), enroll.CleanUp{What: lateCapture, Done: found.Removed, Reason: found.Reason})
			sealed, err := tx.sealer.sealJSON(place{record: id, column: columnResult}, added)
			if err != nil {
				return err
			}
			if _, err := tx.change(ctx, "UPDATE records SET result = $2 WHERE id = $1", id, sealed); err != nil {
				return err
			}
		}
		late := &enroll.FoundLate{Completed: found.Completed, Removed: found.Removed, Kept: found.Kept, Reason: found.Reason}
		if err := tx.tellMore(ctx, enroll.EventWatched, record, late); err != nil {
			return err
		}
		return tx.audit(ctx, id, whatWatched, seen(found))
	})
}

// seen tells in a few words what a watch found.
func seen(found enroll.Watched) string {
	switch {
	case found.Removed:
		return "completed after all, and removed"
	case found.Kept != "":
		return "completed after all, and kept: " + string(found.Kept)
	case found.Completed:
		return "completed after all, and not removed: " + string(found.Reason)
	case found.Reason != "":
		return "no answer: " + string(found.Reason)
	default:
		return "not completed"
	}
}
