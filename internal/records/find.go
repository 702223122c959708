package records

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Limits of one page.
const (
	defaultLimit = 50
	maxLimit     = 1000
)

// ErrNoNext says that a page was asked for after what is no page's Next.
var ErrNoNext = errors.New("after: given what is no page's Next, allowed: the Next of the page before")

// Filter chooses records; a zero field chooses all.
type Filter struct {
	Provider    enroll.Provider
	Journey     enroll.Journey
	Outcome     enroll.Outcome
	SubjectHash string
	// Reference is what the caller calls the journey. A record that was emptied
	// is not found by it any more.
	Reference enroll.Secret
	// Unresolved chooses the unknown outcomes that no operator has settled.
	Unresolved bool
	// Since chooses the journeys that began then or later.
	Since time.Time
	// Limit is how many records a page has: up to 1000, or 50 when it is 0.
	Limit int
	// After is the Next of the page before.
	After string
}

// Page is a part of what a filter chose.
type Page struct {
	// Records are without their steps, the newest first.
	Records []enroll.Record
	// Next finds the following page; it is empty after the last one.
	Next string
}

// Find returns the records that the filter chooses, the newest first. Journeys
// that begin meanwhile do not move what is on later pages.
func (s *Store) Find(ctx context.Context, f Filter) (Page, error) {
	var page Page
	err := s.read(ctx, "find", func(tx transaction) error {
		limit, err := pageSize(f.Limit)
		if err != nil {
			return err
		}
		conditions, arguments, err := f.conditions(tx.sealer)
		if err != nil {
			return err
		}
		// One more than asked for tells whether there is another page.
		page.Records, err = tx.find(ctx, conditions+fmt.Sprintf(" ORDER BY began_at DESC, id DESC LIMIT %d", limit+1), arguments)
		if err == nil && len(page.Records) > limit {
			page.Records = page.Records[:limit]
			last := page.Records[limit-1]
			page.Next = fmt.Sprintf("%d-%s", stamp(last.BeganAt), last.ID)
		}
		return err
	})
	return page, err
}

// pageSize returns how many rows a page has.
func pageSize(limit int) (int, error) {
	switch {
	case limit == 0:
		return defaultLimit, nil
	case limit < 0 || limit > maxLimit:
		return 0, fmt.Errorf("limit: given %d, allowed: 1 to %d", limit, maxLimit)
	}
	return limit, nil
}

// conditions returns the filter as the end of a query and its arguments.
func (f Filter) conditions(s sealer) (string, []any, error) {
	var where strings.Builder
	var arguments []any
	// Conditions hold a %d for each argument; everything else is constant.
	add := func(condition string, values ...any) {
		numbers := make([]any, len(values))
		for i := range values {
			numbers[i] = len(arguments) + i + 1
		}
		arguments = append(arguments, values...)
		where.WriteString(" AND ")
		fmt.Fprintf(&where, condition, numbers...)
	}
	where.WriteString(" WHERE 1 = 1")
	for _, equal := range []struct{ condition, value string }{
		{"provider = $%d", string(f.Provider)},
		{"journey = $%d", string(f.Journey)},
		{"outcome = $%d", string(f.Outcome)},
		{"subject_hash = $%d", f.SubjectHash},
		{"reference_hash = $%d", s.hashOf(f.Reference)},
	} {
		if equal.value != "" {
			add(equal.condition, equal.value)
		}
	}
	if f.Unresolved {
		add("outcome = 'unknown' AND resolved_outcome = ''")
	}
	if !f.Since.IsZero() {
		add("began_at >= $%d", stamp(f.Since))
	}
	if f.After != "" {
		began, id, _ := strings.Cut(f.After, "-")
		micros, err := strconv.ParseInt(began, 10, 64)
		if err != nil || id == "" {
			return "", nil, ErrNoNext
		}
		add("(began_at, id) < ($%d, $%d)", micros, id)
	}
	return where.String(), arguments, nil
}

// find returns the records of a query's end, without their steps.
func (t transaction) find(ctx context.Context, end string, arguments []any) ([]enroll.Record, error) {
	return t.query(ctx, "SELECT "+columns+" FROM records"+end, arguments)
}

// query returns the records of a query for the columns of a record.
func (t transaction) query(ctx context.Context, query string, arguments []any) ([]enroll.Record, error) {
	rows, err := t.QueryContext(ctx, query, arguments...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var found []enroll.Record
	for rows.Next() {
		record, err := t.scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, record)
	}
	return found, rows.Err()
}

// Latest returns the record of a workflow ID's newest journey, with its steps.
func (s *Store) Latest(ctx context.Context, workflowID string) (enroll.Record, error) {
	var record enroll.Record
	err := s.read(ctx, "latest", func(tx transaction) error {
		found, err := tx.find(ctx, " WHERE workflow_id = $1 ORDER BY began_at DESC, id DESC LIMIT 1", []any{workflowID})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrNotFound
		}
		record = found[0]
		record.Steps, err = tx.steps(ctx, record.ID)
		return err
	})
	return record, err
}
