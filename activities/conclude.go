package activities

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// Deleter deletes sealed bytes for good, with the keys of their journeys. Bytes
// that are not there are no error.
type Deleter interface {
	Delete(ctx context.Context, refs ...enroll.SealedRef) error
}

// Ledger is where outcomes are recorded.
type Ledger interface {
	// Conclude records an outcome and returns the one that counts: the first.
	Conclude(ctx context.Context, conclusion records.Conclusion) (enroll.Result, error)
	// CleanedUp adds to a recorded outcome what was taken back since.
	CleanedUp(ctx context.Context, id enroll.RecordID, result enroll.Result) error
	// Watched tells what a watch found.
	Watched(ctx context.Context, id enroll.RecordID, found enroll.Watched) error
}

var _ Ledger = (*records.Store)(nil)

// JourneysConcluded is the metric that counts journeys by how they ended.
const JourneysConcluded = "bioenroll_journeys_concluded"

// Concluder holds the steps that end every journey. They call no provider.
type Concluder struct {
	sealed Deleter
	ledger Ledger
}

// NewConcluder returns the steps on top of sealed store and records.
func NewConcluder(sealed Deleter, ledger Ledger) *Concluder {
	return &Concluder{sealed: sealed, ledger: ledger}
}

// Register registers the steps under their names of package enroll.
func (c *Concluder) Register(r worker.ActivityRegistry) {
	register(r, enroll.Conclude, c.Conclude)
	register(r, enroll.RecordCleanUp, c.RecordCleanUp)
	register(r, enroll.RecordWatched, c.RecordWatched)
}

// Conclude records the outcome, deletes what the journey sealed, and returns
// the outcome that counts. It is safe to repeat.
func (c *Concluder) Conclude(ctx context.Context, in enroll.ConcludeInput) (enroll.Result, error) {
	recorded, err := c.ledger.Conclude(ctx, records.Conclusion{Opening: recordOf(activity.GetInfo(ctx), in.Opening), Result: in.Result})
	if err != nil {
		return enroll.Result{}, unrecorded(fmt.Errorf("conclude: %w", err))
	}
	if err := c.delete(ctx, in.Sealed); err != nil {
		return recorded, err
	}
	if recorded.RunID == in.Result.RunID { // A run that was reset after the end concludes nothing.
		count(ctx, recorded)
	}
	return recorded, nil
}

// count counts a journey that has ended, for who watches the whole. A step that
// the server repeats is counted again.
func count(ctx context.Context, ended enroll.Result) {
	activity.GetMetricsHandler(ctx).WithTags(map[string]string{
		"journey": string(ended.Journey), "outcome": string(ended.Outcome), "reason": string(ended.Reason),
	}).Counter(JourneysConcluded).Inc(1)
}

// delete removes what the journey sealed. One that sealed nothing leaves no
// trace in the store.
func (c *Concluder) delete(ctx context.Context, refs []enroll.SealedRef) error {
	if len(refs) == 0 {
		return nil
	}
	if err := c.sealed.Delete(ctx, refs...); err != nil {
		return failure(&enroll.Error{Op: "conclude", Kind: enroll.KindUnsealed, Err: err})
	}
	return nil
}

// RecordCleanUp records what was taken back at the provider after the outcome
// had been recorded. It is safe to repeat.
func (c *Concluder) RecordCleanUp(ctx context.Context, in enroll.RecordCleanUpInput) (enroll.Nothing, error) {
	if err := c.ledger.CleanedUp(ctx, in.Record, in.Result); err != nil {
		return enroll.Nothing{}, unrecorded(fmt.Errorf("record the clean-up: %w", err))
	}
	return enroll.Nothing{}, nil
}

// RecordWatched records what a watch found. It is safe to repeat.
func (c *Concluder) RecordWatched(ctx context.Context, in enroll.RecordWatchedInput) (enroll.Nothing, error) {
	if err := c.ledger.Watched(ctx, in.Record, in.Watched); err != nil {
		return enroll.Nothing{}, unrecorded(fmt.Errorf("record what the watch found: %w", err))
	}
	return enroll.Nothing{}, nil
}
