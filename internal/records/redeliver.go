package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Redelivery chooses events that a receiver is to be sent again, whatever became
// of them, or for the first time when it was added later.
type Redelivery struct {
	Receiver string
	// Event is the one; otherwise Since and Until choose those that came about
	// from the one time on and before the other. A zero Until means now.
	Event        enroll.EventID
	Since, Until time.Time
}

// wrong says what is wrong with a redelivery.
func (r Redelivery) wrong() []enroll.FieldError {
	switch {
	case r.Event == "" && r.Since.IsZero():
		return []enroll.FieldError{{Field: "since", Given: "nothing", Allowed: "a time, or one event"}}
	case r.Event != "" && (!r.Since.IsZero() || !r.Until.IsZero()):
		return []enroll.FieldError{{Field: "event", Given: "together with a time", Allowed: "either of them"}}
	case !r.Until.IsZero() && !r.Until.After(r.Since):
		return []enroll.FieldError{{Field: "until", Given: r.Until.UTC().Format(time.RFC3339), Allowed: "a time after since"}}
	}
	return nil
}

// Redeliver makes the chosen events due for a receiver, in another epoch of it,
// and returns how many. What
// goes on beside it is not held up, and after an error it may be repeated. The
// error is ErrNoReceiver, ErrNoEvent, or an *enroll.InputError.
func (s *Store) Redeliver(ctx context.Context, r Redelivery, who, why string) (int, error) {
	if err := refuse("", r.wrong()); err != nil {
		return 0, fmt.Errorf("records: redeliver: %w", err)
	}
	count := 0
	err := s.manage(ctx, whatRedelivered, r.Receiver, who, why, func(tx transaction, _ []byte) (err error) {
		if r.Until.IsZero() {
			r.Until = tx.now
		}
		if _, err := tx.change(ctx, "UPDATE receivers SET epoch = epoch + 1 WHERE name = $1", r.Receiver); err != nil {
			return err
		}
		if r.Event == "" {
			return nil // The trail tells of it before it begins.
		}
		count, err = tx.redeliver(ctx, r.Receiver, "id = $3", r.Event)
		if err == nil && count == 0 {
			err = fmt.Errorf("%s: %w", r.Event, ErrNoEvent)
		}
		return err
	})
	if err != nil || r.Event != "" {
		return count, err
	}
	err = s.stepwise(ctx, "redeliver", r.Receiver, spot{at: stamp(r.Since)}, func(tx transaction, from spot) (spot, error) {
		to, err := tx.ahead(ctx, "SELECT at, id FROM events WHERE (at, id) > ($1, $2) AND at < $3 ORDER BY at, id", from, stamp(r.Until))
		if err != nil {
			return to, err
		}
		some, err := tx.redeliver(ctx, r.Receiver, "(at, id) > ($3, $4) AND (at, id) <= ($5, $6) AND at < $7", from.at, from.event, to.at, to.event, stamp(r.Until))
		count += some
		return to, err
	})
	return count, err
}

// redeliver makes the events due that a condition chooses.
func (t transaction) redeliver(ctx context.Context, receiver, chosen string, arguments ...any) (int, error) {
	result, err := t.ExecContext(ctx, `INSERT INTO deliveries (event, receiver, at, due_at)
		SELECT id, $1, at, $2 FROM events WHERE `+chosen+` ORDER BY at, id
		ON CONFLICT (event, receiver) DO UPDATE SET state = 'pending', attempts = 0, claims = deliveries.claims + 1, claimed_by = '', due_at = excluded.due_at`,
		append([]any{receiver, stamp(t.now)}, arguments...)...)
	if err != nil {
		return 0, err
	}
	count, err := result.RowsAffected()
	*t.due = count > 0
	return int(count), err
}

// step is how many deliveries one transaction makes due: between them others
// have their turn.
const step = 1000

// spot is a place in the order of events.
type spot struct {
	at    int64
	event enroll.EventID
}

// last is behind every event.
var last = spot{at: math.MaxInt64}

