package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Claim names one call that may be made only once, and who is about to make
// it.
type Claim struct {
	Record enroll.RecordID
	// Step is the step's activity name.
	Step string
	// Ordinal tells calls of one step apart: 1 is the first.
	Ordinal int
	// RunID and At tell claimants apart: who claims again, such as a repeated
	// activity, gives the time of its own attempt, to the microsecond.
	RunID string
	At    time.Time
}

// String names the call.
func (c Claim) String() string { return fmt.Sprintf("%s %d", c.Step, c.Ordinal) }

func (c Claim) check() error {
	if c.Record == "" || c.Step == "" || c.Ordinal < 1 || c.RunID == "" || c.At.IsZero() {
		return errors.New("a claim needs a record, a step, an ordinal from 1, a run ID and a time")
	}
	return nil
}

// place is where the answer of the call is kept.
func (c Claim) place() place {
	return place{record: c.Record, column: columnAnswer, part: c.String()}
}

// ClaimState is what a claimant may do.
type ClaimState string

// What a claimant may do.
const (
	// Fresh: nobody made the call. The claimant, and nobody else, makes it.
	Fresh ClaimState = "fresh"
	// InDoubt: somebody was about to make the call and no answer is known. The
	// provider may have acted. Never make the call again blindly.
	InDoubt ClaimState = "in_doubt"
	// Answered: the call was answered, and the answer is given again.
	Answered ClaimState = "answered"
	// Concluded: the journey has its outcome, so no call is wanted any more.
	// The record's Result is that outcome.
	Concluded ClaimState = "concluded"
)

// Claimed is what became of a claim.
type Claimed struct {
	State ClaimState
	// Answer is the stored answer when State is Answered.
	Answer []byte
	// Record is the journey's record, without its steps.
	Record enroll.Record
}

// Claim fences a call: of all who claim the same step and ordinal of a record,
// also in different processes and runs, exactly one is told Fresh. The record
// must have begun; otherwise the error is ErrNotFound. When Claim fails, make no
// call.
func (s *Store) Claim(ctx context.Context, c Claim) (Claimed, error) {
	var claimed Claimed
	err := s.write(ctx, "claim", func(tx transaction) error {
		record, err := tx.locked(ctx, c.Record)
		if err != nil {
			return err
		}
		if err := tx.follow(ctx, &record, c.RunID); err != nil {
			return err
		}
		claimed, err = tx.claim(ctx, c, record)
		return err
	})
	return s.settled(ctx, c, claimed, err)
}

// BeginAndClaim is Begin and Claim in one transaction, for the activity that
// opens the journey at the provider.
func (s *Store) BeginAndClaim(ctx context.Context, o Opening, c Claim) (Claimed, error) {
	var claimed Claimed
	err := s.write(ctx, "begin and claim", func(tx transaction) error {
		if c.Record != o.Record || c.RunID != o.RunID {
			return errors.New("opening and claim are of different journeys")
		}
		record, err := tx.open(ctx, o)
		if err != nil {
			return err
		}
		claimed, err = tx.claim(ctx, c, record)
		return err
	})
	return s.settled(ctx, c, claimed, err)
}

// undoLimit bounds taking back a claim that failed.
const undoLimit = 5 * time.Second

// settled returns what a claimant is told. A claim can fail after it took
// effect, when the connection breaks before the database's answer. It is then
// taken back, if that is possible: otherwise everybody would be told InDoubt of
// a call that nobody made.
func (s *Store) settled(ctx context.Context, c Claim, claimed Claimed, failed error) (Claimed, error) {
	if failed == nil {
		return claimed, nil
	}
	if claimed.State == Fresh {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
		defer cancel()
		// A transaction that did not take effect left nothing to release.
		if err := s.Release(ctx, c, "the claim failed"); err != nil && !errors.Is(err, ErrNotFound) {
			failed = errors.Join(failed, err)
		}
	}
	return Claimed{}, failed
}

// claim claims a call of a record that is locked.
func (t transaction) claim(ctx context.Context, c Claim, record enroll.Record) (Claimed, error) {
	if err := c.check(); err != nil {
		return Claimed{}, err
	}
	if record.Result != nil {
		return Claimed{State: Concluded, Record: record}, nil
	}
	fresh, err := t.change(ctx, `INSERT INTO steps (record, name, ordinal, state, run_id, claimed_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (record, name, ordinal) DO NOTHING`,
		c.Record, c.Step, c.Ordinal, enroll.StepClaimed, c.RunID, stamp(c.At))
	if err != nil {
		return Claimed{}, err
	}
	if fresh {
		return Claimed{State: Fresh, Record: record}, t.audit(ctx, c.Record, whatClaimed, c.String())
	}
	found, err := t.call(ctx, c)
	if err != nil {
		return Claimed{}, err
	}
	if found.state != enroll.StepAnswered || found.answer == nil { // An emptied record has no answers.
		return Claimed{State: InDoubt, Record: record}, nil
	}
	answer, err := t.sealer.open(c.place(), found.answer)
	if err != nil {
		return Claimed{}, fmt.Errorf("record %s: %s: %w", c.Record, c, err)
	}
	return Claimed{State: Answered, Answer: answer, Record: record}, nil
}

