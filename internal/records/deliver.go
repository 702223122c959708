package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Delivery is one outcome event on its way to one receiver, as whoever claimed
// it has it.
type Delivery struct {
	Event    enroll.EventID
	Receiver string
	// Body is what to send, the same in every attempt.
	Body []byte
	// At is when the event came about.
	At time.Time
	// Attempt is which attempt this is, from 1. One whose end nobody told does
	// not count.
	Attempt int
	// URL is where to send it.
	URL enroll.Secret
	// Secrets are those that sign it, the newest first. Each is valid.
	Secrets []enroll.Secret
	// Unreadable is why URL and Secrets are missing: the receiver's cannot be
	// decrypted. It is ErrOtherKey or ErrDamaged; otherwise it is nil.
	Unreadable error
	// Epoch is that of the receiver. Another one begins when an operator adds it,
	// resumes it or redelivers to it: nothing learned before counts any more.
	Epoch int64
	// claim tells this claim from earlier and later ones of the same delivery.
	claim int64
}

// Claimer is who claims deliveries.
type Claimer struct {
	// ID names the process, for operators.
	ID string
	// Lease is how long a delivery is the claimer's own. It has to be longer than
	// an attempt takes and than the clocks of the workers differ: when it ends,
	// somebody else may claim the delivery.
	Lease time.Duration
}

// Skip leaves out the deliveries to one receiver.
type Skip struct {
	Receiver string
	// Epoch is the one in which it is left out; 0 leaves it out in any.
	Epoch int64
}

// Attempt is how one attempt at a delivery ended.
type Attempt struct {
	// Status is the HTTP status of the answer; 0 without one.
	Status int
	// Trouble says in a word of ours what went wrong; empty when it was the
	// status, or nothing.
	Trouble string
}