// stepwise repeats a transaction about a receiver, each from the spot where the
// one before ended, until the last.
func (s *Store) stepwise(ctx context.Context, op, receiver string, from spot, do func(transaction, spot) (spot, error)) error {
	for from != last {
		err := s.write(ctx, op, func(tx transaction) error {
			if _, err := tx.lockedReceiver(ctx, receiver); err != nil {
				return err
			}
			to, err := do(tx, from)
			from = to
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ahead returns the spot that is one step ahead by a query for what lies behind
// a spot, which is given as its first arguments; the last one when there is less.
func (t transaction) ahead(ctx context.Context, query string, from spot, arguments ...any) (spot, error) {
	var to spot
	err := t.QueryRowContext(ctx, fmt.Sprintf("%s LIMIT 1 OFFSET %d", query, step-1), append([]any{from.at, from.event}, arguments...)...).Scan(&to.at, &to.event)
	if errors.Is(err, sql.ErrNoRows) {
		return last, nil
	}
	return to, err
}

// DeliveryState is how far a delivery has come.
type DeliveryState string

// The states of a delivery.
const (
	// DeliveryPending: it waits, or is under way.
	DeliveryPending DeliveryState = "pending"
	// DeliveryDelivered: the receiver has accepted it.
	DeliveryDelivered DeliveryState = "delivered"
	// DeliveryGivenUp: all attempts failed.
	DeliveryGivenUp DeliveryState = "given_up"
	// DeliveryGone: it waits for a receiver that wanted nothing more.
	DeliveryGone DeliveryState = "gone"
)

// DeliveryStates lists the states.
func DeliveryStates() []DeliveryState {
	return []DeliveryState{DeliveryPending, DeliveryDelivered, DeliveryGivenUp, DeliveryGone}
}

// DeliveryStatus is what is known of one delivery.
type DeliveryStatus struct {
	Event    enroll.EventID   `json:"event"`
	Type     enroll.EventType `json:"type"`
	Receiver string           `json:"receiver"`
	// Journey is the journey's ID in the HTTP API, and Sequence orders its events.
	Journey  string        `json:"journey"`
	Sequence int           `json:"sequence"`
	State    DeliveryState `json:"state"`
	// At is when the event came about.
	At time.Time `json:"at"`
	// Attempts counts those whose end is known, since the last redelivery.
	Attempts int `json:"attempts"`
	// DueAt is when the next attempt is due, or when somebody else may make it
	// while HeldBy, a process, makes one.
	DueAt  time.Time `json:"due_at,omitzero"`
	HeldBy string    `json:"held_by,omitempty"`
	// LastAt is when the last attempt ended, LastStatus the HTTP status of its
	// answer, and LastError what went wrong without one.
	LastAt     time.Time `json:"last_at,omitzero"`
	LastStatus int       `json:"last_status,omitempty"`
	LastError  string    `json:"last_error,omitempty"`
}

// DeliveryFilter chooses deliveries to one receiver.
type DeliveryFilter struct {
	Receiver string
	// State chooses those in a state; empty chooses all.
	State DeliveryState
	// Limit is how many a page has: up to 1000, or 50 when it is 0.
	Limit int
	// After is the Next of the page before.
	After string
}

// DeliveryPage is a part of what a filter chose.
type DeliveryPage struct {
	// Deliveries are those of the newest events first.
	Deliveries []DeliveryStatus
	// Next finds the following page; it is empty after the last one.
	Next string
}

// Deliveries returns the deliveries that the filter chooses, those of the newest
// events first. The error is ErrNoReceiver, ErrNoNext or an *enroll.InputError.
func (s *Store) Deliveries(ctx context.Context, f DeliveryFilter) (DeliveryPage, error) {
	var page DeliveryPage
	err := s.read(ctx, "deliveries", func(tx transaction) error {
		limit, err := pageSize(f.Limit)
		if err != nil {
			return err
		}
		var goneAt int64
		if err := tx.QueryRowContext(ctx, "SELECT gone_at FROM receivers WHERE name = $1", f.Receiver).Scan(&goneAt); err != nil {
			return noReceiver(f.Receiver, err)
		}
		conditions, arguments, err := f.conditions(goneAt != 0)
		if err != nil || conditions == "" {
			return err
		}
		page.Deliveries, err = tx.deliveries(ctx, conditions+fmt.Sprintf(" ORDER BY d.at DESC, d.event DESC LIMIT %d", limit+1), arguments, goneAt != 0)
		if err == nil && len(page.Deliveries) > limit {
			page.Deliveries = page.Deliveries[:limit]
			last := page.Deliveries[limit-1]
			page.Next = fmt.Sprintf("%d-%s", stamp(last.At), last.Event)
		}
		return err
	})
	return page, err
}

// conditions returns the filter as a condition and its arguments; nothing when
// no delivery can fit. Pending and gone are one stored state: which of them it
// is, the receiver says.
func (f DeliveryFilter) conditions(gone bool) (string, []any, error) {
	where, arguments := "d.receiver = $1", []any{f.Receiver}
	switch f.State {
	case "":
	case DeliveryPending, DeliveryGone:
		if gone != (f.State == DeliveryGone) {
			return "", nil, nil
		}
		where += " AND d.state = 'pending'"
	case DeliveryDelivered, DeliveryGivenUp:
		arguments = append(arguments, f.State)
		where += " AND d.state = $2"
	default:
		names := make([]string, len(DeliveryStates()))
		for i, state := range DeliveryStates() {
			names[i] = string(state)
		}
		return "", nil, refuse("", []enroll.FieldError{{Field: "state", Given: fmt.Sprintf("%.60q", f.State), Allowed: strings.Join(names, ", ")}})
	}
	if f.After != "" {
		at, event, _ := strings.Cut(f.After, "-")
		micros, err := strconv.ParseInt(at, 10, 64)
		if err != nil || event == "" {
			return "", nil, ErrNoNext
		}
		where += fmt.Sprintf(" AND (d.at, d.event) < ($%d, $%d)", len(arguments)+1, len(arguments)+2)
		arguments = append(arguments, micros, event)
	}
	return where, arguments, nil
}

// deliveries returns those of a query's end.
func (t transaction) deliveries(ctx context.Context, end string, arguments []any, gone bool) ([]DeliveryStatus, error) {
	rows, err := t.QueryContext(ctx, `SELECT d.event, d.receiver, d.state, d.at, d.due_at, d.attempts, d.claimed_by, d.last_at, d.last_status, d.last_error,
		e.type, e.sequence, e.body FROM deliveries AS d JOIN events AS e ON e.id = d.event WHERE `+end, arguments...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var found []DeliveryStatus
	for rows.Next() {
		delivery, err := scanDelivery(rows)
		if err != nil {
			return nil, err
		}
		if gone && delivery.State == DeliveryPending {
			delivery.State, delivery.DueAt = DeliveryGone, time.Time{}
		}
		found = append(found, delivery)
	}
	return found, rows.Err()
}

// scanDelivery reads a delivery from a row.
func scanDelivery(from scanner) (DeliveryStatus, error) {
	var found DeliveryStatus
	var at, dueAt, lastAt int64
	var body []byte
	if err := from.Scan(&found.Event, &found.Receiver, &found.State, &at, &dueAt, &found.Attempts, &found.HeldBy, &lastAt, &found.LastStatus, &found.LastError,
		&found.Type, &found.Sequence, &body); err != nil {
		return DeliveryStatus{}, err
	}
	found.At, found.LastAt = moment(at), moment(lastAt)
	if found.State == DeliveryPending {
		found.DueAt = moment(dueAt)
	}
	var event enroll.OutcomeEvent
	if err := json.Unmarshal(body, &event); err != nil {
		return DeliveryStatus{}, fmt.Errorf("%s: %w", found.Event, ErrDamaged)
	}
	found.Journey = event.Data.ID
	return found, nil
}