// call is a claimed call as it is stored.
type call struct {
	state     enroll.StepState
	runID     string
	claimedAt int64
	answer    []byte
}

// call returns the stored call of a claim.
func (t transaction) call(ctx context.Context, c Claim) (call, error) {
	var found call
	err := t.QueryRowContext(ctx, "SELECT state, run_id, claimed_at, answer FROM steps WHERE record = $1 AND name = $2 AND ordinal = $3",
		c.Record, c.Step, c.Ordinal).Scan(&found.state, &found.runID, &found.claimedAt, &found.answer)
	if errors.Is(err, sql.ErrNoRows) {
		return call{}, fmt.Errorf("record %s: %s: %w", c.Record, c, ErrNotClaimed)
	}
	return found, err
}

// Answer stores the provider's answer to a claimed call, encrypted, and adds
// the references that came with it to the record. Every later claimant is told
// Answered. The first answer stays: a second one changes nothing. A call that
// was lost may be answered when its answer was learned by other means. A record
// that was emptied stays so: the answer is dropped.
func (s *Store) Answer(ctx context.Context, c Claim, answer []byte, references map[string]enroll.Secret) error {
	return s.write(ctx, "answer", func(tx transaction) error {
		record, err := tx.locked(ctx, c.Record)
		if err != nil {
			return err
		}
		found, err := tx.call(ctx, c)
		if err != nil || found.state == enroll.StepAnswered {
			return err
		}
		if !record.EmptiedAt.IsZero() { // It came after the erasure.
			return nil
		}
		sealed, err := tx.sealer.seal(c.place(), answer)
		if err != nil {
			return err
		}
		if _, err := tx.change(ctx, `UPDATE steps SET state = $4, answered_at = $5, answer = $6
			WHERE record = $1 AND name = $2 AND ordinal = $3`,
			c.Record, c.Step, c.Ordinal, enroll.StepAnswered, stamp(tx.now), sealed); err != nil {
			return err
		}
		if _, err := tx.remember(ctx, record, references); err != nil {
			return err
		}
		return tx.audit(ctx, c.Record, whatAnswered, c.String())
	})
}

// Release gives up a claim whose call surely had no effect, such as one that
// was never sent: the next claimant is told Fresh. Only the claimant that was
// told Fresh may release, with the very Claim it made; releasing again changes
// nothing. ErrNotClaimed says that the call is somebody else's, answered or
// lost. The why is for the audit trail and holds no secret.
func (s *Store) Release(ctx context.Context, c Claim, why string) error {
	return s.write(ctx, "release", func(tx transaction) error {
		if _, err := tx.locked(ctx, c.Record); err != nil {
			return err
		}
		found, err := tx.call(ctx, c)
		if errors.Is(err, ErrNotClaimed) {
			return nil
		}
		if err != nil {
			return err
		}
		if found.state != enroll.StepClaimed || found.runID != c.RunID || found.claimedAt != stamp(c.At) {
			return fmt.Errorf("record %s: %s: %w", c.Record, c, ErrNotClaimed)
		}
		if _, err := tx.change(ctx, "DELETE FROM steps WHERE record = $1 AND name = $2 AND ordinal = $3", c.Record, c.Step, c.Ordinal); err != nil {
			return err
		}
		return tx.audit(ctx, c.Record, whatReleased, c.String()+": "+why)
	})
}

// Lost says that the call was made and its answer was lost. Every later
// claimant is told InDoubt. It changes nothing once there is an answer.
func (s *Store) Lost(ctx context.Context, c Claim) error {
	return s.write(ctx, "lost", func(tx transaction) error {
		if _, err := tx.locked(ctx, c.Record); err != nil {
			return err
		}
		found, err := tx.call(ctx, c)
		if err != nil || found.state != enroll.StepClaimed {
			return err
		}
		if _, err := tx.change(ctx, "UPDATE steps SET state = $4 WHERE record = $1 AND name = $2 AND ordinal = $3",
			c.Record, c.Step, c.Ordinal, enroll.StepLost); err != nil {
			return err
		}
		return tx.audit(ctx, c.Record, whatLost, c.String())
	})
}

// remember adds references to a record that is locked, and reports whether
// there was anything new.
func (t transaction) remember(ctx context.Context, record enroll.Record, references map[string]enroll.Secret) (bool, error) {
	all := maps.Clone(record.References)
	if all == nil {
		all = map[string]enroll.Secret{}
	}
	maps.Copy(all, references)
	if maps.Equal(all, record.References) {
		return false, nil
	}
	sealed, err := t.sealer.sealJSON(place{record: record.ID, column: columnReferences}, all)
	if err != nil {
		return false, err
	}
	return t.change(ctx, "UPDATE records SET refs = $2 WHERE id = $1", record.ID, sealed)
}
