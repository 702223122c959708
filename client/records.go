package client

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// RecordFilter chooses records; a zero field chooses all.
type RecordFilter = records.Filter

// RecordPage is a part of what a filter chose, the newest first.
type RecordPage = records.Page

// Export is everything that is kept of one subject at one provider. As JSON it
// carries everything in clear.
type Export = records.Export

// By says who does something and why, for the audit trail. Both are required,
// Who with up to 200 characters and Why with up to 1000, without control
// characters.
type By struct {
	// Who is the operator.
	Who string `json:"who"`
	// Why is the reason. It holds nothing that must not be kept.
	Why string `json:"why"`
}

// What the audit trail says that an operator did. The requests are written
// before they are made: one that failed is better told than one that nobody
// told of.
const (
	didCancel = "cancel_requested"
	didRenew  = "renew_requested"
	didReveal = "revealed"
	didExport = "exported"
)

// Record returns a journey's record with its steps. The person's name, the
// caller's reference and those of the provider are hidden; Reveal has them. It returns ErrNotFound.
func (c *Client) Record(ctx context.Context, id enroll.RecordID) (enroll.Record, error) {
	record, err := c.record(ctx, id)
	return hide(record), err
}

// RecordOf is Record for the ID of a journey. An empty runID means the
// subject's latest journey.
func (c *Client) RecordOf(ctx context.Context, id, runID string) (enroll.Record, error) {
	record, err := c.recordOf(ctx, id, runID)
	return hide(record), err
}

// Reveal returns a record with nothing hidden, and writes into its audit trail
// who asked for it and why. It returns ErrNotFound.
func (c *Client) Reveal(ctx context.Context, id enroll.RecordID, by By) (enroll.Record, error) {
	store, err := c.kept("reveal " + string(id))
	if err != nil {
		return enroll.Record{}, err
	}
	if err := store.Act(ctx, enroll.AuditEntry{Record: id, What: didReveal, Who: by.Who, Detail: by.Why}); err != nil {
		return enroll.Record{}, explainRecord(id, err)
	}
	return c.record(ctx, id)
}

// Records returns the records that the filter chooses, the newest first,
// without their steps. What Record hides is hidden here, too.
func (c *Client) Records(ctx context.Context, filter RecordFilter) (RecordPage, error) {
	store, err := c.kept("records")
	if err != nil {
		return RecordPage{}, err
	}
	page, err := store.Find(ctx, filter)
	for i, record := range page.Records {
		page.Records[i] = hide(record)
	}
	return page, err
}

// Audit returns the audit trail of a record, the oldest entry first. An empty
// ID means what concerns no single journey, such as holds. It returns
// ErrNotFound.
func (c *Client) Audit(ctx context.Context, id enroll.RecordID) ([]enroll.AuditEntry, error) {
	store, err := c.kept("audit " + string(id))
	if err != nil {
		return nil, err
	}
	entries, err := store.Audit(ctx, id)
	return entries, explainRecord(id, err)
}

// Resolve settles an unknown outcome with what an operator learned from the
// provider by other means. The outcome stays unknown, and the resolution stands
// beside it. Repeated with the same outcome by the same operator it changes
// nothing.
//
// It returns ErrNotFound, ErrNotUnknown, ErrResolved, or an *enroll.InputError
// that lists the outcomes that are possible.
func (c *Client) Resolve(ctx context.Context, id enroll.RecordID, resolution enroll.Resolution) error {
	store, err := c.kept("resolve " + string(id))
	if err != nil {
		return err
	}
	return explainRecord(id, store.Resolve(ctx, id, resolution))
}

// Export returns everything that is kept of a subject at a provider, in clear,
// and writes into the audit trail of each record who asked for it and why. A
// subject that is not known has no records, which is an answer and no error.
func (c *Client) Export(ctx context.Context, provider enroll.Provider, subject string, by By) (Export, error) {
	store, err := c.kept("export")
	if err != nil {
		return Export{}, err
	}
	if err := by.check(); err != nil { // Also when there is nothing to export.
		return Export{}, err
	}
	hash := c.keys.SubjectHash(provider, written(provider, subject))
	exported, err := store.Export(ctx, provider, hash)
	if err != nil {
		return Export{}, err
	}
	for _, record := range exported.Records {
		if err := store.Act(ctx, enroll.AuditEntry{Record: record.ID, What: didExport, Who: by.Who, Detail: by.Why}); err != nil {
			return Export{}, explainRecord(record.ID, err)
		}
	}
	return exported, nil
}

