package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// glance is the pause between two looks at a journey that has not come to its
// hand-over.
const glance = 100 * time.Millisecond

// Resume finishes what an earlier demo left under way, and returns a row for
// each. It does not matter how the earlier demo ended: a journey that had not
// begun is started with the same idempotency key, and any other goes on from
// where it is.
func (d *Demo) Resume(ctx context.Context) ([]Row, error) {
	notes, err := d.Notebook.Notes()
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, note := range notes {
		if ctx.Err() == nil {
			d.Progress("  %-20s left by an earlier demo, finishing it", note.Journey)
		}
		rows = append(rows, d.row(ctx, note, d.resume))
	}
	return rows, nil
}

func (d *Demo) resume(ctx context.Context, note Note, row *Row) error {
	// The server may know the journey though nobody got an answer: a start that
	// was cut off by the end of the server itself goes on without its caller.
	shown, err := d.Client.Show(ctx, note.ID, note.RunID)
	switch {
	case err == nil && shown.Journey == note.Journey:
		row.ID, row.RunID = shown.ID, shown.RunID
	case err == nil || errors.Is(err, client.ErrNotFound):
		if _, err := d.start(ctx, note, row); err != nil {
			return err
		}
	default:
		return err
	}
	if err := d.finishAgain(ctx, note, row); err != nil {
		return err
	}
	return d.conclude(ctx, note, row)
}

// finishAgain is finish for a person of whom nobody knows how far they came.
func (d *Demo) finishAgain(ctx context.Context, note Note, row *Row) error {
	handed, err := d.awaitHandOver(ctx, row)
	if err == nil && handed != nil && !handed.ExpiresAt.After(time.Now()) {
		handed, err = d.renew(ctx, note, row, handed)
	}
	if err != nil || handed == nil {
		return err
	}
	hint, body, err := d.User.Complete(ctx, handed)
	switch {
	case errors.Is(err, ErrRefused):
		d.Progress("  %-20s nothing left to capture, the provider will tell", note.Journey)
	case err != nil:
		return err
	}
	_, err = d.Client.Hint(ctx, row.ID, row.RunID, hint, body)
	return err
}

// awaitHandOver returns what the person can use; nil when the journey has
// ended.
func (d *Demo) awaitHandOver(ctx context.Context, row *Row) (*enroll.HandOver, error) {
	for {
		shown, err := d.Client.Show(ctx, row.ID, row.RunID)
		if err != nil || !shown.ClosedAt.IsZero() {
			return nil, err
		}
		handed, err := d.Client.HandOver(ctx, row.ID, row.RunID)
		if err != nil || handed != nil {
			return handed, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the hand-over of %s: %w", row.ID, ctx.Err())
		case <-time.After(glance):
		}
	}
}

// renew replaces what ran out while no program ran. The key belongs to what ran
// out, so that a demo stopped right here renews once.
func (d *Demo) renew(ctx context.Context, note Note, row *Row, old *enroll.HandOver) (*enroll.HandOver, error) {
	renewed, err := d.Client.Renew(ctx, row.ID, row.RunID, fmt.Sprintf("%s-renewed-%d", note.Key, old.ExpiresAt.Unix()))
	switch {
	case errors.Is(err, client.ErrConcluded):
		return nil, nil //nolint:nilnil // as in awaitHandOver
	case errors.Is(err, client.ErrNotRenewable) || err == nil && renewed.Refused != nil:
		return old, nil // The provider will tell.
	case err != nil:
		return nil, err
	}
	return renewed.HandOver, nil
}

// crossOutRefused crosses a journey out when its start was refused: nothing was
// started, and repeating would not change that.
func (d *Demo) crossOutRefused(note Note, err error) error {
	_, bad := errors.AsType[*enroll.InputError](err)
	if bad || errors.Is(err, client.ErrKeyReused) || errors.Is(err, client.ErrConflict) {
		return errors.Join(err, d.Notebook.Remove(note.Key))
	}
	return err
}

// crossOutEnded crosses a journey out when it has ended without an outcome,
// because somebody terminated it, for one.
func (d *Demo) crossOutEnded(ctx context.Context, note Note, row *Row, err error) error {
	if ctx.Err() != nil {
		return err
	}
	shown, unseen := d.Client.Show(ctx, row.ID, row.RunID)
	if unseen != nil || shown.ClosedAt.IsZero() {
		return err
	}
	return errors.Join(err, d.Notebook.Remove(note.Key))
}