// ClaimDeliveries gives the claimer up to limit deliveries that are due, the
// oldest of each receiver first, and shares the limit among the receivers that
// have any; those to the skipped receivers are left out. Of all who claim at
// once, also in other processes, one is given each delivery, until it ends the
// claim with Delivered, Postpone, GiveUp, Gone or HandBack, or its lease runs
// out. Deliveries to receivers that are gone are not due.
//
// Those to a receiver whose address or secrets cannot be decrypted come without
// both, and say why. The time is when there will be more to claim, those to the
// skipped receivers left out; it is zero when nothing waits.
func (s *Store) ClaimDeliveries(ctx context.Context, c Claimer, limit int, skip []Skip) ([]Delivery, time.Time, error) {
	if c.ID == "" || c.Lease <= 0 || limit < 1 {
		return nil, time.Time{}, errors.New("records: claim deliveries: a claimer needs an ID, a lease and a limit")
	}
	waiting, next, err := s.waiting(ctx, skip)
	if err != nil || next.After(time.Now()) || next.IsZero() { // As most of the time: no transaction is needed.
		return nil, next, err
	}
	var claimed []Delivery
	err = s.write(ctx, "claim deliveries", func(tx transaction) (err error) {
		claimed, err = tx.claimShares(ctx, c, waiting, limit)
		return err
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	_, next, err = s.waiting(ctx, skip)
	return claimed, next, err
}

// waitingReceiver is a receiver with deliveries that are pending.
type waitingReceiver struct {
	enroll.Private

	name         string
	url, secrets []byte
	epoch        int64
	// dueAt is when the first of its deliveries is due.
	dueAt time.Time
}

// selectWaiting is one look into the index of what is due for each receiver.
const selectWaiting = `SELECT name, url, secrets, epoch, due FROM (
	SELECT name, url, secrets, epoch, (SELECT MIN(due_at) FROM deliveries WHERE receiver = name AND state = 'pending') AS due
	FROM receivers WHERE gone_at = 0) AS waiting WHERE due IS NOT NULL ORDER BY due, name`

// waiting returns the receivers for which something waits, the one with the
// oldest due first, and when that is.
func (s *Store) waiting(ctx context.Context, skip []Skip) ([]waitingReceiver, time.Time, error) {
	rows, err := s.db.QueryContext(ctx, selectWaiting)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("records: what is due: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var found []waitingReceiver
	var next time.Time
	for rows.Next() {
		var r waitingReceiver
		var dueAt int64
		if err := rows.Scan(&r.name, &r.url, &r.secrets, &r.epoch, &dueAt); err != nil {
			return nil, time.Time{}, fmt.Errorf("records: what is due: %w", err)
		}
		if slices.ContainsFunc(skip, func(s Skip) bool { return s.Receiver == r.name && (s.Epoch == 0 || s.Epoch == r.epoch) }) {
			continue
		}
		r.dueAt = moment(dueAt)
		if found = append(found, r); len(found) == 1 {
			next = r.dueAt
		}
	}
	return found, next, rows.Err()
}

// claimShares claims an equal share of the limit for each receiver, so that none
// crowds out the others. What is left of the limit is for the next call.
func (t transaction) claimShares(ctx context.Context, c Claimer, waiting []waitingReceiver, limit int) ([]Delivery, error) {
	due := 0
	for due < len(waiting) && !waiting[due].dueAt.After(t.now) {
		due++
	}
	var claimed []Delivery
	share := max(1, limit/max(1, due))
	for _, receiver := range waiting[:due] {
		some, err := t.claimFor(ctx, c, receiver, min(share, limit-len(claimed)))
		if err != nil {
			return nil, fmt.Errorf("receiver %s: %w", receiver.name, err)
		}
		claimed = append(claimed, some...)
	}
	return claimed, nil
}

// claimFor claims up to limit of the deliveries to one receiver that are due.
func (t transaction) claimFor(ctx context.Context, c Claimer, to waitingReceiver, limit int) ([]Delivery, error) {
	if limit < 1 {
		return nil, nil
	}
	url, secrets, unreadable := t.openReceiver(to.name, to.url, to.secrets)
	if unreadable != nil { // Without an address the attempt fails, and only this receiver waits.
		url, secrets = "", nil
	}
	rows, err := t.QueryContext(ctx, `WITH due AS MATERIALIZED (SELECT event FROM deliveries
			WHERE receiver = $1 AND state = 'pending' AND due_at <= $2 ORDER BY due_at, event LIMIT $3`+t.dialect.unheld+`)
		UPDATE deliveries SET claims = claims + 1, claimed_by = $4, due_at = $5 WHERE receiver = $1 AND event IN (SELECT event FROM due)
		RETURNING event, at, attempts, claims, (SELECT body FROM events WHERE id = deliveries.event)`,
		to.name, stamp(t.now), limit, c.ID, stamp(t.now.Add(c.Lease)))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var claimed []Delivery
	for rows.Next() {
		d := Delivery{Receiver: to.name, URL: url, Secrets: secrets.valid(t.now), Unreadable: unreadable, Epoch: to.epoch}
		var at int64
		if err := rows.Scan(&d.Event, &at, &d.Attempt, &d.claim, &d.Body); err != nil {
			return nil, err
		}
		d.At = moment(at)
		d.Attempt++
		claimed = append(claimed, d)
	}
	return claimed, rows.Err()
}

// Delivered says that the receiver has accepted the delivery. Whoever says so
// is believed, also when its lease had run out.
func (s *Store) Delivered(ctx context.Context, d Delivery, a Attempt) error {
	return s.write(ctx, "delivered", func(tx transaction) error {
		_, err := tx.change(ctx, `UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, claims = claims + 1, claimed_by = '',
			last_at = $3, last_status = $4, last_error = '' WHERE event = $1 AND receiver = $2 AND state <> 'delivered'`,
			d.Event, d.Receiver, stamp(tx.now), a.Status)
		return err
	})
}

// Postpone says that an attempt failed, and when the next is due. The error is
// ErrNotHeld when the delivery is not the claimer's any more.
func (s *Store) Postpone(ctx context.Context, d Delivery, a Attempt, until time.Time) error {
	return s.write(ctx, "postpone a delivery", func(tx transaction) error { return tx.failed(ctx, d, pending, until, a) })
}

// GiveUp says that the last attempt failed. What was given up can be redelivered.
// The error is ErrNotHeld when the delivery is not the claimer's any more.
func (s *Store) GiveUp(ctx context.Context, d Delivery, a Attempt) error {
	return s.write(ctx, "give up a delivery", func(tx transaction) error { return tx.failed(ctx, d, givenUp, tx.now, a) })
}

// Gone says that the receiver wants nothing more. Its deliveries wait until
// ResumeReceiver. The error is ErrNotHeld when the delivery is not the claimer's
// any more, so that an answer from before a ResumeReceiver changes nothing.
func (s *Store) Gone(ctx context.Context, d Delivery, a Attempt) error {
	return s.write(ctx, "note that a receiver is gone", func(tx transaction) error {
		if err := tx.failed(ctx, d, pending, tx.now, a); err != nil {
			return err
		}
		gone, err := tx.change(ctx, "UPDATE receivers SET gone_at = $2 WHERE name = $1 AND gone_at = 0", d.Receiver, stamp(tx.now))
		if err != nil || !gone {
			return err
		}
		return tx.audit(ctx, "", whatReceiverGone, fmt.Sprintf("%s answered %d to %s", d.Receiver, a.Status, d.Event))
	})
}

// HandBack ends a claim as if it had not been made: the delivery is due at once.
// Repeated, or after the claim has ended, it changes nothing.
func (s *Store) HandBack(ctx context.Context, d Delivery) error {
	return s.write(ctx, "hand a delivery back", func(tx transaction) (err error) {
		*tx.due, err = tx.change(ctx, `UPDATE deliveries SET due_at = $4, claims = claims + 1, claimed_by = ''
			WHERE event = $1 AND receiver = $2 AND claims = $3 AND state = 'pending'`, d.Event, d.Receiver, d.claim, stamp(tx.now))
		return err
	})
}

// The states of a delivery as they are stored.
const (
	pending = "pending"
	givenUp = "given_up"
)

// failed ends a claim whose attempt failed.
func (t transaction) failed(ctx context.Context, d Delivery, state string, until time.Time, a Attempt) error {
	held, err := t.change(ctx, `UPDATE deliveries SET state = $4, due_at = $5, attempts = attempts + 1, claims = claims + 1, claimed_by = '',
		last_at = $6, last_status = $7, last_error = $8 WHERE event = $1 AND receiver = $2 AND claims = $3 AND state = 'pending'`,
		d.Event, d.Receiver, d.claim, state, stamp(until), stamp(t.now), a.Status, plain(a.Trouble))
	if err == nil && !held {
		err = fmt.Errorf("%s to %s: %w", d.Event, d.Receiver, ErrNotHeld)
	}
	return err
}

// OldestDelivery returns since when the oldest event waits to be delivered,
// receivers that are gone left out; the zero time when none does.
func (s *Store) OldestDelivery(ctx context.Context) (time.Time, error) {
	var oldest sql.NullInt64
	err := s.db.QueryRowContext(ctx, `SELECT MIN((SELECT MIN(at) FROM deliveries WHERE receiver = name AND state = 'pending'))
		FROM receivers WHERE gone_at = 0`).Scan(&oldest)
	if err != nil {
		return time.Time{}, fmt.Errorf("records: oldest delivery: %w", err)
	}
	return moment(oldest.Int64), nil
}

// Backlog is what waits to be delivered to one receiver.
type Backlog struct {
	Receiver string
	// Pending counts the deliveries that are neither accepted nor given up, and
	// Oldest is when the event of the oldest came about.
	Pending int
	Oldest  time.Time
	// GivenUp counts those that were given up and not redelivered.
	GivenUp int
	// Gone reports that the receiver wanted nothing more.
	Gone bool
}

// Backlogs returns what waits, by the receiver's name. It counts what waits one
// by one, so it is for a look now and then.
func (s *Store) Backlogs(ctx context.Context) ([]Backlog, error) {
	var found []Backlog
	err := s.read(ctx, "backlogs", func(tx transaction) (err error) {
		found, err = tx.backlogs(ctx)
		return err
	})
	return found, err
}

func (t transaction) backlogs(ctx context.Context) ([]Backlog, error) {
	rows, err := t.QueryContext(ctx, `SELECT name, gone_at,
			(SELECT count(*) FROM deliveries WHERE receiver = name AND state = 'pending'),
			(SELECT MIN(at) FROM deliveries WHERE receiver = name AND state = 'pending'),
			(SELECT count(*) FROM deliveries WHERE receiver = name AND state = 'given_up')
		FROM receivers ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var found []Backlog
	for rows.Next() {
		var b Backlog
		var goneAt int64
		var oldest sql.NullInt64
		if err := rows.Scan(&b.Receiver, &goneAt, &b.Pending, &oldest, &b.GivenUp); err != nil {
			return nil, err
		}
		b.Gone, b.Oldest = goneAt != 0, moment(oldest.Int64)
		found = append(found, b)
	}
	return found, rows.Err()
}