// written is the one written form of a subject: a BCID may be given with
// slashes.
func written(provider enroll.Provider, subject string) string {
	if provider == enroll.BioID {
		return enroll.BioIDEnrollment{BCID: subject}.SubjectName()
	}
	return subject
}

// kept returns the records, or an error that says that there are none.
func (c *Client) kept(op string) (*records.Store, error) {
	if c.records == nil {
		return nil, fmt.Errorf("%s: %w", op, ErrNoRecords)
	}
	return c.records, nil
}

func (c *Client) record(ctx context.Context, id enroll.RecordID) (enroll.Record, error) {
	store, err := c.kept("record " + string(id))
	if err != nil {
		return enroll.Record{}, err
	}
	record, err := store.Get(ctx, id)
	return record, explainRecord(id, err)
}

// recordOf finds the record of a journey without asking Temporal, which may
// have forgotten it.
func (c *Client) recordOf(ctx context.Context, id, runID string) (enroll.Record, error) {
	store, err := c.kept("record of " + id)
	if err != nil {
		return enroll.Record{}, err
	}
	if runID == "" {
		record, err := store.Latest(ctx, id)
		return record, explainRecord(enroll.RecordID(id), err)
	}
	provider, hash, _ := strings.Cut(id, "-")
	filter := RecordFilter{Provider: enroll.Provider(provider), SubjectHash: hash}
	for {
		page, err := store.Find(ctx, filter)
		if err != nil {
			return enroll.Record{}, err
		}
		for _, record := range page.Records {
			if record.RunID == runID || record.FirstRun == runID || record.Result != nil && record.Result.RunID == runID {
				return c.record(ctx, record.ID)
			}
		}
		if filter.After = page.Next; page.Next == "" {
			return enroll.Record{}, explainRecord(enroll.RecordID(id), records.ErrNotFound)
		}
	}
}

// note writes what an operator asks of a journey into its audit trail, or into
// the general one while the journey has no record.
func (c *Client) note(ctx context.Context, what string, described described, by By) error {
	id := described.info.GetExecution().GetWorkflowId()
	store, err := c.kept(what + " " + id)
	if err != nil {
		return err
	}
	entry := enroll.AuditEntry{Record: c.markOf(described.info).Record, What: what, Who: by.Who, Detail: by.Why}
	if entry.Record != "" {
		if err = store.Act(ctx, entry); !errors.Is(err, records.ErrNotFound) {
			return err
		}
	}
	return store.ActUnrecorded(ctx, id, entry)
}

// hide replaces what Reveal shows.
func hide(record enroll.Record) enroll.Record {
	if record.Subject != "" {
		record.Subject = enroll.Redacted
	}
	if record.Reference != "" {
		record.Reference = enroll.Redacted
	}
	for name := range record.References {
		record.References[name] = enroll.Redacted
	}
	record.Result = hideResult(record.Result)
	return record
}

// hideResult hides the same in a result, which is not changed itself: iProov's
// name of the person, and what fetches a selfie from authID.
func hideResult(result *enroll.Result) *enroll.Result {
	if result == nil {
		return nil
	}
	hidden := *result
	if hidden.UserID != "" {
		hidden.UserID = enroll.Redacted
	}
	if hidden.Selfie != nil {
		selfie := *hidden.Selfie
		selfie.TempID = enroll.Redacted
		hidden.Selfie = &selfie
	}
	return &hidden
}

// explainRecord turns the store's errors into those that callers branch on.
func explainRecord(id enroll.RecordID, err error) error {
	for _, known := range []struct{ theirs, ours error }{
		{records.ErrNotFound, ErrNotFound},
		{records.ErrNotUnknown, ErrNotUnknown},
		{records.ErrResolved, ErrResolved},
	} {
		if errors.Is(err, known.theirs) {
			return fmt.Errorf("record %s: %w", id, known.ours)
		}
	}
	return err
}
