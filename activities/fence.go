package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/reveal"
)

// Journal is where steps record what they did. Its fences outlive the worker,
// the activity's time-out and a workflow reset.
type Journal interface {
	// BeginAndClaim makes the journey's record, or finds it, and claims its first
	// call in the same transaction.
	BeginAndClaim(ctx context.Context, opening records.Opening, claim records.Claim) (records.Claimed, error)
	// Claim fences a call: exactly one claimant is told records.Fresh.
	Claim(ctx context.Context, claim records.Claim) (records.Claimed, error)
	// Answer, Release and Lost say what became of a claim.
	Answer(ctx context.Context, claim records.Claim, answer []byte, references map[string]enroll.Secret) error
	Release(ctx context.Context, claim records.Claim, why string) error
	Lost(ctx context.Context, claim records.Claim) error
}

var _ Journal = (*records.Store)(nil)

// writeLimit bounds what is written after a call was answered: it must not be
// lost because the step's own time is up.
const writeLimit = 5 * time.Second

// references are the provider's identifiers that a record keeps, by name.
type references map[string]enroll.Secret

// fenced is a call that may be made only once.
type fenced[Out any] struct {
	// opening is set when the call opens the journey.
	opening *enroll.Opening
	entry   enroll.Entry
	// call makes the call. Repeated tells it that an earlier one may have had
	// its effect; only a call that is repeatable is ever told so.
	call       func(ctx context.Context, repeated bool) (Out, error)
	repeatable bool
	// harmless reports an answer which says that the call had no effect, so
	// that it may be made again.
	harmless func(Out) bool
	// keep lists what the record keeps of an answer.
	keep func(Out) references
}

// once makes a fenced call unless it was made before. An answer that is known
// is given again. When nobody knows whether an earlier call had its effect,
// the failure is KindLost.
func once[Out any](ctx context.Context, journal Journal, f fenced[Out]) (Out, error) {
	var none Out
	claim, claimed, err := claimFor(ctx, journal, f.opening, f.entry)
	if err != nil {
		return none, unrecorded(err)
	}
	doubt := claimed.State == records.InDoubt
	switch {
	case claimed.State == records.Concluded:
		return none, concluded()
	case claimed.State == records.Answered:
		if err := json.Unmarshal(claimed.Answer, &none); err != nil {
			return none, fmt.Errorf("read the recorded answer: %w", err)
		}
		return none, nil
	case doubt && !f.repeatable:
		return none, failure(&enroll.Error{
			Op: claim.Step, Kind: enroll.KindLost, Message: "an earlier attempt was made, and its answer is not known",
		})
	}
	out, err := f.call(context.WithoutCancel(ctx), doubt) // Never cut off halfway; the provider client has its own time limit.
	settle(ctx, journal, claim, f, out, err, doubt)
	return out, failure(err)
}

// claimFor claims the call for this attempt.
func claimFor(ctx context.Context, journal Journal, opening *enroll.Opening, entry enroll.Entry) (records.Claim, records.Claimed, error) {
	info := activity.GetInfo(ctx)
	claim := records.Claim{
		Record: entry.Record, Step: info.ActivityType.Name, Ordinal: entry.Ordinal, RunID: info.WorkflowExecution.RunID, At: info.StartedTime,
	}
	if opening != nil {
		claimed, err := journal.BeginAndClaim(ctx, recordOf(info, *opening), claim)
		return claim, claimed, err
	}
	claimed, err := journal.Claim(ctx, claim)
	return claim, claimed, err
}

// settle records what became of a call. When it cannot, the claim stays open,
// which is the safe side: the next claimant is told of the doubt.
func settle[Out any](ctx context.Context, journal Journal, claim records.Claim, f fenced[Out], out Out, failed error, doubt bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	var err error
	switch {
	case failed == nil && f.harmless != nil && f.harmless(out):
		err = journal.Release(ctx, claim, "the provider did nothing")
	case failed == nil:
		err = answered(ctx, journal, claim, f, out)
	case !doubt && hadNoEffect(failed):
		err = journal.Release(ctx, claim, "the call had no effect")
	default:
		err = journal.Lost(ctx, claim)
	}
	if err != nil {
		activity.GetLogger(ctx).Error("what became of a call was not recorded", "call", claim.String(), "error", err)
	}
}

func answered[Out any](ctx context.Context, journal Journal, claim records.Claim, f fenced[Out], out Out) error {
	answer, err := reveal.Marshal(out)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	var kept references
	if f.keep != nil {
		kept = f.keep(out)
	}
	return journal.Answer(ctx, claim, answer, kept)
}

// hadNoEffect reports a failure after which the call may be made again: it was
// never sent, or the provider refused to look at it.
func hadNoEffect(err error) bool {
	known, ok := errors.AsType[*enroll.Error](err)
	if !ok {
		return false
	}
	switch known.Kind {
	case enroll.KindThrottled, enroll.KindDenied, enroll.KindInvalid, enroll.KindInputGone, enroll.KindUnrecorded, enroll.KindUnsealed:
		return true
	case enroll.KindUnavailable:
		return known.NotSent
	case enroll.KindUnexpected, enroll.KindLost, enroll.KindConcluded, enroll.KindPending:
		return false
	}
	return false
}

// numbered names the nth identifier of a kind.
func numbered(name string, entry enroll.Entry) string {
	if entry.Ordinal <= 1 {
		return name
	}
	return fmt.Sprintf("%s_%d", name, entry.Ordinal)
}

func recordOf(info activity.Info, o enroll.Opening) records.Opening {
	return records.Opening{
		Record: o.Record, Journey: o.Journey, WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID,
		SubjectHash: o.SubjectHash, Digest: o.Digest, Subject: o.Subject, Grounds: o.Grounds, Reference: o.Reference, At: o.BeganAt,
	}
}

// unrecorded is the failure when the records cannot be written: no call was
// made, so it may be tried again. When the subject is being erased, none may.
func unrecorded(err error) error {
	if errors.Is(err, records.ErrErasing) {
		return failure(&enroll.Error{Op: "records", Kind: enroll.KindInvalid, NotSent: true, Err: err})
	}
	return failure(&enroll.Error{Op: "records", Kind: enroll.KindUnrecorded, NotSent: true, Err: err})
}

// concluded is the failure that ends a run whose journey has its outcome.
func concluded() error {
	return failure(&enroll.Error{Op: "records", Kind: enroll.KindConcluded, Message: "the journey's outcome is recorded already"})
}
