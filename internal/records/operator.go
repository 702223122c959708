package records

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
)

// action is what Act accepts as the name of an action, because it is stored in
// clear.
var action = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)

// refuse returns an *enroll.InputError when anything is wrong.
func refuse(journey enroll.Journey, wrong []enroll.FieldError) error {
	if len(wrong) == 0 {
		return nil
	}
	return &enroll.InputError{Journey: journey, Fields: wrong}
}

// Resolve settles an unknown outcome: it records what an operator learned from
// the provider by other means. The recorded outcome stays unknown, and the
// resolution stands beside it. Receivers are told. Repeated with the same outcome
// by the same operator it changes nothing.
//
// The error is ErrNotFound, ErrNotUnknown when there is nothing to settle,
// ErrResolved when it was settled otherwise, or an *enroll.InputError that says
// which outcomes the journey can have had and what is missing. A zero time
// means now.
func (s *Store) Resolve(ctx context.Context, id enroll.RecordID, r enroll.Resolution) error {
	return s.write(ctx, "resolve", func(tx transaction) error {
		record, err := tx.locked(ctx, id)
		if err != nil {
			return err
		}
		if err := settles(record, r); err != nil {
			return err
		}
		if record.Resolution != nil {
			if record.Resolution.Outcome == r.Outcome && record.Resolution.Who == r.Who {
				return nil
			}
			return fmt.Errorf("record %s: %w, as %s", id, ErrResolved, record.Resolution.Outcome)
		}
		return tx.resolve(ctx, record, r)
	})
}

// settles checks that a resolution fits the record.
func settles(record enroll.Record, r enroll.Resolution) error {
	wrong := enroll.CheckReason(r.Who, r.Why)
	if allowed := record.Journey.Resolutions(); !slices.Contains(allowed, r.Outcome) {
		names := make([]string, len(allowed))
		for i, outcome := range allowed {
			names[i] = string(outcome)
		}
		wrong = append(wrong, enroll.FieldError{Field: "outcome", Given: strconv.Quote(string(r.Outcome)), Allowed: strings.Join(names, ", ")})
	}
	if len(wrong) > 0 { // What settles nothing is told first, whatever there is to settle.
		return refuse(record.Journey, wrong)
	}
	if record.Result == nil || record.Result.Outcome != enroll.Unknown {
		return fmt.Errorf("record %s: %w", record.ID, ErrNotUnknown)
	}
	return nil
}

// resolve writes the resolution of a record that is locked.
func (t transaction) resolve(ctx context.Context, record enroll.Record, r enroll.Resolution) error {
	id := record.ID
	if r.At.IsZero() {
		r.At = t.now
	}
	sealed, err := t.sealer.sealJSON(place{record: id, column: columnResolution}, r)
	if err != nil {
		return err
	}
	if _, err := t.change(ctx, "UPDATE records SET resolved_outcome = $2, resolved_at = $3, resolution = $4, emptied_at = 0 WHERE id = $1",
		id, r.Outcome, stamp(r.At), sealed); err != nil {
		return err
	}
	record.Resolution = &r
	if err := t.tellMore(ctx, enroll.EventResolved, record, nil); err != nil {
		return err
	}
	// The reason stays out of the trail: it may tell of the person, and the
	// record can be erased.
	return t.append(ctx, enroll.AuditEntry{Record: id, At: t.now, What: whatResolved, Who: r.Who, Detail: string(r.Outcome)})
}

// Act appends what an operator did, such as canceled or revealed, to the audit
// trail of a record, or of none. Who and Detail, which says why, are required
// and bounded; What is one word in small letters that the trail does not use
// itself. Seq and At are the store's own. The error is ErrNotFound or an
// *enroll.InputError.
func (s *Store) Act(ctx context.Context, e enroll.AuditEntry) error {
	return s.write(ctx, "act", func(tx transaction) error {
		var journey enroll.Journey
		if e.Record != "" {
			record, err := tx.locked(ctx, e.Record)
			if err != nil {
				return err
			}
			journey = record.Journey
		}
		return tx.act(ctx, journey, e, e.Detail)
	})
}

// ActUnrecorded is Act for a journey that has no record: the general trail names
// it before the reason.
func (s *Store) ActUnrecorded(ctx context.Context, journeyID string, e enroll.AuditEntry) error {
	return s.write(ctx, "act", func(tx transaction) error {
		why := e.Detail
		e.Record, e.Detail = "", journeyID+": "+why
		return tx.act(ctx, "", e, why)
	})
}

// act appends what an operator did for a reason that is acceptable.
func (t transaction) act(ctx context.Context, journey enroll.Journey, e enroll.AuditEntry, why string) error {
	wrong := enroll.CheckReason(e.Who, why)
	if !action.MatchString(e.What) || slices.Contains(ownWords(), e.What) {
		wrong = append(wrong, enroll.FieldError{
			Field: "what", Given: fmt.Sprintf("%.60q", e.What),
			Allowed: "up to 40 small letters and underscores, and none of " + strings.Join(ownWords(), ", "),
		})
	}
	if err := refuse(journey, wrong); err != nil {
		return err
	}
	e.At = t.now
	return t.append(ctx, e)
}
